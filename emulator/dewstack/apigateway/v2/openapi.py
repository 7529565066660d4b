"""HTTP APIs out of OpenAPI 3.0 definitions: ImportApi, ReimportApi.

An import is a sequence of the API's own operations in one transaction: what they refuse, it refuses, and nothing is
left of one that fails.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from dewstack.apigateway.errors import BadRequestException
from dewstack.apigateway.v2.model import Api
from dewstack.apigateway.v2.resources import ApisV2
from dewstack.apigateway.v2.shapes import required
from dewstack.config import Caller
from dewstack.wire import Handler, operation

if TYPE_CHECKING:
    from dewstack.apigateway.openapi_document import Document

PREFIX = "x-amazon-apigateway-"
DEFAULT = "$default"
INTEGRATION = {
    "type": "IntegrationType",
    "uri": "IntegrationUri",
    "httpMethod": "IntegrationMethod",
    "payloadFormatVersion": "PayloadFormatVersion",
    "timeoutInMillis": "TimeoutInMillis",
    "connectionType": "ConnectionType",
    "connectionId": "ConnectionId",
    "credentials": "CredentialsArn",
    "integrationSubtype": "IntegrationSubtype",
    "requestParameters": "RequestParameters",
    "responseParameters": "ResponseParameters",
    "tlsConfig": "TlsConfig",
}
AUTHORIZER = {
    "authorizerUri": "AuthorizerUri",
    "authorizerPayloadFormatVersion": "AuthorizerPayloadFormatVersion",
    "authorizerResultTtlInSeconds": "AuthorizerResultTtlInSeconds",
    "authorizerCredentials": "AuthorizerCredentialsArn",
    "enableSimpleResponses": "EnableSimpleResponses",
}
CORS = ("AllowCredentials", "AllowHeaders", "AllowMethods", "AllowOrigins", "ExposeHeaders", "MaxAge")
TEXTS = frozenset({"PayloadFormatVersion", "AuthorizerPayloadFormatVersion"})
"""What YAML may give as a number."""


def http_api(apis: ApisV2, caller: Caller, params: dict[str, Any]) -> Api:
    """The API that is named. Raises NotFoundException; BadRequestException for one that definitions cannot describe."""
    api = apis.api(caller, params)
    if api.protocol_type != "HTTP":
        raise BadRequestException("Only HTTP APIs can be imported and exported")
    return api


class ImportOperations:
    """Import. `handler` gives the other operations by name."""

    def __init__(self, apis: ApisV2, handler: Callable[[str], Handler]) -> None:
        self._apis = apis
        self._handler = handler

    @operation("ImportApi")
    def import_api(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Create an API out of a definition. Raises BadRequestException, NotEmulated."""
        document = self._document(params)
        with self._all_or_nothing():
            made = self._call(caller, "CreateApi", ProtocolType="HTTP", **_whole(document))
            warnings = self._fill(caller, made["ApiId"], document, params)
        return self._told(caller, made["ApiId"], warnings)

    @operation("ReimportApi")
    def reimport_api(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Put a definition in the place of all that an API has; its stages stay. Raises NotFoundException too."""
        document = self._document(params)
        with self._all_or_nothing():
            api = http_api(self._apis, caller, params)
            for parts in (self._apis.routes, self._apis.integrations, self._apis.authorizers):
                parts.clear(api)
            if api.cors_configuration is not None:
                self._call(caller, "DeleteCorsConfiguration", ApiId=api.api_id)
            self._call(caller, "UpdateApi", ApiId=api.api_id, **_whole(document))
            warnings = self._fill(caller, api.api_id, document, params)
        return self._told(caller, api.api_id, warnings)

    @contextmanager
    def _all_or_nothing(self) -> Iterator[None]:
        """A transaction; what memory holds of the APIs goes back with the store."""
        try:
            with self._apis.transaction():
                yield
        except RecursionError:
            self._apis.forget()
            raise BadRequestException("Invalid OpenAPI input.") from None
        except BaseException:
            self._apis.forget()
            raise

    @staticmethod
    def _document(params: dict[str, Any]) -> "Document":
        from dewstack.apigateway.openapi_document import Document

        document = Document(required(params, "Body"))
        if document.swagger:
            raise BadRequestException("Only OpenAPI 3.0 are currently supported")
        if not document.title:
            raise BadRequestException("Unable to parse API definition because of a missing title")
        return document

    def _call(self, caller: Caller, name: str, **params: Any) -> dict[str, Any]:
        made: dict[str, Any] = self._handler(name)(caller, params)
        return made

    def _fill(self, caller: Caller, api_id: str, document: "Document", params: dict[str, Any]) -> list[str]:
        """Make authorizers, integrations and routes; what could not be made is told. With FailOnWarnings that raises
        BadRequestException."""
        authorizers = {
            name: self._call(caller, "CreateAuthorizer", ApiId=api_id, Name=name, **given)["AuthorizerId"]
            for name, given in _authorizers(document)
        }
        base = _base(document, params.get("Basepath") or "ignore")
        for path, verb, given in document.operations():
            key = DEFAULT if path == f"/{DEFAULT}" else f"{verb} {base}{path}"
            route = {"RouteKey": key, **_guard(document, given, authorizers)}
            integration = document.resolve(given.get(PREFIX + "integration"))
            if integration:
                made = self._call(caller, "CreateIntegration", ApiId=api_id, **_integration(integration))
                route["Target"] = f"integrations/{made['IntegrationId']}"
            else:
                document.warnings.append(f"No integration defined for {verb} {path}")
            if given.get("operationId"):
                route["OperationName"] = given["operationId"]
            self._call(caller, "CreateRoute", ApiId=api_id, **route)
        if document.warnings and params.get("FailOnWarnings"):
            raise BadRequestException(f"Warnings found during import:\n\t{chr(10).join(document.warnings)}")
        return document.warnings

    def _told(self, caller: Caller, api_id: str, warnings: list[str]) -> dict[str, Any]:
        told = self._call(caller, "GetApi", ApiId=api_id)
        return told | ({"Warnings": warnings} if warnings else {})


def _whole(document: "Document") -> dict[str, Any]:
    """What a definition says of the API as a whole."""
    from dewstack.apigateway.openapi_document import mapping

    whole: dict[str, Any] = {"Name": str(document.title)}
    if document.description:
        whole["Description"] = document.description
    if document.version:
        whole["Version"] = document.version
    cors = mapping(document.extension("cors"))
    if cors:
        given = {name[:1].upper() + name[1:]: value for name, value in cors.items()}
        whole["CorsConfiguration"] = {name: given[name] for name in CORS if name in given}
    endpoint = mapping(document.extension("endpoint-configuration"))
    if "disableExecuteApiEndpoint" in endpoint:
        whole["DisableExecuteApiEndpoint"] = bool(endpoint["disableExecuteApiEndpoint"])
    return whole


def _base(document: "Document", mode: str) -> str:
    """What stands before all paths. Raises BadRequestException."""
    if mode not in ("ignore", "prepend", "split"):
        raise BadRequestException("Basepath must be one of [ignore, prepend, split]")
    path = document.base_path
    if mode == "ignore" or not path:
        return ""
    return f"/{path}" if mode == "prepend" else "".join(f"/{part}" for part in path.split("/")[1:])


def _authorizers(document: "Document") -> Iterator[tuple[str, dict[str, Any]]]:
    from dewstack.apigateway.openapi_document import items, mapping

    for name, scheme in document.schemes.items():
        given = mapping(mapping(scheme).get(PREFIX + "authorizer"))
        if not given:
            continue
        sources = given.get("identitySource")
        listed = sources.replace(" ", "").split(",") if isinstance(sources, str) else items(sources)
        made: dict[str, Any] = {"IdentitySource": listed, **_renamed(given, AUTHORIZER)}
        if _is_jwt(given):
            jwt = mapping(given.get("jwtConfiguration"))
            made["JwtConfiguration"] = {"Issuer": jwt.get("issuer"), "Audience": items(jwt.get("audience"))}
            yield name, {"AuthorizerType": "JWT", **made}
        else:
            yield name, {"AuthorizerType": str(given.get("type") or "").upper(), **made}


def _is_jwt(authorizer: Mapping[str, Any]) -> bool:
    return str(authorizer.get("type")).lower() == "jwt"


def _guard(document: "Document", given: Mapping[str, Any], authorizers: Mapping[str, str]) -> dict[str, Any]:
    """Who may call an operation."""
    from dewstack.apigateway.openapi_document import items, mapping

    asked = given.get("security", document.raw.get("security"))
    for requirement in items(asked):
        for name, scopes in mapping(requirement).items():
            scheme = mapping(document.schemes.get(name))
            if scheme.get(PREFIX + "authtype") == "awsSigv4":
                return {"AuthorizationType": "AWS_IAM"}
            if name in authorizers:
                jwt = _is_jwt(mapping(scheme.get(PREFIX + "authorizer")))
                guard: dict[str, Any] = {"AuthorizerId": authorizers[name]}
                guard["AuthorizationType"] = "JWT" if jwt else "CUSTOM"
                return guard | ({"AuthorizationScopes": scopes} if jwt and scopes else {})
            document.warnings.append(f"No authorizer is defined for the security scheme {name}")
    return {}


def _integration(given: Mapping[str, Any]) -> dict[str, Any]:
    made = _renamed(given, INTEGRATION)
    made["IntegrationType"] = str(made.get("IntegrationType") or "").upper()
    if str(made.get("ConnectionType", "INTERNET")).upper() == "INTERNET":
        made.pop("ConnectionType", None)
    if made["IntegrationType"] == "HTTP_PROXY":
        made.setdefault("PayloadFormatVersion", "1.0")
    return made


def _renamed(given: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    found = {to: given[name] for name, to in names.items() if given.get(name) is not None}
    return {name: str(value) if name in TEXTS else value for name, value in found.items()}
