"""IAM's algorithm ("Policy evaluation logic" of its user guide), for one account: whether a caller may do something to
a resource, and in whose words he may not."""

from collections.abc import Collection, Sequence

from msgspec import Struct

from dewstack.policies import Context, Statement, effect, names_principal


class Policies(Struct, frozen=True):
    """What governs a caller: his identity-based policies, and what bounds them, where something does."""

    identity: tuple[Statement, ...] = ()
    boundary: tuple[Statement, ...] | None = None
    session: tuple[Statement, ...] | None = None

    @property
    def plain(self) -> bool:
        """Whether they ask about nothing but action and resource."""
        every = (*self.identity, *(self.boundary or ()), *(self.session or ()))
        return not any(statement.conditions or _has_variables(statement) for statement in every)


class Verdict(Struct, frozen=True):
    """Whether the caller may, and else why not; `explicitly` is a policy's Deny."""

    allowed: bool
    reason: str = ""
    explicitly: bool = False


ALLOWED = Verdict(True)


def judge(
    policies: Policies,
    names: Collection[str],
    action: str,
    resource: str,
    context: Context,
    resource_policy: Sequence[Statement] = (),
) -> Verdict:
    """Whether the caller with these `names` (his ARNs, his account) may do `action` to the ARN `resource`."""
    about_caller = [one for one in resource_policy if names_principal(one, names)]
    kinds = (
        ("identity-based policy", policies.identity),
        ("permissions boundary", policies.boundary),
        ("session policy", policies.session),
        ("resource-based policy", about_caller),
    )
    effects = {
        kind: effect(statements, action, resource, context)
        for kind, statements in kinds
        if statements is not None
    }
    for kind, found in effects.items():
        if found == "Deny":
            article = "an" if kind[0] in "aeiou" else "a"
            return Verdict(False, f"with an explicit deny in {article} {kind}", explicitly=True)
    if effects["resource-based policy"] == "Allow" and _named_himself(
        about_caller, names, action, resource, context
    ):
        return ALLOWED
    for kind, found in effects.items():
        if found != "Allow" and kind != "resource-based policy":
            return Verdict(False, f"because no {kind} allows the {action} action")
    return ALLOWED


def _named_himself(
    statements: Sequence[Statement], names: Collection[str], action: str, resource: str, context: Context
) -> bool:
    """Whether a resource's policy allows the caller, rather than his account, whose own policies then decide."""
    own = [name for name in names if not name.endswith(":root") and not name.isdecimal()]
    return (
        effect([one for one in statements if names_principal(one, own)], action, resource, context) == "Allow"
    )


def _has_variables(statement: Statement) -> bool:
    return any("${" in text for text in (*statement.actions.patterns, *statement.resources.patterns))
