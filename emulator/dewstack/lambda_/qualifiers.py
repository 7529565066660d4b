"""Lambda's API: aliases, and the function's resource policy."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from msgspec.structs import replace

from dewstack.arn import function_arn
from dewstack.config import Caller
from dewstack.ids import function_url_id, uuid4
from dewstack.lambda_.errors import (
    InvalidParameterValueException,
    ResourceConflictException,
    ResourceNotFoundException,
)
from dewstack.lambda_.functions import Alias, FunctionStore, Reference
from dewstack.lambda_.invoker import Invoker
from dewstack.lambda_.model import LATEST
from dewstack.lambda_.paging import page
from dewstack.lambda_.requests import check_revision
from dewstack.wire import operation


def alias_configuration(alias: Alias, reference: Reference) -> dict[str, Any]:
    """An AliasConfiguration, as the API answers it."""
    answer: dict[str, Any] = {
        "AliasArn": function_arn(reference.region, reference.account_id, reference.name, alias.name),
        "Name": alias.name,
        "FunctionVersion": alias.function_version,
        "Description": alias.description,
        "RevisionId": alias.revision_id,
    }
    if alias.routing:
        answer["RoutingConfig"] = {"AdditionalVersionWeights": alias.routing}
    return answer


EQUALS = {
    "PrincipalOrgID": "aws:PrincipalOrgID",
    "SourceAccount": "AWS:SourceAccount",
    "EventSourceToken": "lambda:EventSourceToken",
    "FunctionUrlAuthType": "lambda:FunctionUrlAuthType",
}
"""What AddPermission's statement is narrowed by, and the condition keys that say so."""


