"""The resource policy of a REST API: who may call it at all, before its authorizers are asked.

Callers are anonymous here, for signatures are not verified; of conditions, those about the source address are
evaluated. A policy with anything else keeps everybody out, and says so in the log.
"""

import ipaddress
import logging
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from dewstack.apigateway.policy import MalformedPolicy, decision
from dewstack.apigateway.rest_api.exchange import Exchange
from dewstack.apigateway.rest_api.model import RestApi
from dewstack.apigateway.rest_api.refusals import INTERNAL_SERVER_ERROR, Refused, denied_by_policy

log = logging.getLogger(__name__)

SHORT = "execute-api:/"
SOURCE_IP = "aws:sourceip"


class ResourcePolicy:
    """The policy of an API. Raises MalformedPolicy for one that isn't even JSON."""

    def __init__(self, api: RestApi) -> None:
        try:
            document = msgspec.json.decode(api.policy or "")
        except msgspec.DecodeError as error:
            raise MalformedPolicy(f"the resource policy is not JSON: {error}") from None
        statements = document.get("Statement") if isinstance(document, dict) else None
        everywhere = f"arn:aws:execute-api:{api.region}:{api.account_id}:{api.id}/"
        self._document = {
            "Statement": [
                _with_whole_arns(statement, everywhere)
                for statement in (statements if isinstance(statements, list) else [statements])
                if not isinstance(statement, dict) or _is_about_strangers(statement)
            ]
        }
        self._name = api.name

    async def check(self, exchange: Exchange) -> None:
        """Raises Refused: 403 where the policy denies or doesn't allow, 500 where it cannot be evaluated."""
        arn = f"{exchange.stage.arn}/{exchange.request.method}/{exchange.path.strip('/')}"
        source_ip = exchange.request.source_ip
        try:
            effect = decision(self._document, arn, lambda condition: _holds(condition, source_ip))
        except MalformedPolicy as error:
            log.warning("API %s: its resource policy cannot be evaluated: %s", self._name, error)
            raise Refused(INTERNAL_SERVER_ERROR) from error
        if effect != "Allow":
            log.warning(
                "API %s: its resource policy keeps %s out of %s", self._name, source_ip, exchange.path
            )
            raise Refused(denied_by_policy(arn, explicitly=effect == "Deny"))


def _is_about_strangers(statement: Mapping[str, Any]) -> bool:
    """Whether a statement's principals include anonymous callers."""
    if "NotPrincipal" in statement:
        return not _includes_everybody(statement["NotPrincipal"])
    return _includes_everybody(statement.get("Principal"))


def _includes_everybody(principal: Any) -> bool:
    named = principal.get("AWS") if isinstance(principal, dict) else principal
    return named == "*" or (isinstance(named, list) and "*" in named)


def _with_whole_arns(statement: Any, everywhere: str) -> Any:
    """The statement with `execute-api:/dev/GET/*` spelled in full."""
    if not isinstance(statement, dict):
        return statement
    whole = dict(statement)
    for name in ("Resource", "NotResource"):
        if name in whole:
            given = whole[name] if isinstance(whole[name], list) else [whole[name]]
            whole[name] = [
                everywhere + one.removeprefix(SHORT)
                if isinstance(one, str) and one.startswith(SHORT)
                else one
                for one in given
            ]
    return whole


def _holds(condition: Any, source_ip: str) -> bool:
    """Whether all of a statement's conditions hold. Raises MalformedPolicy for what isn't evaluated."""
    if not isinstance(condition, Mapping):
        raise MalformedPolicy("Condition is not an object")
    for operator, tests in condition.items():
        check = OPERATORS.get(operator)
        if check is None or not isinstance(tests, Mapping):
            raise MalformedPolicy(f"the condition {operator} is not evaluated")
        for key, ranges in tests.items():
            if key.lower() != SOURCE_IP:
                raise MalformedPolicy(f"the condition key {key} is not evaluated")
            if not check(source_ip, ranges if isinstance(ranges, list) else [ranges]):
                return False
    return True


def _within(source_ip: str, ranges: list[Any]) -> bool:
    try:
        address = ipaddress.ip_address(source_ip)
        return any(address in ipaddress.ip_network(one, strict=False) for one in ranges)
    except ValueError as error:
        raise MalformedPolicy(str(error)) from None


OPERATORS: Mapping[str, Callable[[str, list[Any]], bool]] = {
    "IpAddress": _within,
    "NotIpAddress": lambda source_ip, ranges: not _within(source_ip, ranges),
}
