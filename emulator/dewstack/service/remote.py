"""Variables that are asked of AWS: outputs of other stacks, parameters, objects, the account.

`dew up` asks its own emulator by the same operations the Framework uses; commands without one ask nobody.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

import msgspec
from msgspec import Struct

from dewstack.errors import AwsError, UserError

from .nodes import Node, node_of
from .problems import Position, ProblemAt
from .variables import NotFound

Ask: TypeAlias = Callable[[str, str, dict[str, Any], str], dict[str, Any]]
"""An AWS operation: service, operation, parameters, region (empty: the map's). Raises AwsError or UserError."""

WHAT = {
    "aws": "a fact about an AWS account",
    "cf": "the output of another CloudFormation stack",
    "s3": "an object in S3",
    "ssm": "a parameter of Systems Manager",
}
_ABSENT = ("NotFound", "NoSuch", "InvalidParameter")


class Elsewhere(Struct, frozen=True):
    """Who is asked for what only AWS knows; nobody without `ask`.

    Where things are only tried (`stand_ins`), `custom.dew.variables` and fallbacks stand in for whoever can't answer.
    Where a map goes for good they don't: what is meant for a laptop would be deployed otherwise.
    """

    ask: Ask | None = None
    name: str = "the emulator"
    stand_ins: bool = True


class RemoteSources:
    """Looks variables up by AWS operations, each once; `region` is the map's own."""

    def __init__(self, elsewhere: Elsewhere, region: Callable[[], str]) -> None:
        self.ask = elsewhere.ask
        self.elsewhere = elsewhere
        self.region = region
        self._known: dict[tuple[str, str, str], dict[str, Any] | None] = {}
        self._kinds: dict[str, Callable[[list[Any], str, Position], Node | None]] = {
            "aws": self._account,
            "cf": self._output,
            "s3": self._object,
            "ssm": self._parameter,
        }

    def look_up(self, kind: str, params: list[Any], address: str, at: Position) -> Node | None:
        """The value of `${kind(params):address}`; None when it isn't there. Raises NotFound when nobody can be asked
        or answers (ProblemAt where nothing may stand in for the answer), ProblemAt when it can't be asked like this.
        """
        if self.ask is None:
            raise NotFound(at, "only an emulator that runs can be asked for")
        try:
            return self._kinds[kind](params, address, at)
        except _Refused as refusal:
            if self.elsewhere.stand_ins:
                raise
            spelling = f"{kind}({', '.join(map(str, params))})" if params else kind
            raise ProblemAt(at, f"${{{spelling}:{address}}} {refusal.message}") from None

    def _call(self, service: str, operation: str, params: dict[str, Any], region: Any = "") -> Any:
        """The answer; None when the thing asked for isn't there."""
        assert self.ask is not None
        where = str(region or self.region())
        key = (operation, msgspec.json.encode(params).decode(), where)
        if key not in self._known:
            try:
                self._known[key] = self.ask(service, operation, params, where)
            except AwsError as error:
                if not _is_absent(error):
                    raise _Refused(
                        f"can't be asked for: {service} answers {error.code}: {error.message}"
                    ) from None
                self._known[key] = None
            except UserError as error:
                raise _Refused(f"can't be asked for: {error.message}") from None
        return self._known[key]

    def _account(self, params: list[Any], address: str, at: Position) -> Node | None:
        if address != "accountId":
            raise ProblemAt(
                at, f"${{aws:{address}}} doesn't exist; ${{aws:accountId}} and ${{aws:region}} do"
            )
        answer = self._call("sts", "GetCallerIdentity", {})
        return Node(str(answer["Account"]), at) if answer else None

    def _output(self, params: list[Any], address: str, at: Position) -> Node | None:
        stack, _, name = address.partition(".")
        if not name:
            raise ProblemAt(at, f"${{cf:{address}}} needs the form ${{cf:stack-name.OutputName}}")
        answer = self._call("cloudformation", "DescribeStacks", {"StackName": stack}, *params[:1])
        outputs = answer["Stacks"][0].get("Outputs", ()) if answer else ()
        return next((Node(each["OutputValue"], at) for each in outputs if each["OutputKey"] == name), None)

    def _object(self, params: list[Any], address: str, at: Position) -> Node | None:
        bucket, _, key = address.partition("/")
        if not key:
            raise ProblemAt(at, f"${{s3:{address}}} needs the form ${{s3:bucket/key}}")
        answer = self._call("s3", "GetObject", {"Bucket": bucket, "Key": key})
        if not answer:
            return None
        body = answer.get("Body", b"")
        content = body.read() if hasattr(body, "read") else body
        return Node(content.decode("utf-8", "replace") if isinstance(content, bytes) else str(content), at)

    def _parameter(self, params: list[Any], address: str, at: Position) -> Node | None:
        name, *flags = address.split("~")  # `~true` and `~split` are how version 1 asked
        words = [str(param) for param in params]
        region = next((word for word in words if word not in ("raw", "noDecrypt")), "")
        query = {"Name": name, "WithDecryption": "noDecrypt" not in words and "false" not in flags}
        answer = self._call("ssm", "GetParameter", query, region)
        if not answer:
            return None
        value, kind = str(answer["Parameter"]["Value"]), answer["Parameter"].get("Type")
        if "raw" not in words and kind == "StringList":
            return node_of(value.split(","), at)
        if "raw" not in words and kind == "SecureString" and value.startswith("{"):
            try:
                return node_of(msgspec.json.decode(value), at)
            except msgspec.DecodeError:
                return Node(value, at)
        return Node(value, at)


def _is_absent(error: AwsError) -> bool:
    """Whether the error means that there is no such thing; CloudFormation has no code for it."""
    if error.code == "ValidationError":
        return "does not exist" in error.message
    return any(word in error.code for word in _ABSENT)


class _Refused(NotFound):
    """The service was asked and could not answer; the next place is tried."""

    def __init__(self, message: str) -> None:
        super().__init__(Position("", 0, 0), message)
