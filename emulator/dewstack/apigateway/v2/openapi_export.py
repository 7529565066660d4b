"""Definitions out of HTTP APIs: ExportApi."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from dewstack.apigateway.errors import BadRequestException
from dewstack.apigateway.v2.model import Api, Authorizer, Integration, Route, Snapshot, Stage
from dewstack.apigateway.v2.openapi import AUTHORIZER, DEFAULT, INTEGRATION, PREFIX, http_api
from dewstack.apigateway.v2.resources import ApisV2
from dewstack.apigateway.v2.shapes import output, required
from dewstack.config import Caller
from dewstack.wire import operation

PARAMETER = re.compile(r"\{(\w+)\+?\}")
SIGNED = "sigv4"
"""The security scheme of routes that ask for AWS's signatures."""
SIGNATURES: Mapping[str, Any] = {
    "type": "apiKey",
    "name": "Authorization",
    "in": "header",
    f"{PREFIX}authtype": "awsSigv4",
}


class ExportOperations:
    """Export. `served` gives what a stage serves."""

    def __init__(self, apis: ApisV2, served: Callable[[Api, Stage], Snapshot]) -> None:
        self._apis = apis
        self._served = served

    @operation("ExportApi")
    def export_api(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """The API as a definition, JSON or YAML. Raises NotFoundException, BadRequestException."""
        api = http_api(self._apis, caller, params)
        if params.get("Specification", "OAS30") != "OAS30":
            raise BadRequestException("Specification must be OAS30")
        kind = required(params, "OutputType")
        if kind not in ("JSON", "YAML"):
            raise BadRequestException("OutputType must be one of [YAML, JSON]")
        stage = params.get("StageName")
        snapshot = self._served(api, self._apis.stages.get(api, stage)) if stage else self._apis.snapshot(api)
        document = exported(api, snapshot, extensions=params.get("IncludeExtensions", True))
        if kind == "JSON":
            return {"body": json.dumps(document, indent=2).encode()}
        import yaml

        return {"body": yaml.safe_dump(document, sort_keys=False).encode()}


def exported(api: Api, snapshot: Snapshot, *, extensions: bool) -> dict[str, Any]:
    """What a snapshot of an API says, as a definition."""
    info = {"title": api.name, "version": api.version or "1.0"}
    if api.description:
        info["description"] = api.description
    document: dict[str, Any] = {"openapi": "3.0.1", "info": info, "paths": _paths(snapshot, extensions)}
    schemes: dict[str, Any] = {one.name: _scheme(one) for one in snapshot.authorizers}
    if any(route.authorization_type == "AWS_IAM" for route in snapshot.routes):
        schemes[SIGNED] = SIGNATURES
    if schemes:
        document["components"] = {"securitySchemes": schemes}
    if extensions:
        document[f"{PREFIX}importexport-version"] = "1.0"
    cors = snapshot.cors_configuration
    if extensions and cors is not None:
        told = output(cors)
        document[f"{PREFIX}cors"] = {name[0].lower() + name[1:]: value for name, value in told.items()}
    return document


def _paths(snapshot: Snapshot, extensions: bool) -> dict[str, dict[str, Any]]:
    names = {one.authorizer_id: one.name for one in snapshot.authorizers}
    integrations = {f"integrations/{one.integration_id}": one for one in snapshot.integrations}
    paths: dict[str, dict[str, Any]] = {}
    for route in sorted(snapshot.routes, key=lambda one: one.route_key):
        verb, _, path = route.route_key.partition(" ")
        if route.route_key == DEFAULT:
            verb, path = "ANY", f"/{DEFAULT}"
        method = f"{PREFIX}any-method" if verb == "ANY" else verb.lower()
        found = integrations.get(route.target or "") if extensions else None
        paths.setdefault(path, {})[method] = _operation(route, path, names, found)
    return paths


def _operation(
    route: Route, path: str, names: Mapping[str, str], integration: Integration | None
) -> dict[str, Any]:
    told: dict[str, Any] = {}
    if route.operation_name:
        told["operationId"] = route.operation_name
    parameters = PARAMETER.findall(path)
    if parameters:
        text = {"in": "path", "required": True, "schema": {"type": "string"}}
        told["parameters"] = [{"name": name, **text} for name in parameters]
    told["responses"] = {"default": {"description": f"Default response for {route.route_key}"}}
    if route.authorization_type == "AWS_IAM":
        told["security"] = [{SIGNED: []}]
    elif route.authorizer_id is not None and route.authorizer_id in names:
        told["security"] = [{names[route.authorizer_id]: list(route.authorization_scopes or ())}]
    if integration is not None:
        shape = output(integration)
        given = {name: shape[to] for name, to in INTEGRATION.items() if shape.get(to) is not None}
        told[f"{PREFIX}integration"] = {**given, "type": shape["IntegrationType"].lower()}
    return told


def _scheme(authorizer: Authorizer) -> dict[str, Any]:
    shape = output(authorizer)
    about: dict[str, Any] = {"identitySource": ",".join(authorizer.identity_source)}
    if authorizer.authorizer_type == "JWT":
        jwt = shape.get("JwtConfiguration") or {}
        about |= {
            "type": "jwt",
            "jwtConfiguration": {"issuer": jwt.get("Issuer"), "audience": jwt.get("Audience")},
        }
        return {"type": "oauth2", "flows": {}, f"{PREFIX}authorizer": about}
    about |= {
        "type": "request",
        **{name: shape[to] for name, to in AUTHORIZER.items() if shape.get(to) is not None},
    }
    return {"type": "apiKey", "name": "Unused", "in": "header", f"{PREFIX}authorizer": about}
