"""What calls of functions may do, and who may pass doors guarded by AWS_IAM: signature, policies and verdict together.

Loaded when the first such call or request comes (see `service`)."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from dewstack.access import Principal, Refusal
from dewstack.clock import Clock
from dewstack.config import Caller, Config
from dewstack.http import Request
from dewstack.iam.actions import Ask, Asked, asked
from dewstack.iam.credentials import Credential, Credentials
from dewstack.iam.evaluation import Policies, Verdict, judge
from dewstack.iam.faults import INVALID_TOKEN, UNKNOWN_KEY, Fault, Missing, Unrecognized
from dewstack.iam.refusals import denied, faulty, not_authorized
from dewstack.iam.roles import Known, Roles
from dewstack.iam.service import Sources
from dewstack.iam.signature import read_signature
from dewstack.iam.verification import Verification, region_of
from dewstack.iam.warnings import Warnings
from dewstack.policies import Patterns, Statement

MAX_VERDICTS = 4096
EVERYTHING = Policies((Statement("Allow", Patterns(("*",)), Patterns(("*",))),))
NOTHING = Policies()
UNTRUSTED = Verdict(False, "because the role's trust policy doesn't name the caller", explicitly=True)
ENFORCE = "enforce"


class Judging:
    """Judges requests. Everything `async` is for the loop."""

    def __init__(self, clock: Clock, config: Config, credentials: Credentials, sources: Sources) -> None:
        self._clock = clock
        self._mode = config.iam
        self._arn_of = sources.arn_of
        self.credentials = credentials
        self.roles = Roles(sources.records, sources.edition, sources.identity, sources.document)
        self._verification = Verification(credentials, clock, config)
        self._warnings = Warnings()
        self._verdicts: dict[tuple[str, str, str], tuple[Known, Verdict]] = {}

    # Calls of the AWS APIs (wire.Guard).

    async def check(
        self,
        request: Request,
        caller: Caller,
        service: tuple[str, str, str],
        operation: str,
        params: Mapping[str, Any],
    ) -> None:
        """Let a call pass, or say what AWS would. `service` is boto3's name, its signing name and its protocol.

        Raises an AwsError where `--iam enforce` is on; otherwise warns.
        """
        name, signing_name, protocol = service
        credential = self.credentials.find(caller.access_key_id)
        if credential is None:
            self._refuse_ended(caller.access_key_id, protocol)
            return
        self._check_signature(request, credential, protocol)
        call = Asked(name, operation, params, caller, request, signing_name, self._arn_of)
        for ask in asked(call):
            verdict = await self.verdict(credential, ask, request, caller.region)
            if verdict is None or verdict.allowed:
                continue
            if self._mode == ENFORCE:
                arn = credential.principal.arn
                message = not_authorized(arn, ask.action, ask.resource, verdict.reason, service=name)
                raise denied(name, protocol, message)
            self._warnings.lacking(credential, ask, verdict)

    def _refuse_ended(self, access_key_id: str | None, protocol: str) -> None:
        """A key that was an environment's or a session's is nobody's any more: never the developer's."""
        if access_key_id is None or not self.credentials.ended(access_key_id):
            return
        if self._mode == ENFORCE:
            raise faulty(protocol, Unrecognized(UNKNOWN_KEY if protocol == "rest-xml" else INVALID_TOKEN))
        self._warnings.ended(access_key_id)

    def _check_signature(self, request: Request, credential: Credential, protocol: str) -> None:
        """Where nothing is enforced, only what costs nothing: the session's token. Forms for S3, and its URLs with
        older signatures, are taken as they are."""
        try:
            if self._mode == ENFORCE:
                self._verification.check(request, read_signature(request), credential)
            elif request.header("authorization"):
                token = request.header("x-amz-security-token") or ""
                self._verification.check_token(credential, token)
        except Missing:
            return
        except Fault as fault:
            if self._mode == ENFORCE:
                raise faulty(protocol, fault) from None
            self._warnings.faulty(credential, fault.code, fault.message)

    async def verdict(
        self, credential: Credential, ask: Ask, request: Request, region: str
    ) -> Verdict | None:
        """Whether the holder of a credential may; None where a role is unknown and nothing is enforced."""
        owner = credential.role_arn or credential.principal.arn
        known = await self.known(owner)
        if known is None and credential.function and self._mode != ENFORCE:
            self._warnings.unknown_role(credential)
            return None
        key = (credential.principal.arn, ask.action, ask.resource)
        entry = self._verdicts.get(key) if credential.session_policies is None else None
        if entry is not None and entry[0] is known:
            return entry[1]
        policies = self._policies(credential, known)
        context: dict[str, Any] = {}
        if not policies.plain:
            context = {**self.context(credential, known, request, region), **ask.keys}
        verdict = judge(policies, self.names(credential), ask.action, ask.resource, context)
        if known is not None and policies.plain and credential.session_policies is None:
            if len(self._verdicts) >= MAX_VERDICTS:
                self._verdicts.clear()
            self._verdicts[key] = (known, verdict)
        return verdict

    async def known(self, arn: str) -> Known | None:
        """What is known of a role or user, read at most once after a change."""
        there, found = self.roles.cached(arn)
        return found if there else await asyncio.to_thread(self.roles.find, arn)

    def _policies(self, credential: Credential, known: Known | None) -> Policies:
        if credential.principal.kind == "developer":
            return EVERYTHING
        policies = known.policies if known else NOTHING
        if credential.session_policies is None:
            return policies
        return replace(policies, session=credential.session_policies)

    def warn(self, credential: Credential, ask: Ask, verdict: Verdict | None) -> None:
        """Tell what AWS would refuse, once; without a verdict it is the other side that doesn't allow it."""
        self._warnings.lacking(credential, ask, verdict or UNTRUSTED)

    @staticmethod
    def names(credential: Credential) -> tuple[str, ...]:
        """What policies may call the holder of a credential: his ARN, his role's, his account."""
        principal = credential.principal
        account = principal.account_id
        named = (principal.arn, credential.role_arn) if credential.role_arn else (principal.arn,)
        return (*named, account, f"arn:aws:iam::{account}:root")

    def context(
        self, credential: Credential, known: Known | None, request: Request, region: str
    ) -> dict[str, str | Sequence[str]]:
        """Global condition keys, in lower case."""
        principal, now = credential.principal, self._clock.time()
        identity = known.identity if known else None
        tags = {**(identity.tags if identity else {}), **credential.tags}
        context: dict[str, str | Sequence[str]] = {
            "aws:currenttime": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now)),
            "aws:epochtime": str(int(now)),
            "aws:principalaccount": principal.account_id,
            "aws:principalarn": credential.role_arn or principal.arn,
            "aws:principalisawsservice": "false",
            "aws:principaltype": {"role": "AssumedRole", "user": "User"}.get(principal.kind, "Account"),
            "aws:requestedregion": region,
            "aws:resourceaccount": principal.account_id,
            "aws:securetransport": "true",
            "aws:sourceip": request.source_ip,
            "aws:useragent": request.header("user-agent") or "",
            "aws:userid": self.user_id(credential, known),
            "aws:viaawsservice": "false",
            **{f"aws:principaltag/{name.lower()}": value for name, value in tags.items()},
        }
        if principal.kind == "user":
            context["aws:username"] = principal.arn.rpartition("/")[2]
        if credential.function:
            arn = f"arn:aws:lambda:{region}:{principal.account_id}:function:{credential.function}"
            context["lambda:sourcefunctionarn"] = arn
        return context

    @staticmethod
    def user_id(credential: Credential, known: Known | None) -> str:
        """The unique id of whoever holds a credential: a role's own, where it has one, with the session's name."""
        if known is None or not credential.role_arn or not known.identity.unique_id:
            return credential.principal.user_id
        return f"{known.identity.unique_id}:{credential.principal.user_id.partition(':')[2]}"

    # Doors that are guarded by AWS_IAM (access.Authorize).

    async def authorize(
        self,
        request: Request,
        action: str,
        resource: str,
        *,
        resource_policy: Sequence[Statement] = (),
        keys: Mapping[str, str] | None = None,
    ) -> Principal | Refusal:
        """Whoever signed `request`, if he may do `action` to the ARN `resource`; see `dewstack.access.Authorize`."""
        region = region_of(resource)
        try:
            credential = self._verification.signer(request, action.partition(":")[0], region)
        except Fault as fault:
            return Refusal(fault.code, fault.message)
        owner = credential.role_arn or credential.principal.arn
        known = None if credential.principal.kind == "developer" else await self.known(owner)
        policies = self._policies(credential, known)
        context = {**self.context(credential, known, request, region), **(keys or {})}
        verdict = judge(policies, self.names(credential), action, resource, context, resource_policy)
        if verdict.allowed:
            return replace(credential.principal, user_id=self.user_id(credential, known))
        message = not_authorized(credential.principal.arn, action, resource, verdict.reason)
        return Refusal("AccessDeniedException", message, verdict.explicitly)
