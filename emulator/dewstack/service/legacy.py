"""Older spellings, from version 1 of the Serverless Framework on: each is read as what it is called today, with one
warning that names it."""

from collections.abc import Callable, Iterator, Mapping

from msgspec import Struct, field

from .nodes import NOTHING, Node
from .places import merged
from .problems import KeyPath, Position, Report
from .schema import event_types
from .spellings import Spellings

MOVED: Mapping[KeyPath, KeyPath] = {
    ("service", "awsKmsKeyArn"): ("provider", "kmsKeyArn"),
    ("service", "name"): ("service",),
    ("provider", "apiKeys"): ("provider", "apiGateway", "apiKeys"),
    ("provider", "resourcePolicy"): ("provider", "apiGateway", "resourcePolicy"),
    ("provider", "usagePlan"): ("provider", "apiGateway", "usagePlan"),
    ("functions", "*", "awsKmsKeyArn"): ("functions", "*", "kmsKeyArn"),
}
"""Where a key stands today."""

RENAMED: Mapping[KeyPath, str] = {
    ("provider", "cfnRole"): "provider.iam.deploymentRole",
    ("provider", "iamManagedPolicies"): "provider.iam.role.managedPolicies",
    ("provider", "iamRoleStatements"): "provider.iam.role.statements",
    ("provider", "role"): "provider.iam.role",
    ("provider", "rolePermissionsBoundary"): "provider.iam.role.permissionsBoundary",
}
"""Keys that are read where they stand, under another name today."""

_DASHBOARD = "belongs to the Serverless Framework's dashboard and isn't used here"
_SETTLED = "has no meaning any more: it is always so"
DROPPED: Mapping[KeyPath, str] = {
    ("build",): "",
    ("deprecationNotificationMode",): "",
    ("disabledDeprecations",): "",
    ("stages",): "",
    ("variablesResolutionMode",): "",
    ("app",): _DASHBOARD,
    ("console",): _DASHBOARD,
    ("dashboard",): _DASHBOARD,
    ("org",): _DASHBOARD,
    ("outputs",): _DASHBOARD,
    ("tenant",): _DASHBOARD,
    ("licenseKey",): "isn't needed here",
    ("enableLocalInstallationFallback",): _SETTLED,
    ("unresolvedVariablesNotificationMode",): "isn't followed: a variable without a value is an error",
    ("projectDir",): "isn't used here",
    ("package", "excludeDevDependencies"): "isn't followed: packages hold what the patterns say",
    ("package", "path"): "isn't followed: packages are written to .serverless",
    (
        "provider",
        "disableDefaultOutputExportNames",
    ): "isn't followed: outputs are exported, as since version 3",
    ("provider", "cfLogs"): _SETTLED,
    ("provider", "eventBridge"): "isn't followed: CloudFormation makes rules, as since version 3",
    ("provider", "lambdaHashingVersion"): "isn't followed: versions are hashed as since version 3",
    ("provider", "httpApi", "timeout"): "isn't followed: the timeout is the function's",
    ("provider", "httpApi", "useProviderTags"): _SETTLED,
    (
        "provider",
        "variableSyntax",
    ): "isn't followed to the letter: variables are ${…}, or ${{…}} where it says so",
}
"""Keys that change nothing more from here on, and what is said about each; nothing where none is needed."""

RETIRED_RUNTIMES: frozenset[str] = frozenset(
    "dotnet5.0 dotnet6 dotnet7 dotnetcore1.0 dotnetcore2.0 dotnetcore2.1 dotnetcore3.1 go1.x java8 nodejs nodejs4.3"
    " nodejs4.3-edge nodejs6.10 nodejs8.10 nodejs10.x nodejs12.x nodejs14.x nodejs16.x nodejs18.x provided python2.7"
    " python3.6 python3.7 python3.8 python3.9 ruby2.5 ruby2.7 ruby3.2".split()
)
"""What AWS has withdrawn, or is about to; a deployment there is refused, a service here goes on."""

_PACKAGES: tuple[KeyPath, ...] = (("package",), ("functions", "*", "package"), ("layers", "*", "package"))


