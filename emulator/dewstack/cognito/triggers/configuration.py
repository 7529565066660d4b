"""LambdaConfig: which functions a pool asks, checked and completed as AWS does."""

import re
from typing import Any

from dewstack.cognito import errors
from dewstack.cognito.triggers.senders import check_library

Config = dict[str, Any]

PLAIN = (
    "PreSignUp",
    "CustomMessage",
    "PostConfirmation",
    "PreAuthentication",
    "PostAuthentication",
    "DefineAuthChallenge",
    "CreateAuthChallenge",
    "VerifyAuthChallengeResponse",
    "PreTokenGeneration",
    "UserMigration",
)
"""Members that are a function's ARN."""
VERSIONED = ("PreTokenGenerationConfig", "CustomSMSSender", "CustomEmailSender", "InboundFederation")
"""Members that are an ARN with the version of the event."""
FUNCTION = re.compile(
    r"arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:[A-Za-z0-9_-]{1,64}(:(\$LATEST|[A-Za-z0-9_-]{1,128}))?"
)


def configured(given: Config, tier: str) -> Config:
    """LambdaConfig as it is kept: PreTokenGeneration and PreTokenGenerationConfig name one function.

    Raises InvalidParameterException for what names no function, contradicts itself or lacks a key,
    FeatureUnavailableInTierException for events that the tier doesn't have, NotEmulated without the library that
    encrypts codes.
    """
    config = {name: value for name, value in given.items() if value}
    for name, arn in _functions(config).items():
        if not FUNCTION.fullmatch(arn):
            raise errors.InvalidParameterException(f"{name}: {arn} is not the ARN of a Lambda function.")
    if "CustomSMSSender" in config or "CustomEmailSender" in config:
        if "KMSKeyID" not in config:
            raise errors.InvalidParameterException("KMSKeyID is required for a custom sender.")
        check_library()
    return _with_token_generation(config, tier)


def _functions(config: Config) -> dict[str, str]:
    plain = {name: config[name] for name in PLAIN if name in config}
    return plain | {name: config[name]["LambdaArn"] for name in VERSIONED if name in config}


def _with_token_generation(config: Config, tier: str) -> Config:
    plain, versioned = config.get("PreTokenGeneration"), config.get("PreTokenGenerationConfig")
    if versioned is None:
        if plain is None:
            return config
        versioned = {"LambdaVersion": "V1_0", "LambdaArn": plain}
    if plain not in (None, versioned["LambdaArn"]):
        raise errors.InvalidParameterException(
            "PreTokenGeneration and PreTokenGenerationConfig must name the same Lambda function."
        )
    if tier == "LITE" and versioned["LambdaVersion"] != "V1_0":
        raise errors.FeatureUnavailableInTierException(
            f"Version {versioned['LambdaVersion']} of PreTokenGeneration is not available in the tier {tier}."
        )
    return {
        **config,
        "PreTokenGeneration": versioned["LambdaArn"],
        "PreTokenGenerationConfig": versioned,
    }
