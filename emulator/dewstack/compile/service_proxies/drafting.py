"""The forms that the integrations of all services share."""

from collections.abc import Mapping
from typing import Any

from dewstack.compile.service_proxies.roles import role_of

Http = Mapping[str, Any]

JSON, FORM = "application/json", "application/x-www-form-urlencoded"
ARN = "arn:${AWS::Partition}:apigateway:${AWS::Region}:"
STATUSES = {200: "success", 400: "clientError", 500: "serverError"}
PLACES = {
    "pathParam": "$input.params().path.",
    "queryStringParam": "$input.params().querystring.",
    "bodyParam": "$util.parseJson($input.body).",
}


def integration(service: str, http: Http, uri: Any, responses: list[Any], **more: Any) -> dict[str, Any]:
    """An integration with a service, made by POST unless `more` says otherwise."""
    return {
        "IntegrationHttpMethod": "POST",
        "Type": "AWS",
        "Credentials": role_of(service, http),
        "Uri": {"Fn::Sub": uri},
        **more,
        "IntegrationResponses": responses,
    }


def response(status: Any, pattern: Any, templates: Mapping[str, Any], **parameters: Any) -> dict[str, Any]:
    """One of its responses."""
    return {
        "StatusCode": status,
        "SelectionPattern": pattern,
        "ResponseParameters": parameters,
        "ResponseTemplates": dict(templates),
    }


def named(http: Http, place: str, name: str) -> Any:
    """What the map has at `request.template` and its like, or None."""
    section = http.get(place)
    template = section.get("template") if isinstance(section, Mapping) else None
    return template.get(name) if isinstance(template, Mapping) else None


def own_templates(http: Http) -> dict[str, Any]:
    """The map's own request templates."""
    request = http.get("request") or {}
    return dict(request.get("template") or {})


def simple(http: Http, *content_types: str) -> list[dict[str, Any]]:
    """A response for each status, with the templates that the map gives by its name."""
    return [
        response(status, status, dict.fromkeys(content_types, own) if own else {})
        for status, own in ((status, named(http, "response", name)) for status, name in STATUSES.items())
    ]


def responses(http: Http, *content_types: str) -> list[dict[str, Any]] | None:
    """The map's responses, in either of the two forms that it may give them; None where it gives none."""
    if named(http, "response", "success"):
        return simple(http, *content_types)
    if isinstance(http.get("response"), list):
        return [
            response(
                each["statusCode"],
                each.get("selectionPattern") or each["statusCode"],
                each.get("responseTemplates") or {},
                **(each.get("responseParameters") or {}),
            )
            for each in http["response"]
        ]
    return None


def plain() -> list[dict[str, Any]]:
    """A response for each status, without templates."""
    return [response(status, status, {}) for status in STATUSES]


def parameter(value: Any, absent: str) -> str:
    """A part of a request as the map names it, in a template."""
    if value is None:
        return absent
    if isinstance(value, Mapping):
        return next((prefix + value[key] for key, prefix in PLACES.items() if value.get(key)), str(value))
    return str(value)


def both(template: Any, http: Http) -> dict[str, Any]:
    """A template for JSON and for forms, and what the map has in its place."""
    return {JSON: template, FORM: template} | own_templates(http)
