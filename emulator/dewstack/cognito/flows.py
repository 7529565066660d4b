"""Which authentication flows an app client lets in, and how AWS words its refusal."""

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from dewstack.cognito import errors
from dewstack.cognito.model import UserPool, UserPoolClient
from dewstack.errors import NotEmulated

DEFAULT_FLOWS = ("ALLOW_USER_SRP_AUTH", "ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH")
LEGACY_ALWAYS = frozenset({"ALLOW_USER_SRP_AUTH", "ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"})
"""What the names without ALLOW_ could not switch off."""


class SignIn(Struct, frozen=True):
    """One request of a sign-in: where it goes, what it brings."""

    pool: UserPool
    client: UserPoolClient
    parameters: dict[str, str]
    """AuthParameters or ChallengeResponses."""
    session: str | None = None

    def require(self, *names: str) -> list[str]:
        """Parameters that must be there. Raises InvalidParameterException for the first that isn't."""
        for name in names:
            if not self.parameters.get(name):
                raise errors.InvalidParameterException(f"Missing required parameter {name}")
        return [self.parameters[name] for name in names]


Step = Callable[[SignIn], dict[str, Any]]
"""What is done with a sign-in: it gives tokens (`AuthenticationResult`) or the next challenge."""


class Flow(Struct, frozen=True):
    """A way to begin: which client settings let it in, which operations offer it, what it does."""

    allowed_by: frozenset[str]
    refusal: str
    step: Step | None
    """None: not emulated."""
    public: bool = True
    """Offered by InitiateAuth."""
    admin: bool = True
    """Offered by AdminInitiateAuth."""


def allowed_flows(client: UserPoolClient) -> frozenset[str]:
    """The client's ExplicitAuthFlows, the old names' implications included."""
    flows = client.settings.get("ExplicitAuthFlows") or DEFAULT_FLOWS
    if any(flow.startswith("ALLOW_") for flow in flows):
        return frozenset(flows)
    always = LEGACY_ALWAYS - ({"ALLOW_USER_SRP_AUTH"} if "CUSTOM_AUTH_FLOW_ONLY" in flows else set())
    return always | frozenset(flows)


def flow_table(password: Step, refresh: Step) -> dict[str, Flow]:
    """Every AuthFlow of the model."""
    disabled = "Auth flow not enabled for this client"
    admin_password = frozenset({"ALLOW_ADMIN_USER_PASSWORD_AUTH", "ADMIN_NO_SRP_AUTH"})
    refreshing = Flow(frozenset({"ALLOW_REFRESH_TOKEN_AUTH"}), disabled, refresh)
    by_admin = Flow(admin_password, disabled, password, public=False)
    return {
        "USER_PASSWORD_AUTH": Flow(
            frozenset({"ALLOW_USER_PASSWORD_AUTH", "USER_PASSWORD_AUTH"}),
            "USER_PASSWORD_AUTH flow not enabled for this client",
            password,
            admin=False,
        ),
        "ADMIN_USER_PASSWORD_AUTH": by_admin,
        "ADMIN_NO_SRP_AUTH": by_admin,
        "REFRESH_TOKEN_AUTH": refreshing,
        "REFRESH_TOKEN": refreshing,
        "USER_SRP_AUTH": Flow(
            frozenset({"ALLOW_USER_SRP_AUTH"}), "USER_SRP_AUTH is not enabled for the client.", None
        ),
        "CUSTOM_AUTH": Flow(
            frozenset({"ALLOW_CUSTOM_AUTH", "CUSTOM_AUTH_FLOW_ONLY"}),
            "CUSTOM_AUTH is not enabled for the client.",
            None,
        ),
        "USER_AUTH": Flow(frozenset({"ALLOW_USER_AUTH"}), "USER_AUTH flow not enabled for this client", None),
    }


def step_of(table: dict[str, Flow], name: str, client: UserPoolClient, *, admin: bool) -> Step:
    """The first step of the flow `name`.

    Raises InvalidParameterException when the operation or the client doesn't offer it, NotEmulated when
    we don't.
    """
    flow = table.get(name)
    if flow is None or not (flow.admin if admin else flow.public):
        raise errors.InvalidParameterException("Initiate Auth method not supported.")
    if not flow.allowed_by & allowed_flows(client):
        raise errors.InvalidParameterException(flow.refusal)
    if flow.step is None:
        raise NotEmulated(f"AuthFlow {name} is not emulated")
    return flow.step
