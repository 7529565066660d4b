"""Lambda's API: function URLs."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from msgspec.structs import replace

from dewstack.clock import Clock
from dewstack.config import Caller, Config
from dewstack.ids import function_url_id
from dewstack.lambda_.errors import (
    InvalidParameterValueException,
    ResourceConflictException,
    ResourceNotFoundException,
)
from dewstack.lambda_.functions import FunctionStore, Reference
from dewstack.lambda_.model import LATEST
from dewstack.lambda_.paging import page
from dewstack.lambda_.urls.model import FunctionUrl, ServedUrl
from dewstack.wire import operation

NO_URL = "The resource you requested does not exist."
NO_FUNCTION = "Function does not exist"
BY_URL = frozenset({"lambda:InvokeFunctionUrl", "lambda:*", "*"})
BY_CALL = frozenset({"lambda:InvokeFunction", "lambda:*", "*"})


def local_address(config: Config) -> Callable[[str, str], str]:
    """Gives the address of a URL at the AWS port from its id and region."""
    return lambda url_id, region: f"http://{url_id}.lambda-url.{region}.localhost:{config.aws_port}/"


class FunctionUrlOperations:
    """Create, read, change and delete URLs; `address` gives one's address from its id and region."""

    def __init__(self, functions: FunctionStore, clock: Clock, address: Callable[[str, str], str]) -> None:
        self._functions = functions
        self._clock = clock
        self._address = address

    def served(self, url_id: str) -> ServedUrl | None:
        """A URL as it is to be served from now on, or None. Reads the store: call it in a thread."""
        url = self._functions.urls.get(url_id)
        if url is None:
            return None
        settings = self._functions.get_settings(Reference(url.account_id, url.region, url.name))
        statements = [each for each in settings.statements.values() if each["Resource"] == url.arn]
        open_to_all = [each for each in statements if each["Principal"] in ("*", {"AWS": "*"})]
        return ServedUrl(
            url,
            public=any(_allows_url(each) for each in open_to_all),
            invocable=any(_allows_call(each) for each in open_to_all),
            statements=tuple(statements),
        )

    def _reference(self, caller: Caller, params: Mapping[str, Any]) -> Reference:
        reference = self._functions.reference(params, caller)
        if reference.qualifier == LATEST or reference.qualifier.isdigit():
            raise InvalidParameterValueException(
                "1 validation error detected: Value '"
                f"{reference.qualifier}' at 'qualifier' failed to satisfy constraint: Member must satisfy regular"
                " expression pattern: ((?!^\\d+$)^[0-9a-zA-Z-_]+$)"
            )
        return reference

    def _check_function(self, reference: Reference) -> None:
        try:
            self._functions.get(reference)
        except ResourceNotFoundException:
            raise ResourceNotFoundException(NO_FUNCTION) from None

    def _get(self, reference: Reference) -> FunctionUrl:
        url = self._functions.urls.get(_id(reference))
        if url is None:
            raise ResourceNotFoundException(NO_URL)
        return url

    @operation("CreateFunctionUrlConfig")
    def create(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Give a function, or an alias, its URL."""
        reference = self._reference(caller, params)
        now = self._now()
        with self._functions.store.transaction():
            self._check_function(reference)
            if self._functions.urls.get(_id(reference)):
                raise ResourceConflictException(
                    f"Failed to create function url config for [functionArn = {reference.arn}]."
                    " Error message:  FunctionUrlConfig exists for this Lambda function"
                )
            url = FunctionUrl(
                reference.account_id,
                reference.region,
                reference.name,
                reference.qualifier,
                params["AuthType"],
                params.get("InvokeMode") or "BUFFERED",
                _cors(params.get("Cors")),
                now,
                now,
            )
            self._functions.urls.put(url, url.url_id)
        self._functions.policies_changed()
        return self._answer(url, "LastModifiedTime")

    @operation("GetFunctionUrlConfig")
    def get(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """One URL."""
        return self._answer(self._get(self._reference(caller, params)))

    @operation("UpdateFunctionUrlConfig")
    def update(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Change what is given; CORS rules are replaced as a whole, by none where they are empty."""
        reference = self._reference(caller, params)
        with self._functions.store.transaction():
            url = self._get(reference)
            changed = replace(
                url,
                auth_type=params.get("AuthType") or url.auth_type,
                invoke_mode=params.get("InvokeMode") or url.invoke_mode,
                cors=url.cors if params.get("Cors") is None else _cors(params["Cors"]),
                modified=self._now(),
            )
            self._functions.urls.put(changed, changed.url_id)
        self._functions.policies_changed()
        return self._answer(changed)

    @operation("DeleteFunctionUrlConfig")
    def delete(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Take the URL away; nothing answers there any more."""
        reference = self._reference(caller, params)
        with self._functions.store.transaction():
            self._get(reference)
            self._functions.urls.delete(_id(reference))
        self._functions.policies_changed()
        return {}

    @operation("ListFunctionUrlConfigs")
    def list(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """The URLs of a function and its aliases."""
        reference = replace(self._functions.reference(params, caller), qualifier="")
        self._check_function(reference)
        urls = self._functions.urls_of(reference)
        return page([self._answer(url) for url in urls], params, "FunctionUrlConfigs")

    def _answer(self, url: FunctionUrl, *without: str) -> dict[str, Any]:
        answer: dict[str, Any] = {
            "FunctionUrl": self._address(url.url_id, url.region),
            "FunctionArn": url.arn,
            "AuthType": url.auth_type,
            "CreationTime": url.created,
            "LastModifiedTime": url.modified,
            "InvokeMode": url.invoke_mode,
        }
        if url.cors:
            answer["Cors"] = url.cors
        return {name: value for name, value in answer.items() if name not in without}

    def _now(self) -> str:
        return self._clock.now().strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _id(reference: Reference) -> str:
    return function_url_id(reference.account_id, reference.region, reference.name, reference.qualifier)


def _cors(given: Mapping[str, Any] | None) -> dict[str, Any]:
    """CORS rules as they are kept. Raises InvalidParameterValueException for a method that AWS doesn't take."""
    cors = {name: value for name, value in (given or {}).items() if value is not None}
    _check_methods(cors.get("AllowMethods") or ())
    return cors


def _check_methods(methods: Iterable[str]) -> None:
    taken = ("GET", "PUT", "POST", "DELETE", "HEAD", "PATCH", "*")
    wrong = [method for method in methods if method not in taken]
    if wrong:
        raise InvalidParameterValueException(
            f"{', '.join(wrong)}: not a method for CORS. You can use GET, PUT, POST, DELETE, HEAD, PATCH, and the"
            " wildcard character (*)."
        )


def _allows_url(statement: Mapping[str, Any]) -> bool:
    """Whether a statement lets anybody use a URL of AuthType NONE."""
    return statement["Action"] in BY_URL and _only(statement, "lambda:FunctionUrlAuthType", "none")


def _allows_call(statement: Mapping[str, Any]) -> bool:
    """Whether a statement lets anybody invoke the function through its URL."""
    return statement["Action"] in BY_CALL and _only(statement, "lambda:InvokedViaFunctionUrl", "true")


def _only(statement: Mapping[str, Any], key: str, value: str) -> bool:
    """Whether a statement has no condition but that `key` is `value`: what others ask about (an organization, an
    account, an ARN) somebody without a name doesn't have."""
    conditions = (statement.get("Condition") or {}).values()
    return all(
        name == key and str(wanted).lower() == value for each in conditions for name, wanted in each.items()
    )
