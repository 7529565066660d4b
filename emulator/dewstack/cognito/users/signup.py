"""Signing up: a person makes their own user, and confirms it with the code they were sent."""

import asyncio
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from dewstack import ids
from dewstack.clock import Clock
from dewstack.cognito import errors, schema
from dewstack.cognito.clients import secret_hash
from dewstack.cognito.directory import Directory
from dewstack.cognito.factors.first_factors import is_passwordless, proves
from dewstack.cognito.mail.messages import Delivery, Messenger
from dewstack.cognito.model import Code, User, UserPool, UserPoolClient
from dewstack.cognito.secrets import passwords
from dewstack.cognito.secrets.heavy import HeavyWork
from dewstack.cognito.signin.flows import allowed_flows
from dewstack.cognito.signin.sessions import CONFIRMED, SIGNED_UP, Sessions
from dewstack.cognito.signin.steps import Challenge, SignIn
from dewstack.cognito.triggers import Occasion, PreSignUpAnswer, Triggers
from dewstack.cognito.users.codes import REQUESTS, SIGN_UP, Codes, Limits
from dewstack.cognito.users.naming import Naming
from dewstack.cognito.users.simulation import simulated_delivery
from dewstack.cognito.users.verification import Verification, auto_verifiable
from dewstack.config import Caller
from dewstack.wire import operation

Params = dict[str, Any]


class Application(Struct, frozen=True):
    """A sign-up that nothing speaks against so far: the name and attributes as given, the user as they would be."""

    pool: UserPool
    client: UserPoolClient
    name: str
    attributes: dict[str, str]
    user: User


