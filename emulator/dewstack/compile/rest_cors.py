"""CORS preflights of a REST API: an OPTIONS method per path that answers by itself, without a function."""

from collections.abc import Iterable
from typing import Any

from dewstack.service import HttpCors

from . import naming
from .draft import Draft
from .rest_drafting import Method, api_of, response_parameters

_EVERY_METHOD = "DELETE,GET,HEAD,PATCH,POST,PUT"


def compile_preflights(draft: Draft, methods: list[Method]) -> list[str]:
    """An OPTIONS method for each path with a `cors` event; their logical IDs."""
    by_path: dict[str, list[Method]] = {}
    for method in methods:
        if method.event.cors:
            by_path.setdefault(method.event.path, []).append(method)
    return [
        compile_preflight(
            draft, path, [each.event.cors for each in sharing if each.event.cors], sharing[0].resource_id
        )
        for path, sharing in by_path.items()
    ]


def compile_preflight(draft: Draft, path: str, rules: list[HttpCors], resource_id: Any) -> str:
    """The OPTIONS method of a path by the rules of all that share it; its logical ID."""
    cors = _merged(rules)
    origins = _origins(cors)
    headers = _headers(cors, origins[0] if origins else cors.origin)
    logical_id = naming.rest_method(path, "OPTIONS")
    response = {
        "StatusCode": "200",
        "ResponseParameters": response_parameters(headers),
        "ResponseTemplates": {"application/json": _origin_template(origins) if origins else ""},
    }
    declared = {
        "StatusCode": "200",
        "ResponseParameters": response_parameters(dict.fromkeys(headers, True)),
        "ResponseModels": {},
    }
    draft.add(
        logical_id,
        "AWS::ApiGateway::Method",
        {
            "AuthorizationType": "NONE",
            "HttpMethod": "OPTIONS",
            "MethodResponses": [declared],
            "RequestParameters": {},
            "Integration": {
                "Type": "MOCK",
                "RequestTemplates": {"application/json": "{statusCode:200}"},
                "ContentHandling": "CONVERT_TO_TEXT",
                "IntegrationResponses": [response],
            },
            "ResourceId": resource_id,
            "RestApiId": api_of(draft),
        },
    )
    return logical_id


def _merged(rules: list[HttpCors]) -> HttpCors:
    """The rules of all events at a path as one: the later ones first, as the Framework lists them."""
    last_first = rules[::-1]
    return HttpCors(
        origin=rules[-1].origin,
        methods=_distinct(method for each in last_first for method in each.methods),
        headers=_distinct(header for each in last_first for header in each.headers),
        origins=_distinct(origin for each in last_first for origin in each.origins),
        allow_credentials=any(each.allow_credentials for each in rules),
        max_age=next((each.max_age for each in last_first if each.max_age), None),
        cache_control=next((each.cache_control for each in last_first if each.cache_control), None),
    )


def _distinct(items: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(items))


def _origins(cors: HttpCors) -> tuple[str, ...]:
    """The origins to choose from; none when there is but one."""
    if cors.origin and "," in cors.origin:
        return tuple(origin.strip() for origin in cors.origin.split(","))
    return cors.origins


def _headers(cors: HttpCors, origin: str | None) -> dict[str, Any]:
    methods = ",".join(cors.methods)
    if "ANY" in cors.methods:
        methods = methods.replace("ANY", _EVERY_METHOD, 1)
    headers = {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Headers": ",".join(cors.headers),
        "Access-Control-Allow-Methods": methods,
        "Access-Control-Allow-Credentials": "true" if cors.allow_credentials else None,
        "Access-Control-Max-Age": cors.max_age,
        "Cache-Control": cors.cache_control,
    }
    return {name: f"'{value}'" for name, value in headers.items() if value is not None}


def _origin_template(origins: tuple[str, ...]) -> str:
    """VTL that answers with the caller's own origin when it is one of these; `*` stands for anything."""
    patterns = [origin.replace(".", "[.]").replace("*", ".+", 1) for origin in origins]
    known = " || ".join(f'$origin.matches("{pattern}")' for pattern in patterns)
    return (
        '#set($origin = $input.params("Origin"))\n'
        '#if($origin == "") #set($origin = $input.params("origin")) #end\n'
        f"#if({known}) #set($context.responseOverride.header.Access-Control-Allow-Origin = $origin) #end"
    )
