"""Operations of an OpenAPI definition as the parameters of PutMethod, PutIntegration and what belongs to them."""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import uuid4

from dewstack.apigateway.errors import BadRequestException
from dewstack.apigateway.openapi_document import JSON, PREFIX, Document, items, mapping, model_name

PLACES = {"query": "querystring", "header": "header", "path": "path"}
STATUS = re.compile(r"[1-5]\d\d")
AUTHORIZATIONS = {"COGNITO_USER_POOLS": "COGNITO_USER_POOLS", "TOKEN": "CUSTOM", "REQUEST": "CUSTOM"}
API_KEY = "x-api-key"
UPPER = ("type", "passthroughBehavior", "contentHandling", "connectionType", "responseTransferMode")
PLAIN = (
    "uri",
    "credentials",
    "requestParameters",
    "requestTemplates",
    "cacheNamespace",
    "cacheKeyParameters",
    "timeoutInMillis",
    "connectionId",
    "tlsConfig",
)

Params = dict[str, Any]


class MethodReader:
    """Reads operations of `document`.

    `authorizers` are the ids and types of its authorizers by name, `validators` the ids of its request validators.
    Models of bodies that have no name get one and are put among `models`, schemas by name.
    """

    def __init__(
        self, document: Document, authorizers: Mapping[str, tuple[str, str]], validators: Mapping[str, str]
    ) -> None:
        self._document = document
        self._authorizers = authorizers
        self._validators = validators
        self.models: dict[str, Any] = {}

    def method(self, operation: Params) -> Params:
        """PutMethod's parameters."""
        parameters: dict[str, bool] = {}
        for each in map(self._document.resolve, operation["parameters"]):
            place = PLACES.get(str(each.get("in")))
            if place and each.get("name"):
                parameters[f"method.request.{place}.{each['name']}"] = bool(each.get("required"))
        validator = operation.get(f"{PREFIX}request-validator", self._document.extension("request-validator"))
        method = {
            "operationName": operation.get("operationId"),
            "requestParameters": parameters or None,
            "requestModels": self._request_models(operation) or None,
            "requestValidatorId": self._validators.get(str(validator)),
            **self._security(operation),
        }
        return {name: value for name, value in method.items() if value is not None}

    def _security(self, operation: Params) -> Params:
        found: Params = {"authorizationType": "NONE"}
        explicit = mapping(operation.get(f"{PREFIX}auth")).get("type")
        if explicit:
            found["authorizationType"] = str(explicit)
        for requirement in items(operation.get("security", self._document.raw.get("security"))):
            for name, scopes in mapping(requirement).items():
                found |= self._requirement(name, items(scopes))
        return found

    def _requirement(self, name: str, scopes: list[Any]) -> Params:
        scheme = self._document.resolve(self._document.schemes.get(name))
        if str(scheme.get(f"{PREFIX}authtype", "")).lower() == "awssigv4":
            return {"authorizationType": "AWS_IAM"}
        if name in self._authorizers:
            authorizer_id, kind = self._authorizers[name]
            given: Params = {"authorizationType": AUTHORIZATIONS[kind], "authorizerId": authorizer_id}
            return given | ({"authorizationScopes": scopes} if scopes else {})
        if scheme.get("type") == "apiKey" and str(scheme.get("name", "")).lower() == API_KEY:
            return {"apiKeyRequired": True}
        self._document.warnings.append(f"Unable to find security definition '{name}'. Ignoring.")
        return {}

    def _request_models(self, operation: Params) -> dict[str, str]:
        bodies: dict[str, Any] = {}
        if self._document.swagger:
            for each in map(self._document.resolve, operation["parameters"]):
                if each.get("in") == "body" and each.get("schema"):
                    types = items(operation.get("consumes", self._document.raw.get("consumes"))) or [JSON]
                    bodies |= dict.fromkeys(types, each["schema"])
        else:
            content = mapping(self._document.resolve(operation.get("requestBody")).get("content"))
            bodies = {kind: mapping(media).get("schema") for kind, media in content.items()}
        return self._named(bodies)

    def _named(self, bodies: Mapping[str, Any]) -> dict[str, str]:
        """The model of each media type."""
        named = {kind: self._model(schema) for kind, schema in bodies.items() if schema}
        return {kind: name for kind, name in named.items() if name}

    def _model(self, schema: Any) -> str | None:
        reference = mapping(schema).get("$ref")
        if not isinstance(reference, str):
            name = f"MODEL{uuid4().hex[:6]}"
            self.models[name] = schema
            return name
        if model_name(reference) in map(model_name, self._document.schemas):
            return model_name(reference)
        self._document.warnings.append(f"Reference to model '{model_name(reference)}' not found. Ignoring.")
        return None

    def responses(self, operation: Params) -> Iterator[Params]:
        """PutMethodResponse's parameters, for each response with a status."""
        for status, given in mapping(operation.get("responses")).items():
            if not STATUS.fullmatch(status):
                continue
            response = self._document.resolve(given)
            headers = {f"method.response.header.{name}": False for name in mapping(response.get("headers"))}
            if self._document.swagger:
                types = items(operation.get("produces", self._document.raw.get("produces"))) or [JSON]
                bodies = dict.fromkeys(types, response.get("schema"))
            else:
                content = mapping(response.get("content"))
                bodies = {kind: mapping(media).get("schema") for kind, media in content.items()}
            yield {
                "statusCode": status,
                "responseParameters": headers,
                "responseModels": self._named(bodies),
            }

    def integration(self, path: str, operation: Params) -> tuple[Params, list[Params]] | None:
        """PutIntegration's parameters, and PutIntegrationResponse's for each response; None without an integration.
        Raises BadRequestException."""
        if f"{PREFIX}integration" not in operation:
            return None
        raw = self._document.resolve(operation[f"{PREFIX}integration"])
        if not isinstance(raw.get("type"), str):
            raise BadRequestException(
                f"Unable to parse API definition because of a malformed integration at path {path}"
            )
        given = {name: raw[name] for name in PLAIN if raw.get(name) is not None}
        given |= {name: str(raw[name]).upper() for name in UPPER if raw.get(name)}
        if given.get("connectionType") == "INTERNET":
            del given["connectionType"]
        if raw.get("httpMethod"):
            given["integrationHttpMethod"] = (
                "ANY" if raw["httpMethod"] in ("any", "x-any") else raw["httpMethod"]
            )
        responses = [_response(str(key), mapping(one)) for key, one in mapping(raw.get("responses")).items()]
        return given, responses


def _response(pattern: str, raw: Params) -> Params:
    given = {name: raw[name] for name in ("responseParameters", "responseTemplates") if raw.get(name)}
    if raw.get("contentHandling"):
        given["contentHandling"] = str(raw["contentHandling"]).upper()
    if pattern != "default":
        given["selectionPattern"] = pattern
    return given | {"statusCode": str(raw.get("statusCode", "200"))}