class QualifierOperations:
    """What points at versions and what belongs to the function as a whole."""

    def __init__(
        self,
        functions: FunctionStore,
        invoker: Invoker,
        provision: Callable[[Reference], Awaitable[None]],
    ) -> None:
        self._functions = functions
        self._invoker = invoker
        self._provision = provision

    def _alias(self, caller: Caller, params: dict[str, Any]) -> tuple[Reference, Alias]:
        reference = self._functions.reference(params, caller)
        alias = self._functions.aliases.get(
            reference.account_id, reference.region, reference.name, params["Name"]
        )
        if alias is None:
            arn = function_arn(reference.region, reference.account_id, reference.name, params["Name"])
            raise ResourceNotFoundException(f"Cannot find alias arn: {arn}")
        return reference, alias

    def _put_alias(self, reference: Reference, alias: Alias) -> dict[str, Any]:
        for version in (alias.function_version, *alias.routing):
            self._functions.get(replace(reference, qualifier=version))
        if alias.routing and alias.function_version == LATEST:
            raise InvalidParameterValueException(
                "$LATEST is not supported for an alias pointing to more than 1 version"
            )
        if sum(alias.routing.values()) > 1:
            raise InvalidParameterValueException("The weights of additional versions must not exceed 1.0")
        self._functions.aliases.put(alias, reference.account_id, reference.region, reference.name, alias.name)
        return alias_configuration(alias, reference)

    @operation("CreateAlias")
    async def create_alias(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Name a version."""
        reference = self._functions.reference(params, caller)
        where = (reference.account_id, reference.region, reference.name, params["Name"])
        if self._functions.aliases.get(*where):
            raise ResourceConflictException(f"Alias already exists: {reference.arn}:{params['Name']}")
        routing = (params.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
        alias = Alias(
            params["Name"], params["FunctionVersion"], params.get("Description") or "", routing, uuid4()
        )
        return self._put_alias(reference, alias)

    @operation("UpdateAlias")
    async def update_alias(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Let an alias name another version."""
        reference, alias = self._alias(caller, params)
        check_revision(params, alias.revision_id)
        routing = (params.get("RoutingConfig") or {}).get("AdditionalVersionWeights")
        changed = Alias(
            alias.name,
            params.get("FunctionVersion") or alias.function_version,
            alias.description if params.get("Description") is None else params["Description"],
            alias.routing if routing is None else routing,
            uuid4(),
        )
        answer = self._put_alias(reference, changed)
        self._invoker.alias_changed()
        await self._provision(reference)
        return answer

    @operation("GetAlias")
    def get_alias(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """One alias."""
        reference, alias = self._alias(caller, params)
        return alias_configuration(alias, reference)

    @operation("ListAliases")
    def list_aliases(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """A function's aliases."""
        reference = self._functions.reference(params, caller)
        self._functions.get(replace(reference, qualifier=""))
        found = self._functions.aliases.scan(reference.account_id, reference.region, reference.name)
        version = params.get("FunctionVersion")
        wanted = [a for a in found if version in (None, a.function_version)]
        return page([alias_configuration(a, reference) for a in wanted], params, "Aliases")

    @operation("DeleteAlias")
    async def delete_alias(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Forget an alias; it is no error if there is none."""
        reference = self._functions.reference(params, caller)
        self._functions.aliases.delete(reference.account_id, reference.region, reference.name, params["Name"])
        url = function_url_id(reference.account_id, reference.region, reference.name, params["Name"])
        if self._functions.urls.delete(url):
            self._functions.policies_changed()
        self._invoker.alias_changed()
        await self._provision(reference)
        return {}

    @operation("AddPermission")
    def add_permission(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Add a statement to the function's policy."""
        reference = self._functions.reference(params, caller)
        function = self._functions.get(reference)
        check_revision(params, function.revision_id)
        principal = params["Principal"]
        statement: dict[str, Any] = {
            "Sid": params["StatementId"],
            "Effect": "Allow",
            "Principal": principal if principal == "*" else {"Service": principal},
            "Action": params["Action"],
            "Resource": reference.arn if reference.qualifier else function.arn,
        }
        if principal.isdigit():
            statement["Principal"] = {"AWS": f"arn:aws:iam::{principal}:root"}
        elif principal.startswith("arn:"):
            statement["Principal"] = {"AWS": principal}
        condition: dict[str, dict[str, str]] = {}
        if params.get("SourceArn"):
            condition["ArnLike"] = {"AWS:SourceArn": params["SourceArn"]}
        equals = {key: params[name] for name, key in EQUALS.items() if params.get(name)}
        if equals:
            condition["StringEquals"] = equals
        if params.get("InvokedViaFunctionUrl") is not None:
            via_url = "true" if params["InvokedViaFunctionUrl"] else "false"
            condition["Bool"] = {"lambda:InvokedViaFunctionUrl": via_url}
        if condition:
            statement["Condition"] = condition
        with self._functions.store.transaction():
            settings = self._functions.get_settings(reference)
            if statement["Sid"] in settings.statements:
                raise ResourceConflictException(
                    f"The statement id ({statement['Sid']}) provided already exists."
                    " Please provide a new statement id, or remove the existing statement."
                )
            statements = {**settings.statements, statement["Sid"]: statement}
            self._functions.put_settings(replace(settings, statements=statements), reference)
        self._functions.policies_changed()
        return {"Statement": json.dumps(statement, separators=(",", ":"))}

    @operation("RemovePermission")
    def remove_permission(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Take a statement out of the function's policy."""
        reference = self._functions.reference(params, caller)
        check_revision(params, self._functions.get(reference).revision_id)
        with self._functions.store.transaction():
            settings = self._functions.get_settings(reference)
            if params["StatementId"] not in settings.statements:
                raise ResourceNotFoundException(
                    f"Statement {params['StatementId']} is not found in resource policy."
                )
            statements = {k: v for k, v in settings.statements.items() if k != params["StatementId"]}
            self._functions.put_settings(replace(settings, statements=statements), reference)
        self._functions.policies_changed()
        return {}

    @operation("GetPolicy")
    def get_policy(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """The function's resource policy as JSON text."""
        reference = self._functions.reference(params, caller)
        function = self._functions.get(reference)
        statements = self._functions.get_settings(reference).statements
        if not statements:
            raise ResourceNotFoundException("The resource you requested does not exist.")
        policy = {"Version": "2012-10-17", "Id": "default", "Statement": list(statements.values())}
        return {"Policy": json.dumps(policy, separators=(",", ":")), "RevisionId": function.revision_id}
