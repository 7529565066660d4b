"""The triggers of user pools, each a typed question. `None` or the unchanged default where a pool has none."""

from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from dewstack.cognito.model import User, UserPool
from dewstack.cognito.triggers.answers import (
    ChallengeResult,
    CreateAuthChallengeAnswer,
    CustomMessageAnswer,
    DefineAuthChallengeAnswer,
    InboundFederationAnswer,
    Nothing,
    PreSignUpAnswer,
    PreTokenGenerationAnswer,
    PreTokenGenerationV2Answer,
    UserMigrationAnswer,
    VerifyAuthChallengeAnswer,
)
from dewstack.cognito.triggers.asking import Asker, Question
from dewstack.cognito.triggers.occasion import Occasion, attributes_of, metadata_of

R = TypeVar("R", bound=Struct)

VERSIONS = {"V1_0": "1", "V2_0": "2", "V3_0": "3"}


class Triggers:
    """The functions of all pools' LambdaConfig. Await them on the loop, outside of transactions."""

    def __init__(self, asker: Asker) -> None:
        self._asker = asker

    def wants(self, pool: UserPool, name: str) -> bool:
        """Whether the pool has the trigger `name` (a member of LambdaConfig, such as `PreSignUp`)."""
        config = _config(pool)
        return bool(config.get(name) or config.get(f"{name}Config"))

    # sign-up

    async def pre_sign_up(
        self, occasion: Occasion, source: str, user_name: str, attributes: dict[str, str]
    ) -> PreSignUpAnswer:
        """Ask whether somebody may become a user. `source` is `PreSignUp_SignUp` or one of its siblings."""
        request = {
            "userAttributes": attributes,
            "validationData": occasion.validation,
            **metadata_of(occasion),
        }
        response = {"autoConfirmUser": False, "autoVerifyEmail": False, "autoVerifyPhone": False}
        answer = await self._ask(occasion, "PreSignUp", source, user_name, request, response, PreSignUpAnswer)
        return answer or PreSignUpAnswer()

    async def post_confirmation(self, occasion: Occasion, source: str, user: User) -> None:
        """Tell that a user was confirmed, or has set a new password after forgetting theirs."""
        request = {"userAttributes": attributes_of(occasion.pool, user), **metadata_of(occasion)}
        await self._ask(occasion, "PostConfirmation", source, user.username, request, {}, Nothing)

    # sign-in

    async def pre_authentication(self, occasion: Occasion, user: User | None, name: str) -> None:
        """Ask whether `user` may try to sign in; None stands for somebody who doesn't exist and calls themselves
        `name`, where the client hides that."""
        request = {
            **_subject(occasion.pool, user),
            "validationData": occasion.validation,
            **metadata_of(occasion),
        }
        await self._ask(
            occasion,
            "PreAuthentication",
            "PreAuthentication_Authentication",
            user.username if user else name,
            request,
            {},
            Nothing,
        )

    async def post_authentication(self, occasion: Occasion, user: User, *, new_device: bool = False) -> None:
        """Tell that a user has signed in."""
        request = {
            "userAttributes": attributes_of(occasion.pool, user),
            "newDeviceUsed": new_device,
            **metadata_of(occasion),
        }
        source = "PostAuthentication_Authentication"
        await self._ask(occasion, "PostAuthentication", source, user.username, request, {}, Nothing)

    async def migrate_user(
        self, occasion: Occasion, source: str, name: str, password: str
    ) -> UserMigrationAnswer | None:
        """Ask for a user who isn't here: `UserMigration_Authentication`, or `..._ForgotPassword` with an empty
        password. None without the trigger."""
        request = {"password": password, "validationData": occasion.validation, **metadata_of(occasion)}
        response = dict.fromkeys(
            (
                "userAttributes",
                "forceAliasCreation",
                "enableSMSMFA",
                "finalUserStatus",
                "messageAction",
                "desiredDeliveryMediums",
            )
        )
        return await self._ask(
            occasion, "UserMigration", source, name, request, response, UserMigrationAnswer
        )

    async def inbound_federation(
        self, occasion: Occasion, provider: str, provider_type: str, name: str, attributes: dict[str, Any]
    ) -> dict[str, str] | None:
        """Ask which attributes a user of an identity provider (`OIDC`, `SAML`, ...) brings along. `name` is their
        username here, `attributes` what the provider said: `idToken`, `userInfo`, ... None without the trigger."""
        request = {"providerName": provider, "providerType": provider_type, "attributes": attributes}
        source, response = "InboundFederation_ExternalProvider", {"userAttributesToMap": None}
        answer = await self._ask(
            occasion, "InboundFederation", source, name, request, response, InboundFederationAnswer
        )
        return None if answer is None else answer.user_attributes_to_map

    # custom challenges

    async def define_auth_challenge(
        self, occasion: Occasion, user: User | None, name: str, session: Sequence[ChallengeResult]
    ) -> DefineAuthChallengeAnswer | None:
        """Ask what comes after `session`, the steps so far, oldest first. None without the trigger."""
        request = {
            **_subject(occasion.pool, user),
            "session": msgspec.to_builtins(session),
            **metadata_of(occasion),
        }
        return await self._ask(
            occasion,
            "DefineAuthChallenge",
            "DefineAuthChallenge_Authentication",
            user.username if user else name,
            request,
            {"challengeName": None, "issueTokens": None, "failAuthentication": None},
            DefineAuthChallengeAnswer,
        )

    async def create_auth_challenge(
        self,
        occasion: Occasion,
        user: User | None,
        name: str,
        session: Sequence[ChallengeResult],
        challenge_name: str = "CUSTOM_CHALLENGE",
    ) -> CreateAuthChallengeAnswer | None:
        """Ask for the challenge that DefineAuthChallenge has named. None without the trigger."""
        request = {
            **_subject(occasion.pool, user),
            "challengeName": challenge_name,
            "session": msgspec.to_builtins(session),
            **metadata_of(occasion),
        }
        return await self._ask(
            occasion,
            "CreateAuthChallenge",
            "CreateAuthChallenge_Authentication",
            user.username if user else name,
            request,
            {
                "publicChallengeParameters": None,
                "privateChallengeParameters": None,
                "challengeMetadata": None,
            },
            CreateAuthChallengeAnswer,
        )

    async def verify_auth_challenge(
        self, occasion: Occasion, user: User | None, name: str, private: dict[str, str], answer: str
    ) -> VerifyAuthChallengeAnswer | None:
        """Ask whether `answer` is right, given CreateAuthChallenge's private parameters. None without the
        trigger."""
        request = {
            **_subject(occasion.pool, user),
            "privateChallengeParameters": private,
            "challengeAnswer": answer,
            **metadata_of(occasion),
        }
        return await self._ask(
            occasion,
            "VerifyAuthChallengeResponse",
            "VerifyAuthChallengeResponse_Authentication",
            user.username if user else name,
            request,
            {"answerCorrect": None},
            VerifyAuthChallengeAnswer,
        )

    # messages and tokens

    async def custom_message(
        self, occasion: Occasion, source: str, user: User, request: dict[str, Any]
    ) -> CustomMessageAnswer | None:
        """Ask for a message's texts. `request` has the placeholders. None without the trigger."""
        request = {"userAttributes": attributes_of(occasion.pool, user), **request, **metadata_of(occasion)}
        response = {"smsMessage": None, "emailMessage": None, "emailSubject": None}
        return await self._ask(
            occasion, "CustomMessage", source, user.username, request, response, CustomMessageAnswer
        )

    async def pre_token_generation(
        self, occasion: Occasion, source: str, user_name: str | None, request: dict[str, Any]
    ) -> PreTokenGenerationAnswer | PreTokenGenerationV2Answer | None:
        """Ask what tokens are to say. Version 3 alone is asked about a client's own tokens, which have no user.
        `request` has the attributes, groups and scopes. None without the trigger."""
        config = _config(occasion.pool)
        versioned = config.get("PreTokenGenerationConfig") or {}
        version = VERSIONS[versioned.get("LambdaVersion") or "V1_0"]
        arn = versioned.get("LambdaArn") or config.get("PreTokenGeneration")
        if not arn or (user_name is None and version != "3"):
            return None
        if version == "1":
            request = {name: value for name, value in request.items() if name != "scopes"}
        detail = "claimsOverrideDetails" if version == "1" else "claimsAndScopeOverrideDetails"
        question = Question(
            trigger="PreTokenGeneration",
            arn=arn,
            source=source,
            user_name=user_name,
            request={**request, **metadata_of(occasion)},
            response={detail: None},
            version=version,
        )
        if version == "1":
            return await self._asker.ask(occasion, question, PreTokenGenerationAnswer)
        return await self._asker.ask(occasion, question, PreTokenGenerationV2Answer)

    async def _ask(
        self,
        occasion: Occasion,
        trigger: str,
        source: str,
        user_name: str,
        request: dict[str, Any],
        response: dict[str, Any],
        answer: type[R],
    ) -> R | None:
        function = _config(occasion.pool).get(trigger)
        if not function:
            return None
        arn = function if isinstance(function, str) else function["LambdaArn"]
        question = Question(
            trigger=trigger,
            arn=arn,
            source=source,
            user_name=user_name,
            request=request,
            response=response,
        )
        return await self._asker.ask(occasion, question, answer)


def _config(pool: UserPool) -> dict[str, Any]:
    return pool.settings.get("LambdaConfig") or {}


def _subject(pool: UserPool, user: User | None) -> dict[str, Any]:
    """Whom a sign-in is about: attributes, or that there is nobody."""
    if user is None:
        return {"userAttributes": {}, "userNotFound": True}
    return {"userAttributes": attributes_of(pool, user)}
