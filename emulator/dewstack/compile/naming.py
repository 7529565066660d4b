"""The logical IDs that the Serverless Framework gives, so that its stacks and ours are the same stacks."""

import re
from functools import lru_cache

_PUNCTUATION = re.compile(r"[^0-9A-Za-z]")
_VARIABLE = re.compile(r"\{(.*)\}")
_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+")


def upper_first(name: str) -> str:
    """The name with its first letter in upper case."""
    return name[:1].upper() + name[1:]


def resource_name(name: str) -> str:
    """A name of the map as a part of a logical ID: `my-fn_1` becomes `MyDashfnUnderscore1`."""
    return upper_first(name.replace("-", "Dash").replace("_", "Underscore"))


def path_name(path: str) -> str:
    """A path or route key as a part of a logical ID: `GET /items/{id}` becomes `GetItemsIdVar`."""
    return "".join(_path_part(part) for part in path.split("/"))


@lru_cache(maxsize=4096)
def _path_part(part: str) -> str:
    if part.isascii() and part.isalnum():  # Most are, and there may be thousands.
        return upper_first(part.lower())
    named = _VARIABLE.sub(r"\1Var", part.lower().replace("-", "Dash"))
    return upper_first(_PUNCTUATION.sub("", named))


def letters_and_digits(digest: str) -> str:
    """A base64 digest without the characters that a logical ID can't have."""
    return _PUNCTUATION.sub("", digest)


def lambda_function(key: str) -> str:
    """The function `key` itself."""
    return f"{resource_name(key)}LambdaFunction"


def lambda_version(key: str, digest: str) -> str:
    """A version of the function: another digest, another version."""
    return f"{resource_name(key)}LambdaVersion{letters_and_digits(digest)}"


def log_group(key: str) -> str:
    """The function's log group."""
    return f"{resource_name(key)}LogGroup"


def lambda_layer(key: str) -> str:
    """The layer `key`."""
    return f"{resource_name(key)}LambdaLayer"


def http_api_route(route_key: str) -> str:
    """A route of the HTTP API; `*` is the default route."""
    return "HttpApiRouteDefault" if route_key == "*" else f"HttpApiRoute{path_name(route_key)}"


def http_api_integration(key: str) -> str:
    """The HTTP API's integration with the function `key`."""
    return f"HttpApiIntegration{resource_name(key)}"


def http_api_authorizer(name: str) -> str:
    """An authorizer of the HTTP API."""
    return f"HttpApiAuthorizer{resource_name(name)}"


def rest_resource(path: str) -> str:
    """A resource of the REST API: `/items/{id}` becomes `ApiGatewayResourceItemsIdVar`."""
    return f"ApiGatewayResource{path_name(path)}"


def rest_method(path: str, method: str) -> str:
    """A method of the REST API."""
    return f"ApiGatewayMethod{path_name(path)}{method.capitalize()}"


def rest_authorizer(name: str) -> str:
    """An authorizer of the REST API."""
    return f"{resource_name(name)}ApiGatewayAuthorizer"


def rest_permission(name: str) -> str:
    """The REST API's permission to invoke a function, for its methods or as an authorizer."""
    return f"{resource_name(name)}LambdaPermissionApiGateway"


def rest_request_validator(service: str) -> str:
    """The one request validator of the REST API."""
    return f"ApiGateway{upper_first(letters_and_digits(service))}RequestValidator"


def rest_model(name: str) -> str:
    """A model that the map names under `provider.apiGateway.request.schemas`."""
    first, *others = [word.lower() for word in _words(name)] or [""]
    return f"ApiGateway{upper_first(first)}{''.join(upper_first(word) for word in others)}Model"


def rest_method_model(path: str, method: str, content_type: str) -> str:
    """The model of one method's request of a content type."""
    return f"{rest_method(path, method)}{''.join(upper_first(word) for word in _words(content_type))}Model"


def _words(name: str) -> list[str]:
    return _WORD.findall(name)


def websocket_route(route: str) -> str:
    """A route of the WebSocket API: `$connect` becomes `SconnectWebsocketsRoute`."""
    spelled = route
    for character, word in {"$": "S", "/": "Slash", "-": "Dash", "_": "Underscore", ".": "Period"}.items():
        spelled = spelled.replace(character, word)
    return f"{spelled}WebsocketsRoute"
