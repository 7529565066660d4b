"""What triggers answer: the `response` of each, member by member. A member that is null or missing is the default."""

from typing import Any

from msgspec import Struct, field


class Nothing(Struct, frozen=True):
    """The answer of a trigger that can only let pass or fail."""


class PreSignUpAnswer(Struct, frozen=True, rename="camel"):
    """PreSignUp: whether the new user is confirmed, and which addresses are verified, without a code."""

    auto_confirm_user: bool = False
    auto_verify_email: bool = False
    auto_verify_phone: bool = False


class CustomMessageAnswer(Struct, frozen=True, rename="camel"):
    """CustomMessage: what replaces the pool's own texts."""

    sms_message: str = ""
    email_message: str = ""
    email_subject: str = ""


class ChallengeResult(Struct, frozen=True, omit_defaults=True, rename="camel"):
    """A step of a custom sign-in so far, in the shape of `session`; kept with the challenge."""

    challenge_name: str
    challenge_result: bool
    challenge_metadata: str | None = None


class DefineAuthChallengeAnswer(Struct, frozen=True, rename="camel"):
    """DefineAuthChallenge: what comes next."""

    challenge_name: str | None = None
    issue_tokens: bool = False
    fail_authentication: bool = False


class CreateAuthChallengeAnswer(Struct, frozen=True, rename="camel"):
    """CreateAuthChallenge: what the client is told, what VerifyAuthChallengeResponse is told, what both are."""

    public_challenge_parameters: dict[str, str] = field(default_factory=dict)
    private_challenge_parameters: dict[str, str] = field(default_factory=dict)
    challenge_metadata: str | None = None


class VerifyAuthChallengeAnswer(Struct, frozen=True, rename="camel"):
    """VerifyAuthChallengeResponse: whether the answer is right."""

    answer_correct: bool = False


class UserMigrationAnswer(Struct, frozen=True, rename="camel"):
    """UserMigration: who the user is elsewhere. Without `user_attributes` they are nobody there either."""

    user_attributes: dict[str, str] = field(default_factory=dict)
    final_user_status: str | None = None
    message_action: str | None = None
    desired_delivery_mediums: list[str] | None = None
    force_alias_creation: bool = False
    enable_sms_mfa: bool = field(default=False, name="enableSMSMFA")


class InboundFederationAnswer(Struct, frozen=True, rename="camel"):
    """InboundFederation: what a federated user's attributes are mapped from."""

    user_attributes_to_map: dict[str, str] = field(default_factory=dict)


class GroupOverrides(Struct, frozen=True, rename="camel"):
    """What tokens say of groups and roles."""

    groups_to_override: list[str] | None = None
    iam_roles_to_override: list[str] | None = None
    preferred_role: str | None = None


class ClaimsOverrides(Struct, frozen=True, rename="camel"):
    """PreTokenGeneration version 1: the identity token's claims."""

    claims_to_add_or_override: dict[str, str] | None = None
    claims_to_suppress: list[str] | None = None
    group_override_details: GroupOverrides | None = None


class PreTokenGenerationAnswer(Struct, frozen=True, rename="camel"):
    """PreTokenGeneration version 1."""

    claims_override_details: ClaimsOverrides = ClaimsOverrides()


class TokenOverrides(Struct, frozen=True, rename="camel"):
    """One token's claims; scopes are the access token's."""

    claims_to_add_or_override: dict[str, Any] | None = None
    claims_to_suppress: list[str] | None = None
    scopes_to_add: list[str] | None = None
    scopes_to_suppress: list[str] | None = None


class ClaimsAndScopeOverrides(Struct, frozen=True, rename="camel"):
    """PreTokenGeneration versions 2 and 3: both tokens; groups stand beside them, not in them."""

    id_token_generation: TokenOverrides | None = None
    access_token_generation: TokenOverrides | None = None
    group_override_details: GroupOverrides | None = None


class PreTokenGenerationV2Answer(Struct, frozen=True, rename="camel"):
    """PreTokenGeneration versions 2 and 3."""

    claims_and_scope_override_details: ClaimsAndScopeOverrides = ClaimsAndScopeOverrides()
