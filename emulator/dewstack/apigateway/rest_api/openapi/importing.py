"""An OpenAPI definition put into a REST API, by the API's own operations: what they refuse, the import refuses."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from dewstack.apigateway.errors import BadRequestException
from dewstack.apigateway.openapi_document import Document, items, mapping, model_name
from dewstack.apigateway.rest_api.openapi.methods import MethodReader
from dewstack.errors import AwsError, NotEmulated

Call = Callable[[str, dict[str, Any]], dict[str, Any]]
"""Calls one of the operations of `apigateway`, by its name, for the API and the caller in question."""
BASE_PATHS = ("ignore", "prepend", "split")
MODELS = "https://apigateway.amazonaws.com/restapis/{api_id}/models/{name}"


class Import:
    """One import into the API `api_id`, whose resources are `resources`, ids by path."""

    def __init__(
        self,
        document: Document,
        call: Call,
        api_id: str,
        resources: dict[str, str],
        parameters: Mapping[str, str],
    ) -> None:
        self._document = document
        self._call = call
        self._api_id = api_id
        self._resources = resources
        self._parameters = parameters
        self._prefix = _prefix(document.base_path, parameters)

    def run(self) -> None:
        """Put everything. Raises BadRequestException, in AWS's words, for the first thing that cannot be put."""
        document = self._document
        self._gateway_responses()
        reader = MethodReader(document, self._authorizers(), self._validators())
        for name, schema in document.schemas.items():
            self._model(model_name(name), schema)
        for path in document.paths():
            self._resource(self._prefix + path)
        for path, verb, operation in document.operations():
            self._method(self._prefix + path, verb, operation, reader)
        if "documentation" not in str(self._parameters.get("ignore", "")):
            self._documentation()

    def _put(self, what: str, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        try:
            return self._call(operation, params)
        except NotEmulated:
            raise
        except AwsError as error:
            raise BadRequestException(
                f"Errors found during import:\n\tUnable to {what}: {error.message}"
            ) from None

    def _gateway_responses(self) -> None:
        for kind, raw in mapping(self._document.extension("gateway-responses")).items():
            given = mapping(raw)
            params = {
                "responseType": kind,
                "statusCode": None if given.get("statusCode") is None else str(given["statusCode"]),
                "responseParameters": mapping(given.get("responseParameters")),
                "responseTemplates": mapping(given.get("responseTemplates")),
            }
            self._put(f"put gateway response '{kind}'", "PutGatewayResponse", params)

    def _validators(self) -> dict[str, str]:
        known = {
            one.get("name"): one["id"] for one in self._call("GetRequestValidators", {"limit": 500})["items"]
        }
        for name, given in mapping(self._document.extension("request-validators")).items():
            if name not in known:
                params = {"name": name, **mapping(given)}
                made = self._put(f"create request validator '{name}'", "CreateRequestValidator", params)
                known[name] = made["id"]
        return known

    def _authorizers(self) -> dict[str, tuple[str, str]]:
        listed = self._call("GetAuthorizers", {"limit": 500})["items"]
        known = {one["name"]: (one["id"], one["type"]) for one in listed}
        for name, given in self._document.schemes.items():
            scheme = self._document.resolve(given)
            raw = self._document.resolve(scheme.get("x-amazon-apigateway-authorizer"))
            if not raw or name in known:
                continue
            params = {key: value for key, value in raw.items() if value is not None}
            params |= {"name": name, "type": str(raw.get("type", "")).upper()}
            params["authType"] = scheme.get("x-amazon-apigateway-authtype", "custom")
            if scheme.get("in") == "header" and params["type"] != "REQUEST":
                params.setdefault("identitySource", f"method.request.header.{scheme.get('name')}")
            made = self._put(f"create authorizer '{name}'", "CreateAuthorizer", params)
            known[name] = made["id"], made["type"]
        return known

    def _model(self, name: str, schema: Any) -> None:
        written = msgspec.json.encode(self._referring(schema)).decode()
        if name in {one["name"] for one in self._call("GetModels", {"limit": 500})["items"]}:
            self._call("DeleteModel", {"modelName": name})
        params = {"name": name, "contentType": "application/json", "schema": written}
        if isinstance(mapping(schema).get("description"), str):
            params["description"] = schema["description"]
        self._put(f"create model '{name}'", "CreateModel", params)

    def _referring(self, schema: Any) -> Any:
        """A schema whose references to other schemas of the definition are to their models."""
        if isinstance(schema, list):
            return [self._referring(each) for each in schema]
        if not isinstance(schema, dict):
            return schema
        reference = schema.get("$ref")
        if isinstance(reference, str) and reference.startswith(("#/definitions/", "#/components/schemas/")):
            return {"$ref": MODELS.format(api_id=self._api_id, name=model_name(reference))}
        return {key: self._referring(value) for key, value in schema.items()}

    def _resource(self, path: str) -> str:
        """The id of the resource at `path`, made with those above it."""
        path = "/" + path.strip("/")
        if path not in self._resources:
            above, _, part = path.rpartition("/")
            params = {"parentId": self._resource(above), "pathPart": part}
            made = self._put(f"create resource at path '{path}'", "CreateResource", params)
            self._resources[path] = made["id"]
        return self._resources[path]

    def _method(self, path: str, verb: str, operation: dict[str, Any], reader: MethodReader) -> None:
        place = {"resourceId": self._resource(path), "httpMethod": verb}
        method, integration = reader.method(operation), reader.integration(path, operation)
        responses = list(reader.responses(operation))
        for name, schema in reader.models.items():
            self._model(name, schema)
        reader.models.clear()
        where = f"'{verb}' for resource at path '{path}'"
        held = self._call("GetResource", {"resourceId": place["resourceId"]}).get("resourceMethods", {})
        if verb in held:
            self._call("DeleteMethod", place)
        self._put(f"put method {where}", "PutMethod", place | method)
        for response in responses:
            self._put(f"put method response on {where}", "PutMethodResponse", place | response)
        if integration is None:
            return
        self._put(f"put integration on {where}", "PutIntegration", place | integration[0])
        declared = {response["statusCode"] for response in responses}
        for response in integration[1]:
            if response["statusCode"] not in declared:
                self._call("PutMethodResponse", place | {"statusCode": response["statusCode"]})
                declared.add(response["statusCode"])
            self._put(f"put integration response on {where}", "PutIntegrationResponse", place | response)

    def _documentation(self) -> None:
        documentation = mapping(self._document.extension("documentation"))
        for part in map(mapping, items(documentation.get("documentationParts"))):
            properties = part.get("properties", {})
            written = properties if isinstance(properties, str) else msgspec.json.encode(properties).decode()
            params = {"location": mapping(part.get("location")), "properties": written}
            self._put("create documentation part", "CreateDocumentationPart", params)


def _prefix(base_path: str, parameters: Mapping[str, str]) -> str:
    """What a definition's base path puts in front of its paths: nothing, all of it, or all but its first part."""
    how = str(parameters.get("basepath") or "ignore").lower()
    if how not in BASE_PATHS:
        raise BadRequestException(f"Invalid basepath mode: {how}. Valid modes are {', '.join(BASE_PATHS)}")
    if how == "ignore" or not base_path:
        return ""
    if how == "split":
        base_path = base_path.partition("/")[2]
    return f"/{base_path}" if base_path else ""
