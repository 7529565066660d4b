"""What a stage serves, as an OpenAPI definition: `swagger` is 2.0, `oas30` 3.0.1, in JSON or YAML."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import msgspec

from dewstack.apigateway.errors import BadRequestException
from dewstack.apigateway.openapi_document import ANY_METHOD, JSON, PREFIX
from dewstack.apigateway.rest_api.documentation_model import DocumentationPart
from dewstack.apigateway.rest_api.model import (
    Authorizer,
    Integration,
    Method,
    Model,
    RestApi,
    Snapshot,
    Stage,
)
from dewstack.apigateway.rest_api.model_references import MODEL_URL
from dewstack.apigateway.rest_api.shapes import output

TYPES = ("swagger", "oas30")
YAML = "application/yaml"
ALL_EXTENSIONS = frozenset({"integrations", "authorizers", "documentation", "validators", "gatewayresponses"})
PLACES = {"querystring": "query", "header": "header", "path": "path"}
PARAMETER = re.compile(r"method\.request\.(querystring|header|path)\.(.+)")
API_KEY = "api_key"
SIGNED = "sigv4"

Node = dict[str, Any]


class Export:
    """One export. `extensions` is a list with commas of what to tell beside the API itself; `apigateway` is all."""

    def __init__(
        self,
        api: RestApi,
        stage: Stage,
        snapshot: Snapshot,
        kind: str,
        extensions: str,
        documentation: Iterable[DocumentationPart],
    ) -> None:
        if kind not in TYPES:
            raise BadRequestException(
                f"Unsupported export type '{kind}'. Supported types are {', '.join(TYPES)}"
            )
        wanted = {name.strip() for name in extensions.split(",") if name.strip()}
        self._extensions = ALL_EXTENSIONS if "apigateway" in wanted else wanted
        self._api = api
        self._stage = stage
        self._snapshot = snapshot
        self._swagger = kind == "swagger"
        self._documentation = sorted(documentation, key=lambda part: str(part.location))
        self._authorizers = {one.id: one for one in snapshot.authorizers}
        self._validators = {one.id: one.name for one in snapshot.request_validators}

    def answer(self, accepts: str) -> Node:
        """GetExport's answer in the media type that is asked for. Raises BadRequestException for another."""
        document = self.document()
        if accepts.startswith(YAML):
            import yaml

            body, kind, suffix = yaml.safe_dump(document, sort_keys=False).encode(), YAML, "yaml"
        elif accepts.startswith((JSON, "*/*")):
            body, kind, suffix = msgspec.json.format(msgspec.json.encode(document), indent=2), JSON, "json"
        else:
            raise BadRequestException(f"Unsupported export format: {accepts}. Use {JSON} or {YAML}")
        name = f'attachment; filename="{"swagger" if self._swagger else "oas30"}_{self._stage.stage_name}.{suffix}"'
        return {"body": body, "contentType": kind, "contentDisposition": name}

    def document(self) -> Node:
        """The definition."""
        api, host = self._api, f"{self._api.id}.execute-api.{self._api.region}.amazonaws.com"
        made = datetime.fromtimestamp(int(api.created_date), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        info = {"title": api.name, "description": api.description, "version": api.version or made}
        info = {name: value for name, value in info.items() if value}
        paths = {
            one.path: self._path(one.resource_methods) for one in sorted(self._snapshot.resources, key=_path)
        }
        paths = {path: methods for path, methods in paths.items() if methods}
        schemas = {one.name: self._schema(one) for one in self._snapshot.models if one.name in self._used()}
        security = self._security_schemes()
        if self._swagger:
            document: Node = {"swagger": "2.0", "info": info, "host": host}
            document |= {"basePath": f"/{self._stage.stage_name}", "schemes": ["https"], "paths": paths}
            document |= {"securityDefinitions": security} if security else {}
            return document | ({"definitions": schemas} if schemas else {}) | self._whole()
        default = {"basePath": {"default": self._stage.stage_name}}
        document = {"openapi": "3.0.1", "info": info}
        document |= {
            "servers": [{"url": f"https://{host}/{{basePath}}", "variables": default}],
            "paths": paths,
        }
        parts = {"schemas": schemas, "securitySchemes": security}
        return document | {"components": {name: part for name, part in parts.items() if part}} | self._whole()

    def _whole(self) -> Node:
        """The extensions that speak of the API as a whole."""
        whole: Node = {}
        if self._api.policy and self._extensions:
            whole["policy"] = msgspec.json.decode(self._api.policy)
        if self._snapshot.binary_media_types and self._extensions:
            whole["binary-media-types"] = self._snapshot.binary_media_types
        if "validators" in self._extensions and self._snapshot.request_validators:
            whole["request-validators"] = self._request_validators()
        if "gatewayresponses" in self._extensions and self._snapshot.gateway_responses:
            whole["gateway-responses"] = {
                one.response_type: {
                    name: value for name, value in output(one).items() if name != "responseType"
                }
                for one in self._snapshot.gateway_responses
            }
        if "documentation" in self._extensions and self._documentation:
            parts = [
                {"location": output(part.location), "properties": msgspec.json.decode(part.properties)}
                for part in self._documentation
            ]
            whole["documentation"] = {"documentationParts": parts}
        return {f"{PREFIX}{name}": value for name, value in whole.items()}

    def _request_validators(self) -> Node:
        return {
            one.name or one.id: {
                "validateRequestParameters": one.validate_request_parameters,
                "validateRequestBody": one.validate_request_body,
            }
            for one in self._snapshot.request_validators
        }

    def _path(self, methods: dict[str, Method]) -> Node:
        return {
            ANY_METHOD if verb == "ANY" else verb.lower(): self._operation(method)
            for verb, method in sorted(methods.items())
        }

    def _operation(self, method: Method) -> Node:
        operation: Node = {}
        if method.operation_name:
            operation["operationId"] = method.operation_name
        operation |= self._asked(method)
        operation["responses"] = {
            status: self._response(status, one.response_parameters or {}, one.response_models or {})
            for status, one in sorted((method.method_responses or {}).items())
        }
        security = self._security(method)
        if security:
            operation["security"] = security
        if "validators" in self._extensions and method.request_validator_id in self._validators:
            operation[f"{PREFIX}request-validator"] = self._validators[method.request_validator_id]
        if "integrations" in self._extensions and method.method_integration:
            operation[f"{PREFIX}integration"] = integration_of(method.method_integration)
        return operation

    def _asked(self, method: Method) -> Node:
        """What an operation takes: parameters and bodies."""
        asked: Node = {}
        bodies = method.request_models or {}
        parameters = list(self._parameters(method))
        if self._swagger:
            if bodies:
                asked["consumes"] = list(bodies)
                schema = self._reference(next(iter(bodies.values())))
                parameters.append({"in": "body", "name": "body", "required": True, "schema": schema})
            asked["produces"] = [JSON]
        if parameters:
            asked["parameters"] = parameters
        if bodies and not self._swagger:
            content = {kind: {"schema": self._reference(name)} for kind, name in bodies.items()}
            asked["requestBody"] = {"content": content, "required": True}
        return asked

    def _parameters(self, method: Method) -> Iterable[Node]:
        for name, needed in (method.request_parameters or {}).items():
            match = PARAMETER.fullmatch(name)
            if match:
                given: Node = {
                    "name": match[2],
                    "in": PLACES[match[1]],
                    "required": needed or match[1] == "path",
                }
                yield given | self._text()

    def _text(self) -> Node:
        return {"type": "string"} if self._swagger else {"schema": {"type": "string"}}

    def _reference(self, model: str) -> Node:
        return {"$ref": f"#/{'definitions' if self._swagger else 'components/schemas'}/{model}"}

    def _response(self, status: str, headers: dict[str, bool], models: dict[str, str]) -> Node:
        response: Node = {"description": f"{status} response"}
        if headers:
            names = (name.removeprefix("method.response.header.") for name in headers)
            response["headers"] = {name: self._text() for name in names}
        if models and self._swagger:
            response["schema"] = self._reference(next(iter(models.values())))
        elif not self._swagger:
            response["content"] = {kind: {"schema": self._reference(name)} for kind, name in models.items()}
        return response

    def _security(self, method: Method) -> list[Node]:
        required: list[Node] = []
        authorizer = self._authorizers.get(method.authorizer_id or "")
        if authorizer:
            required.append({authorizer.name: method.authorization_scopes or []})
        if method.authorization_type == "AWS_IAM":
            required.append({SIGNED: []})
        if method.api_key_required:
            required.append({API_KEY: []})
        return required

    def _methods(self) -> list[Method]:
        return [method for one in self._snapshot.resources for method in one.resource_methods.values()]

    def _security_schemes(self) -> Node:
        schemes: Node = {}
        methods = self._methods()
        used = {method.authorizer_id for method in methods}
        for authorizer in self._snapshot.authorizers:
            if authorizer.id in used or "authorizers" in self._extensions:
                schemes[authorizer.name] = self._scheme(authorizer)
        header = {"type": "apiKey", "name": "Authorization", "in": "header"}
        if any(method.authorization_type == "AWS_IAM" for method in methods):
            schemes[SIGNED] = header | {f"{PREFIX}authtype": "awsSigv4"}
        if any(method.api_key_required for method in methods):
            schemes[API_KEY] = header | {"name": "x-api-key"}
        return schemes

    def _scheme(self, authorizer: Authorizer) -> Node:
        source = (authorizer.identity_source or "").partition(",")[0]
        where, _, name = source.removeprefix("method.request.").partition(".")
        scheme: Node = {"type": "apiKey", "name": name or "Unused", "in": PLACES.get(where, "header")}
        scheme[f"{PREFIX}authtype"] = authorizer.auth_type or "custom"
        if self._extensions:
            hidden = ("id", "name", "authType")
            given = {key: value for key, value in output(authorizer).items() if key not in hidden}
            scheme[f"{PREFIX}authorizer"] = given | {"type": authorizer.type.lower()}
        return scheme

    def _used(self) -> set[str]:
        """The models that methods name, and those that these name."""
        names: set[str] = set()
        for method in self._methods():
            names |= set((method.request_models or {}).values())
            for response in (method.method_responses or {}).values():
                names |= set((response.response_models or {}).values())
        schemas = {one.name: one.schema or "" for one in self._snapshot.models}
        todo = list(names)
        while todo:
            found = set(MODEL_URL.findall(schemas.get(todo.pop(), ""))) - names
            names |= found
            todo += found
        return names

    def _schema(self, model: Model) -> Any:
        prefix = "#/definitions/" if self._swagger else "#/components/schemas/"
        schema = msgspec.json.decode(MODEL_URL.sub(lambda match: prefix + match[1], model.schema or "{}"))
        return (
            {key: value for key, value in schema.items() if key != "$schema"}
            if isinstance(schema, dict)
            else {}
        )


def integration_of(integration: Integration) -> Node:
    """An integration as its extension spells it."""
    given = output(integration)
    responses = given.pop("integrationResponses", {})
    node = {key: value for key, value in given.items() if key not in ("cacheNamespace", "cacheKeyParameters")}
    for name in ("type", "passthroughBehavior"):
        node[name] = str(node[name]).lower()
    if integration.cache_key_parameters:
        node["cacheKeyParameters"] = integration.cache_key_parameters
        node["cacheNamespace"] = integration.cache_namespace
    if responses:
        node["responses"] = {
            one.get("selectionPattern") or "default": {
                k: v for k, v in one.items() if k != "selectionPattern"
            }
            for one in responses.values()
        }
    return node


def _path(resource: Any) -> str:
    return str(resource.path)