class _Spot(Struct):
    """A key that was found: its mapping, itself, and the whole way to it."""

    members: dict[str, Node]
    keys: dict[str, Position]
    name: str
    path: KeyPath = field(default=())

    @property
    def at(self) -> Position:
        return self.keys.get(self.name, self.members[self.name].at)

    def remove(self) -> Node:
        self.keys.pop(self.name, None)
        return self.members.pop(self.name)


def modernise(root: Node, report: Report) -> None:
    """Spell the resolved map `root` as it would be today; it is changed in place."""
    spellings = Spellings()
    _modernise(root, report, spellings)
    spellings.tell(report)


def _modernise(root: Node, report: Report, spellings: Spellings) -> None:
    for path, reason in DROPPED.items():
        for spot in _spots(root, path):
            if reason:
                report.add(spot.at, spot.path, reason, "warning")
            spot.remove()
    for path, today in MOVED.items():
        for spot in _spots(root, path):
            target = tuple(own if part == "*" else part for part, own in zip(today, spot.path, strict=False))
            target += today[len(target) :]
            spellings.add(str(path), spot.at, spot.path, _older(".".join(map(str, target))))
            at = spot.at
            _place(root, target, spot.remove(), at)
    for path, name in RENAMED.items():
        for spot in _spots(root, path):
            report.add(spot.at, spot.path, _older(name), "warning")
    for pattern in _PACKAGES:
        for spot in _spots(root, pattern):
            _unite_patterns(spot, spellings)
    for reshape in _RESHAPED:
        reshape(root, report)
    _give_routes_their_slash(root, spellings)
    _rename_request_schema(root, spellings)


def _older(spelling: str) -> str:
    return f"an older spelling of '{spelling}'"


def _spots(node: Node, pattern: KeyPath, walked: KeyPath = ()) -> Iterator[_Spot]:
    """The keys that are there and match; `*` is any key."""
    head, *rest = pattern
    members = node.mapping()
    for name in list(members) if head == "*" else [str(head)] if head in members else []:
        if rest:
            yield from _spots(members[name], tuple(rest), (*walked, name))
        elif members[name].value is not None:
            keys = node.keys if node.keys is not None else {}
            yield _Spot(members, keys, name, (*walked, name))


def _place(root: Node, path: KeyPath, value: Node, at: Position) -> None:
    """Put a value where it belongs, unless something is there that it would displace."""
    node = root
    for part in path[:-1]:
        inner = node.mapping().get(str(part))
        if inner is None or inner.value is None:
            inner = Node({}, at, {str(part): at})
            node.mapping()[str(part)] = inner
        if not isinstance(inner.value, dict):
            return
        node = inner
    name = str(path[-1])
    there = node.mapping().get(name)
    if there is None or there.value is None or path == ("service",):
        node.mapping()[name] = value
        if node.keys is not None:
            node.keys[name] = at


def _unite_patterns(spot: _Spot, spellings: Spellings) -> None:
    """`exclude` and `include` as `patterns`: an exclusion is a pattern that begins with `!`."""
    package = spot.members[spot.name]
    members = package.mapping()
    old = [name for name in ("exclude", "include") if name in members]
    if not old:
        return
    keys = package.keys if package.keys is not None else {}
    at = keys.get(old[0], package.at)
    said = " and ".join(f"'{name}'" for name in old)
    spellings.add("patterns", at, (*spot.path, old[0]), f"{said}: an older spelling of 'patterns'")
    patterns: list[Node] = []
    for name in ("exclude", "include", "patterns"):
        for item in _items(members.pop(name, None)):
            inverted = name == "exclude" and isinstance(item.value, str)
            patterns.append(Node(_inverted(str(item.value)), item.at) if inverted else item)
        keys.pop(name, None)
    members["patterns"] = Node([item for item in patterns if item.value is not None], at)
    keys["patterns"] = at


def _items(node: Node | None) -> list[Node]:
    if node is None or node.value is None:
        return []
    return node.value if isinstance(node.value, list) else [node]


def _inverted(pattern: str) -> str:
    return pattern[1:] if pattern.startswith("!") else f"!{pattern}"


