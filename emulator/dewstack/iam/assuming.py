"""Temporary credentials: who may have them, and what they are."""

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from msgspec.structs import replace

from dewstack.clock import Clock
from dewstack.errors import AwsError
from dewstack.http import Request
from dewstack.iam.actions import Ask
from dewstack.iam.credentials import Credential
from dewstack.iam.evaluation import Verdict
from dewstack.iam.refusals import not_authorized
from dewstack.iam.service import Iam
from dewstack.iam.sessions import new_key, role_session
from dewstack.policies import MalformedPolicy, Statement, effect, names_principal, read

HOUR = 3600
SESSION_SECONDS = 12 * HOUR
PACKED_BYTES = 2048

KEYS = {"ExternalId": "sts:externalid", "RoleSessionName": "sts:rolesessionname"}
"""What trust policies ask about of AssumeRole's params, by their condition keys."""


class AccessDenied(AwsError):
    """A role that the caller may not assume."""

    code = "AccessDenied"
    status = 403


class MalformedPolicyDocument(AwsError):
    """A session policy that can't be read."""

    code = "MalformedPolicyDocument"
    status = 400


class Assuming:
    """Gives credentials of roles and sessions. Not only the developer may ask, and for him all is allowed."""

    def __init__(self, iam: Iam, clock: Clock, *, enforced: bool) -> None:
        self._credentials = iam.credentials
        self._judging = iam.judging
        self._clock = clock
        self._enforced = enforced

    async def assume_role(
        self, credential: Credential, region: str, params: dict[str, Any]
    ) -> dict[str, Any]:
        """Credentials of a role, for whom it trusts. Raises AccessDenied, MalformedPolicyDocument."""
        role_arn, name = params["RoleArn"], params["RoleSessionName"]
        if credential.principal.kind != "developer":
            await self._check_trust(credential, role_arn, region, params)
        session = role_session(role_arn, name, *new_key())
        policies = await asyncio.to_thread(self._session_policies, params)
        answer = self._opened(session, policies, params)
        known = await self._judging.known(role_arn)
        answer["AssumedRoleUser"]["AssumedRoleId"] = self._judging.user_id(session, known)
        return answer

    async def _check_trust(
        self, credential: Credential, role_arn: str, region: str, params: dict[str, Any]
    ) -> None:
        """Both the role's trust policy and the caller's own decide; one that trusts the caller himself suffices."""
        known = await self._judging.known(role_arn)
        if not self._enforced and known is None:
            return
        names = self._judging.names(credential)
        trust = _statements(known.identity.trust) if known else ()
        about = [one for one in trust if names_principal(one, names)]
        caller = await self._judging.known(credential.role_arn or credential.principal.arn)
        request = Request("POST", "/", "", [], b"")
        keys = {key: str(params[name]) for name, key in KEYS.items() if params.get(name)}
        context = {**self._judging.context(credential, caller, request, region), **keys}
        trusted = effect(about, "sts:AssumeRole", role_arn, context) == "Allow"
        own = names[: 2 if credential.role_arn else 1]
        himself = (
            effect([one for one in about if names_principal(one, own)], "sts:AssumeRole", role_arn, context)
            == "Allow"
        )
        ask = Ask("sts:AssumeRole", role_arn, keys)
        verdict = await self._judging.verdict(credential, ask, request, region)
        permitted = himself or verdict is None or verdict.allowed
        if not (trusted and permitted):
            self._refuse(credential, ask, None if permitted else verdict)

    def _refuse(self, credential: Credential, ask: Ask, verdict: Verdict | None) -> None:
        """Say what is missing. Raises AccessDenied where policies are enforced."""
        if not self._enforced:
            self._judging.warn(credential, ask, verdict)
            return
        reason = verdict.reason if verdict else ""
        raise AccessDenied(not_authorized(credential.principal.arn, ask.action, ask.resource, reason).strip())

    def session_token(self, credential: Credential, params: dict[str, Any]) -> dict[str, Any]:
        """Temporary credentials of whoever asks. Raises AccessDenied."""
        if credential.session_token:
            raise AccessDenied("Cannot call GetSessionToken with session credentials")
        key, secret, token = new_key()
        principal = replace(credential.principal, access_key_id=key)
        expires = self._clock.time() + (params.get("DurationSeconds") or SESSION_SECONDS)
        session = Credential(key, secret, principal, token, expires)
        self._credentials.add(session)
        return {"Credentials": self._told(session)}

    def _opened(
        self, session: Credential, policies: tuple[Statement, ...] | None, params: dict[str, Any]
    ) -> dict[str, Any]:
        expires = self._clock.time() + (params.get("DurationSeconds") or HOUR)
        tags = {tag["Key"]: tag["Value"] for tag in params.get("Tags") or ()}
        session = replace(session, expires=expires, session_policies=policies, tags=tags)
        self._credentials.add(session)
        answer: dict[str, Any] = {
            "Credentials": self._told(session),
            "AssumedRoleUser": {"Arn": session.principal.arn},
        }
        if policies is not None:
            answer["PackedPolicySize"] = min(100, len(params.get("Policy") or "") * 100 // PACKED_BYTES + 1)
        return answer

    def _session_policies(self, params: dict[str, Any]) -> tuple[Statement, ...] | None:
        given = [params["Policy"]] if params.get("Policy") else []
        arns = [one["arn"] for one in params.get("PolicyArns") or ()]
        if not given and not arns:
            return None
        documents = [*given, *(self._judging.roles.document(arn) for arn in arns)]
        return tuple(statement for one in documents if one is not None for statement in _statements(one))

    @staticmethod
    def _told(session: Credential) -> dict[str, Any]:
        return {
            "AccessKeyId": session.access_key_id,
            "SecretAccessKey": session.secret_access_key,
            "SessionToken": session.session_token,
            "Expiration": datetime.fromtimestamp(session.expires or time.time(), UTC),
        }


def _statements(document: Any) -> Sequence[Statement]:
    try:
        return read(document, anywhere=True)
    except MalformedPolicy as error:
        raise MalformedPolicyDocument(str(error)) from None