class SignUps:
    """The operations from sign-up to confirmation."""

    def __init__(
        self,
        directory: Directory,
        heavy: HeavyWork,
        clock: Clock,
        codes: Codes,
        limits: Limits,
        messenger: Messenger,
        verification: Verification,
        naming: Naming,
        triggers: Triggers,
        sessions: Sessions,
    ) -> None:
        self._triggers = triggers
        self._messenger = messenger
        self._limits = limits
        self._directory = directory
        self._heavy = heavy
        self._clock = clock
        self._codes = codes
        self._verification = verification
        self._naming = naming
        self._sessions = sessions

    @operation("SignUp")
    async def sign_up(self, caller: Caller, params: Params) -> Params:
        """Make one's own user, unconfirmed unless PreSignUp says otherwise, and get a code."""
        application = await self._heavy.run(self._apply, params)
        pool, user = application.pool, application.user
        occasion = Occasion(
            pool=pool,
            client_id=application.client.id,
            metadata=params.get("ClientMetadata"),
            validation=schema.validation_data(params),
        )
        answer = await self._triggers.pre_sign_up(
            occasion, "PreSignUp_SignUp", user.username, application.attributes
        )
        user = accepted(user, answer)
        confirmed = user.status == "CONFIRMED"
        attribute = None if confirmed else auto_verifiable(pool, user.attributes)
        delivery = await self._messenger.prepare(occasion, "SignUp", user, [attribute])
        sent = await asyncio.to_thread(self._enrol, application, user, delivery)
        await self._messenger.complete(delivery)
        if confirmed:
            await self._triggers.post_confirmation(occasion, "PostConfirmation_ConfirmSignUp", user)
        output: Params = {"UserConfirmed": confirmed, "UserSub": user.sub}
        if not sent:
            return output
        output["CodeDeliveryDetails"] = sent
        session = await asyncio.to_thread(self._session, pool, application.client, user, SIGNED_UP)
        return {**output, "Session": session} if session else output

    def _session(self, pool: UserPool, client: UserPoolClient, user: User, name: str) -> str | None:
        """A session by which a sign-up leads on to a sign-in, where the client lets people choose theirs."""
        if "ALLOW_USER_AUTH" not in allowed_flows(client):
            return None
        return self._sessions.open(pool, client, Challenge(name=name, user=user, parameters={}))

    def _apply(self, params: Params) -> Application:
        """Everything that can be refused without asking anybody."""
        pool, client = self._directory.client_anywhere(params["ClientId"])
        secret_hash.check(client, params["Username"], params.get("SecretHash"))
        if pool.admin_create_only:
            raise errors.NotAuthorizedException("SignUp is not permitted for this user pool")
        password = params.get("Password") or ""
        if password or not is_passwordless(pool):
            passwords.check_policy(pool.password_policy, password)
        attributes = schema.attribute_map(params.get("UserAttributes") or [])
        schema.check_writable(client.settings.get("WriteAttributes"), pool.schema, list(attributes))
        username, attributes = self._naming.name(pool, params["Username"], attributes)
        schema.check_new(pool.schema, attributes, need_required=True)
        self._naming.check_free(pool, params["Username"], attributes)
        user = self._new_user(pool, username, attributes, password)
        return Application(pool, client, params["Username"], attributes, user)

    def _enrol(self, application: Application, user: User, delivery: Delivery) -> Params | None:
        """Keep the user, and send the code if one is needed: CodeDeliveryDetails."""
        pool = application.pool
        with self._directory.transaction():
            self._naming.check_free(pool, application.name, user.attributes)
            self._verification.claim_aliases(pool, user)
            self._directory.put(pool, user)
            if user.status == "CONFIRMED":
                return None
            return self._verification.send_sign_up(delivery, application.client, user)

    def _new_user(self, pool: UserPool, username: str, attributes: dict[str, str], password: str) -> User:
        now = self._clock.time()
        for attribute in ("email", "phone_number"):
            if attribute in attributes:
                attributes = {**attributes, f"{attribute}_verified": "false"}
        return User(
            username=username,
            sub=username if pool.username_attributes else ids.uuid4(),
            attributes=attributes,
            status="UNCONFIRMED",
            created=now,
            modified=now,
            password=passwords.derive(pool.id, username, password) if password else None,
        )

    @operation("ConfirmSignUp")
    async def confirm_sign_up(self, caller: Caller, params: Params) -> Params:
        """Answer with the code; its address is then verified."""
        pool, client, user, session = await asyncio.to_thread(self._confirm, params)
        occasion = Occasion(pool=pool, client_id=client.id, metadata=params.get("ClientMetadata"))
        await self._triggers.post_confirmation(occasion, "PostConfirmation_ConfirmSignUp", user)
        return {"Session": session} if session else {}

    def _confirm(self, params: Params) -> tuple[UserPool, UserPoolClient, User, str | None]:
        pool, client, user = self._applicant(params)
        if user is None or (client.hides_users and not user.enabled):
            raise errors.ExpiredCodeException()
        if not user.enabled:
            raise errors.NotAuthorizedException("User is disabled.")
        with self._directory.transaction():
            user = self._directory.require(pool, user.username)
            if user.status != "UNCONFIRMED":
                raise errors.NotAuthorizedException(
                    f"User cannot be confirmed. Current status is {user.status}"
                )
            code = self._codes.take(pool, user, SIGN_UP, params["ConfirmationCode"])
            if not isinstance(code, errors.CognitoError):
                if user.attributes.get(code.attribute) == code.value:
                    take_over = bool(params.get("ForceAliasCreation"))
                    user = self._verification.verified(pool, user, code, take_over=take_over)
                user = replace(user, status="CONFIRMED")
                self._directory.put(pool, user)
        if isinstance(code, errors.CognitoError):
            raise code
        return pool, client, user, self._goes_on(params, pool, client, user, code)

    def _goes_on(
        self, params: Params, pool: UserPool, client: UserPoolClient, user: User, code: Code
    ) -> str | None:
        """The session that signs in who has just answered with a code, if codes to this address are a factor.

        A client that passes SignUp's own session on has to pass the right one; Amplify for JavaScript passes none.
        """
        if not proves(pool, code.attribute):
            return None
        sign_in = SignIn(pool=pool, client=client, parameters={}, session=params.get("Session"))
        if sign_in.session is not None:
            try:
                with self._directory.transaction():
                    begun = self._sessions.holder(sign_in, SIGNED_UP).user
                    self._sessions.use(sign_in, SIGNED_UP)
            except errors.NotAuthorizedException:
                return None  # Too late, or another's: they are confirmed, and sign in as everybody does.
            if begun.sub != user.sub:
                return None
        return self._session(pool, client, user, CONFIRMED)

    @operation("ResendConfirmationCode")
    async def resend_confirmation_code(self, caller: Caller, params: Params) -> Params:
        """Get a new code; the old one no longer works."""
        pool, client, user = await asyncio.to_thread(self._unconfirmed, params)
        if user is None:
            return {"CodeDeliveryDetails": simulated_delivery(pool, params["Username"])}
        occasion = Occasion(pool=pool, client_id=client.id, metadata=params.get("ClientMetadata"))
        attribute = auto_verifiable(pool, user.attributes)
        delivery = await self._messenger.prepare(occasion, "ResendCode", user, [attribute])
        sent = await asyncio.to_thread(self._verification.send_sign_up, delivery, client, user)
        await self._messenger.complete(delivery)
        return {"CodeDeliveryDetails": sent}

    def _unconfirmed(self, params: Params) -> tuple[UserPool, UserPoolClient, User | None]:
        """Who waits for a code; nobody where that is to be hidden."""
        pool, client, user = self._applicant(params)
        if user is None or (client.hides_users and not user.enabled):
            self._limits.spend(pool, params["Username"], REQUESTS, SIGN_UP.name)
            return pool, client, None
        if user.status != "UNCONFIRMED":
            raise errors.InvalidParameterException("User is already confirmed.")
        if auto_verifiable(pool, user.attributes) is None:
            raise errors.InvalidParameterException("Cannot resend codes. Auto verification not turned on.")
        return pool, client, user

    def _applicant(self, params: Params) -> tuple[UserPool, UserPoolClient, User | None]:
        """Pool, client and user of a request; no user only where the client hides who exists.

        Raises UserNotFoundException otherwise.
        """
        pool, client = self._directory.client_anywhere(params["ClientId"])
        secret_hash.check(client, params["Username"], params.get("SecretHash"))
        user = self._directory.find(pool, params["Username"])
        if user is None and not client.hides_users:
            raise errors.UserNotFoundException(errors.UNKNOWN_COMBINATION)
        return pool, client, user


def accepted(user: User, answer: PreSignUpAnswer) -> User:
    """A new user as PreSignUp wants them. Raises InvalidParameterException where it verifies what isn't there."""
    verified: dict[str, str] = {}
    for attribute, wanted in (
        ("email", answer.auto_verify_email),
        ("phone_number", answer.auto_verify_phone),
    ):
        if wanted and not user.attributes.get(attribute):
            raise errors.InvalidParameterException(
                f"The {attribute} cannot be verified automatically, for the user has none."
            )
        if wanted:
            verified[f"{attribute}_verified"] = "true"
    status = "CONFIRMED" if answer.auto_confirm_user else user.status
    return replace(user, status=status, attributes={**user.attributes, **verified})