def _trace_by_plugin(root: Node, report: Report) -> None:
    """`provider.tracing: true`, as the tracing plugin has it, is the functions' tracing."""
    for spot in _spots(root, ("provider", "tracing")):
        node = spot.members[spot.name]
        if isinstance(node.value, bool | str):
            spot.members[spot.name] = Node({"lambda": node}, node.at, {"lambda": node.at})
            report.add(spot.at, spot.path, _older("provider.tracing.lambda"), "warning")


def _give_routes_their_slash(root: Node, spellings: Spellings) -> None:
    """`http: GET items` is `http: GET /items`."""
    for spot in _spots(root, ("functions", "*", "events")):
        for index, event in enumerate(_items(spot.members[spot.name])):
            route = event.mapping().get("http")
            method, space, path = str(route.value).strip().partition(" ") if route else ("", "", "")
            if route is None or not isinstance(route.value, str) or not space or path.strip()[:1] in "/":
                continue
            slashed = f"{method} /{path.strip()}"
            spellings.add("slash", route.at, (*spot.path, index, "http"), _older(slashed))
            event.mapping()["http"] = Node(slashed, route.at)


def _rename_request_schema(root: Node, spellings: Spellings) -> None:
    """`http.request.schema`, as version 1 has it, is `schemas`."""
    for spot in _spots(root, ("functions", "*", "events")):
        for index, event in enumerate(_items(spot.members[spot.name])):
            http = event.mapping().get("http", NOTHING)
            request = http.mapping().get("request", NOTHING)
            members, keys = request.mapping(), request.keys if request.keys is not None else {}
            if "schema" not in members:
                continue
            at = keys.pop("schema", request.at)
            path = (*spot.path, index, "http", "request", "schema")
            spellings.add("schema", at, path, _older("schemas"))
            members.setdefault("schemas", members.pop("schema"))
            keys.setdefault("schemas", at)


def _tell_empty_events(root: Node, report: Report) -> None:
    """`- http:` with its settings beside it, where they belong below it, indented by two more."""
    for spot in _spots(root, ("functions", "*", "events")):
        for index, event in enumerate(_items(spot.members[spot.name])):
            members = event.mapping()
            name = next(iter(members), "")
            if len(members) > 1 and members[name].value is None:
                message = (
                    f"'{name}' is empty; indent what belongs to it ({', '.join(list(members)[1:])}) below it"
                )
                report.add(event.at, (*spot.path, index), message)
                for beside in list(members)[1:]:
                    del members[beside]


def _spell_events_out(root: Node, report: Report) -> None:
    """`- alexaSkill`, an event that is only a name."""
    for spot in _spots(root, ("functions", "*", "events")):
        events = spot.members[spot.name]
        for index, event in enumerate(_items(events)):
            if (
                isinstance(event.value, str)
                and isinstance(events.value, list)
                and event.value in event_types()
            ):
                events.value[index] = Node(
                    {event.value: Node({}, event.at)}, event.at, {event.value: event.at}
                )


def _join_split_plugins(root: Node, report: Report) -> None:
    """Empty items of `plugins` and `functions` are left out, as a file that gives nothing leaves them."""
    for spot in _spots(root, ("plugins",)):
        node = spot.members[spot.name]
        if isinstance(node.value, list):
            spot.members[spot.name] = Node([item for item in node.value if item.value is not None], node.at)


def unite_lists(root: Node) -> Node:
    """`functions` and `resources` as one mapping each, and `provider: aws` as `provider: {name: aws}`."""
    members = dict(root.mapping())
    provider = members.get("provider")
    if provider is not None and isinstance(provider.value, str):
        members["provider"] = Node({"name": provider}, provider.at, {"name": provider.at})
    for key in ("functions", "resources"):
        section = members.get(key)
        if section is not None and isinstance(section.value, list):
            members[key] = merged([each for each in section.value if each.value is not None], section.at)
    return Node(members, root.at, root.keys)


def has_double_braces(root: Node) -> bool:
    """Whether the map's own `variableSyntax` wants variables as `${{…}}`."""
    provider = root.mapping().get("provider")
    syntax = provider.mapping().get("variableSyntax") if provider else None
    return syntax is not None and "${{" in str(syntax.value).replace("\\", "")


_RESHAPED: tuple[Callable[[Node, Report], None], ...] = (
    _tell_empty_events,
    _spell_events_out,
    _trace_by_plugin,
    _join_split_plugins,
)
