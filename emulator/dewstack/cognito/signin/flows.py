"""How a sign-in may begin: which app clients let a flow in, and how AWS words its refusal."""

from msgspec import Struct

from dewstack.cognito import errors
from dewstack.cognito.model import UserPoolClient
from dewstack.cognito.signin.steps import Rule
from dewstack.errors import NotEmulated

DEFAULT_FLOWS = ("ALLOW_USER_SRP_AUTH", "ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH")
LEGACY_ALWAYS = frozenset({"ALLOW_USER_SRP_AUTH", "ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"})
"""What the names without ALLOW_ could not switch off."""

DISABLED = "Auth flow not enabled for this client"


class Flow(Struct, frozen=True):
    """An AuthFlow: which client settings let it in, which operations offer it, how a refusal is worded."""

    allowed_by: frozenset[str]
    refusal: str = DISABLED
    public: bool = True
    """Offered by InitiateAuth."""
    admin: bool = True
    """Offered by AdminInitiateAuth."""


_BY_ADMIN = Flow(frozenset({"ALLOW_ADMIN_USER_PASSWORD_AUTH", "ADMIN_NO_SRP_AUTH"}), public=False)
_REFRESH = Flow(frozenset({"ALLOW_REFRESH_TOKEN_AUTH"}))
FLOWS = {
    "USER_PASSWORD_AUTH": Flow(
        frozenset({"ALLOW_USER_PASSWORD_AUTH", "USER_PASSWORD_AUTH"}),
        "USER_PASSWORD_AUTH flow not enabled for this client",
        admin=False,
    ),
    "ADMIN_USER_PASSWORD_AUTH": _BY_ADMIN,
    "ADMIN_NO_SRP_AUTH": _BY_ADMIN,
    "REFRESH_TOKEN_AUTH": _REFRESH,
    "REFRESH_TOKEN": _REFRESH,
    "USER_SRP_AUTH": Flow(frozenset({"ALLOW_USER_SRP_AUTH"}), "USER_SRP_AUTH is not enabled for the client."),
    "CUSTOM_AUTH": Flow(
        frozenset({"ALLOW_CUSTOM_AUTH", "CUSTOM_AUTH_FLOW_ONLY"}),
        "CUSTOM_AUTH is not enabled for the client.",
    ),
    "USER_AUTH": Flow(frozenset({"ALLOW_USER_AUTH"}), "USER_AUTH flow not enabled for this client"),
}


def allowed_flows(client: UserPoolClient) -> frozenset[str]:
    """The client's ExplicitAuthFlows, the old names' implications included."""
    flows = client.settings.get("ExplicitAuthFlows") or DEFAULT_FLOWS
    if any(flow.startswith("ALLOW_") for flow in flows):
        return frozenset(flows)
    always = LEGACY_ALWAYS - ({"ALLOW_USER_SRP_AUTH"} if "CUSTOM_AUTH_FLOW_ONLY" in flows else set())
    return always | frozenset(flows)


def beginning(table: dict[str, Rule], name: str, client: UserPoolClient, *, admin: bool) -> Rule:
    """How the flow `name` begins.

    Raises InvalidParameterException when operation or client don't offer it, NotEmulated when we don't.
    """
    flow = FLOWS.get(name)
    if flow is None or not (flow.admin if admin else flow.public):
        raise errors.InvalidParameterException("Initiate Auth method not supported.")
    if not flow.allowed_by & allowed_flows(client):
        raise errors.InvalidParameterException(flow.refusal)
    if name not in table:
        raise NotEmulated(f"AuthFlow {name} is not emulated")
    return table[name]
