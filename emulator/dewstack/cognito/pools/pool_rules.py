"""What AWS checks of a user pool's settings beyond the model's constraints, in AWS's words."""

from typing import Any

from dewstack.cognito.errors import FeatureUnavailableInTierException, InvalidParameterException
from dewstack.errors import NotEmulated

Params = dict[str, Any]

_SES_REGIONS = ("eu-west-1", "us-east-1", "us-west-2")
_WITH_CODE = (
    "EmailVerificationMessage",
    "SmsVerificationMessage",
    "SmsAuthenticationMessage",
)


def check(params: Params) -> None:
    """Refuse what AWS would refuse of CreateUserPool and UpdateUserPool.

    Raises InvalidParameterException, FeatureUnavailableInTierException, and NotEmulated for what dewstack has not.
    """
    for rule in _RULES:
        rule(params)


def _not_emulated(params: Params) -> None:
    if (params.get("IssuerConfiguration") or {}).get("Type") == "UPDATED":
        raise NotEmulated("IssuerConfiguration UPDATED: only the original issuer is emulated")
    dcr = params.get("DcrConfiguration")
    if dcr and dcr.get("EnableStatus") != "Disabled":
        raise NotEmulated("DcrConfiguration: dynamic client registration is not emulated")
    if params.get("AcrConfiguration"):
        raise NotEmulated("AcrConfiguration: tokens have no acr claim here")


def _names(params: Params) -> None:
    if params.get("UsernameAttributes") and params.get("AliasAttributes"):
        raise InvalidParameterException(
            "Only one of the aliasAttributes or usernameAttributes can be set in a User pool."
        )


def _verification(params: Params) -> None:
    automatic = params.get("AutoVerifiedAttributes") or []
    if "phone_number" in automatic and not (params.get("SmsConfiguration") or {}):
        raise InvalidParameterException(
            "SMS configuration is required when phone_number is selected for auto verification"
        )
    before = (params.get("UserAttributeUpdateSettings") or {}).get(
        "AttributesRequireVerificationBeforeUpdate"
    )
    if not set(before or []) <= set(automatic):
        raise InvalidParameterException(
            "All attributes in AttributesRequireVerificationBeforeUpdate must exist in AutoVerifiedAttributes"
        )


def _passwords(params: Params) -> None:
    policies = params.get("Policies") or {}
    temporary = (policies.get("PasswordPolicy") or {}).get("TemporaryPasswordValidityDays")
    unused = (params.get("AdminCreateUserConfig") or {}).get("UnusedAccountValidityDays")
    if temporary and unused and temporary != unused:  # what DescribeUserPool gives has both, the same
        raise InvalidParameterException(
            "Please use TemporaryPasswordValidityDays in PasswordPolicy instead of UnusedAccountValidityDays"
        )
    factors = (policies.get("SignInPolicy") or {}).get("AllowedFirstAuthFactors") or ["PASSWORD"]
    if "PASSWORD" not in factors:
        raise InvalidParameterException(
            "Password should be configured as one of the allowed first auth factors."
        )


def _tier(params: Params) -> None:
    tier = params.get("UserPoolTier") or "ESSENTIALS"
    factors = ((params.get("Policies") or {}).get("SignInPolicy") or {}).get("AllowedFirstAuthFactors") or []
    if tier == "LITE" and set(factors) > {"PASSWORD"}:
        _unavailable(tier, "Choice-based sign-in")
    mode = (params.get("UserPoolAddOns") or {}).get("AdvancedSecurityMode") or "OFF"
    if mode != "OFF" and params.get("UserPoolTier") in ("LITE", "ESSENTIALS"):
        _unavailable(tier, "Threat Protection")


def _unavailable(tier: str, feature: str) -> None:
    raise FeatureUnavailableInTierException(
        f"The following features need to be disabled for the {tier} pricing tier configured: {feature}"
    )


def _recovery(params: Params) -> None:
    ways = (params.get("AccountRecoverySetting") or {}).get("RecoveryMechanisms") or []
    for member in ("Priority", "Name"):
        if len({way[member] for way in ways}) < len(ways):
            raise InvalidParameterException(
                "Account Recovery Setting cannot have duplicate priorities or recovery mechanisms."
            )
    if len(ways) > 1 and any(way["Name"] == "admin_only" for way in ways):
        raise InvalidParameterException(
            "Account Recovery Setting cannot use admin_only setting with any other recovery mechanisms."
        )


def _email(params: Params) -> None:
    config = params.get("EmailConfiguration") or {}
    source = config.get("SourceArn")
    if config.get("EmailSendingAccount") == "DEVELOPER" and not source:
        raise InvalidParameterException("Source ARN is required to use DEVELOPER email sending owner")
    if source:
        check_source(source)
    if config.get("From") and "@" not in config["From"]:
        raise InvalidParameterException("Provided From email address is invalid")


def check_source(arn: str) -> None:
    """Refuse an SES identity outside of the regions that Cognito sends from."""
    if arn.split(":")[3] not in _SES_REGIONS:
        raise InvalidParameterException(
            f"Provided SourceArn must be in one of the following SES regions: {', '.join(_SES_REGIONS)}."
        )


def _messages(params: Params) -> None:
    # The model's patterns say the same, but are not tried on a text of more than two thousand characters.
    template = params.get("VerificationMessageTemplate") or {}
    invite = (params.get("AdminCreateUserConfig") or {}).get("InviteMessageTemplate") or {}
    texts = [params.get(member) for member in _WITH_CODE]
    texts += [template.get(member) for member in ("EmailMessage", "SmsMessage")]
    if any(text and "{####}" not in text for text in texts):
        raise InvalidParameterException("Verification messages must contain the placeholder {####}.")
    link = template.get("EmailMessageByLink") or "{####}"
    if not 0 <= link.find("{##") < link.find("##}"):
        raise InvalidParameterException("EmailMessageByLink must contain the placeholder {##Click Here##}.")
    for text in invite.get("EmailMessage"), invite.get("SMSMessage"):
        if text and not ("{####}" in text and "{username}" in text):
            raise InvalidParameterException(
                "Invitation messages must contain the placeholders {username} and {####}."
            )


_RULES = (
    _not_emulated,
    _names,
    _verification,
    _passwords,
    _tier,
    _recovery,
    _email,
    _messages,
)
