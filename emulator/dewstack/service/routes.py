"""The routes of a map as a whole: none is there twice, authorizers exist, gateways wait long enough."""

from collections.abc import Iterator, Mapping

from .model import FunctionSpec, HttpApi, HttpApiEvent, Provider, RouteAuthorizer
from .problems import KeyPath, Position, did_you_mean
from .reading import Reading
from .rest_model import HttpEvent

HTTP_API_TIMEOUT = 30
"""Seconds: the longest an HTTP API waits for a function."""
REST_API_TIMEOUT = 29
"""Seconds: the longest a REST API waits for a function unless `timeoutInMillis` says otherwise."""


def check_routes(reading: Reading, functions: Mapping[str, FunctionSpec], provider: Provider) -> None:
    """Report routes that are there twice, authorizers that aren't, and functions slower than their gateway."""
    for kind in (HttpApiEvent, HttpEvent):
        seen: dict[str, Position] = {}
        for event, path in _events(functions, kind):
            first = seen.setdefault(event.route_key, event.at)
            if first is not event.at:
                message = f"the route '{event.route_key}' is there twice, first at {first.file}:{first.line}"
                reading.report.add(event.at, path, message)
    for event, path in _events(functions, HttpApiEvent):
        if isinstance(event, HttpApiEvent) and event.authorizer:
            _check_authorizer(reading, event.authorizer, provider.http_api, event, path)
    _check_resources(reading, functions, provider)
    for function in functions.values():
        _check_timeout(reading, function, provider)


def _events(
    functions: Mapping[str, FunctionSpec], kind: type[HttpApiEvent] | type[HttpEvent]
) -> Iterator[tuple[HttpApiEvent | HttpEvent, KeyPath]]:
    name = "httpApi" if kind is HttpApiEvent else "http"
    for function in functions.values():
        for event in function.events:
            if isinstance(event, kind):
                yield event, ("functions", function.key, "events", event.index, name)


def _check_resources(reading: Reading, functions: Mapping[str, FunctionSpec], provider: Provider) -> None:
    """Report what can't be in one tree of resources: two names for a variable, parents nobody has the ID of."""
    known = provider.rest_api.resource_ids
    variables: dict[str, str] = {}
    for event, path in _events(functions, HttpEvent):
        parts = event.path.split("/")[1:] if event.path != "/" else []
        for depth, part in enumerate(parts):
            parent = "/" + "/".join(parts[:depth])
            if part.startswith("{") and variables.setdefault(parent, part) != part:
                other = variables[parent]
                message = f"'{part}' is called '{other}' elsewhere: a resource has one variable below it"
                reading.report.add(event.at, path, message)
        needed = _without_id(event.path, known)
        if needed:
            message = f"the ID of '{needed}' is missing under provider.apiGateway.restApiResources"
            reading.report.add(event.at, path, message)


def _without_id(path: str, known: Mapping[str, object]) -> str | None:
    """The parent on the way to `path` that exists already (others are known below it) but has no known ID."""
    steps = path.split("/")[1:] if path != "/" else []
    for depth in range(len(steps), 0, -1):
        here = "/" + "/".join(steps[:depth])
        if here in known:
            return None
        if any(each.startswith(f"{here}/") for each in known):
            return here
    return None


def _check_timeout(reading: Reading, function: FunctionSpec, provider: Provider) -> None:
    limits: list[tuple[float, str]] = []
    for event in function.events:
        if isinstance(event, HttpApiEvent):
            limits.append((HTTP_API_TIMEOUT, "an HTTP API"))
        elif isinstance(event, HttpEvent) and not event.is_async:
            own = event.timeout_in_millis or provider.rest_api.timeout_in_millis
            limits.append((own / 1000 if own else REST_API_TIMEOUT, "a REST API"))
    limit, api = min(limits, default=(function.timeout, ""))
    if function.timeout > limit:
        message = f"{api} waits {limit:g} seconds, so {function.timeout} are never reached"
        reading.problem(("functions", function.key, "timeout"), message, "warning")


def _check_authorizer(
    reading: Reading, authorizer: RouteAuthorizer, http_api: HttpApi, event: HttpApiEvent, path: KeyPath
) -> None:
    def complain(message: str) -> None:
        reading.report.add(event.at, (*path, "authorizer"), message)

    if authorizer.type == "aws_iam":
        if authorizer.name or authorizer.id or authorizer.scopes:
            complain("type 'aws_iam' takes no other keys")
    elif authorizer.id:
        if not http_api.id:
            complain("an authorizer's 'id' is for an API made elsewhere (provider.httpApi.id); use 'name'")
    elif not authorizer.name:
        complain("missing key 'name', the authorizer under provider.httpApi.authorizers")
    elif authorizer.name not in http_api.authorizers:
        hint = did_you_mean(authorizer.name, http_api.authorizers)
        complain(f"there is no authorizer '{authorizer.name}' under provider.httpApi.authorizers{hint}")
