"""Passkeys as their owners see them: registered, listed, deleted."""

import asyncio
from typing import Any

from dewstack.clock import Clock
from dewstack.cognito import errors
from dewstack.cognito.directory import Directory
from dewstack.cognito.factors.first_factors import WEB_AUTHN
from dewstack.cognito.factors.passkey_proofs import Demand, registered
from dewstack.cognito.factors.passkeys import MOST, SECONDS, Passkey, Passkeys, Registration, new_challenge
from dewstack.cognito.paging import page
from dewstack.cognito.secrets.heavy import HeavyWork
from dewstack.cognito.tokens.bearer import Bearer, Bearers
from dewstack.config import Caller
from dewstack.wire import operation

Params = dict[str, Any]


class WebAuthn:
    """The operations on one's own passkeys, by access token."""

    def __init__(
        self, directory: Directory, clock: Clock, heavy: HeavyWork, bearers: Bearers, passkeys: Passkeys
    ) -> None:
        self._directory = directory
        self._clock = clock
        self._heavy = heavy
        self._bearers = bearers
        self._passkeys = passkeys

    @operation("StartWebAuthnRegistration")
    def start_web_authn_registration(self, caller: Caller, params: Params) -> Params:
        """What the browser needs to make a passkey. Only the registration begun last can be completed."""
        bearer = self._bearer(params)
        challenge = new_challenge()
        options = self._passkeys.creation_options(bearer.pool, bearer.user, challenge)
        begun = Registration(challenge, bearer.client.id, self._clock.time() + SECONDS)
        with self._directory.transaction():
            self._check_room(bearer)
            self._passkeys.registrations.put(begun, *bearer.pool.key, bearer.user.sub)
        return {"CredentialCreationOptions": options}

    @operation("CompleteWebAuthnRegistration")
    async def complete_web_authn_registration(self, caller: Caller, params: Params) -> Params:
        """Keep the passkey that the browser made, once."""
        bearer = await asyncio.to_thread(self._bearer, params)
        await self._heavy.run(self._complete, bearer, params["Credential"])
        return {}

    def _complete(self, bearer: Bearer, credential: Any) -> None:
        pool, user = bearer.pool, bearer.user
        begun = self._begun(bearer)
        if begun.client_id != bearer.client.id:
            raise errors.WebAuthnClientMismatchException(
                "The registration was started with an access token for another client."
            )
        demand = Demand(
            begun.challenge, self._passkeys.relying_party(pool), self._passkeys.verifies_users(pool)
        )
        passkey = registered(credential, demand, self._clock.time())
        with self._directory.transaction():
            if self._begun(bearer) != begun:
                raise errors.WebAuthnChallengeNotFoundException(NOT_FOUND)
            self._directory.require(pool, user.username)
            self._check_room(bearer)
            self._passkeys.registrations.delete(*pool.key, user.sub)
            self._passkeys.kept.put(passkey, *pool.key, user.sub, passkey.id)

    @operation("ListWebAuthnCredentials")
    def list_web_authn_credentials(self, caller: Caller, params: Params) -> Params:
        """One's passkeys, by their ids."""
        bearer = self._bearers.bearer(params["AccessToken"])
        entries = [(passkey.id, passkey) for passkey in self._passkeys.of(bearer.pool, bearer.user)]
        passkeys, token = page(entries, params.get("MaxResults") or MOST, params.get("NextToken"))
        output: Params = {"Credentials": [_described(passkey) for passkey in passkeys]}
        return {**output, "NextToken": token} if token else output

    @operation("DeleteWebAuthnCredential")
    def delete_web_authn_credential(self, caller: Caller, params: Params) -> Params:
        """Forget a passkey. Raises ResourceNotFoundException."""
        bearer = self._bearers.bearer(params["AccessToken"])
        owner = (*bearer.pool.key, bearer.user.sub)
        with self._directory.transaction():
            known = {passkey.id for passkey in self._passkeys.of(bearer.pool, bearer.user)}
            if params["CredentialId"] not in known:
                raise errors.ResourceNotFoundException("The requested passkey credential does not exist.")
            self._passkeys.kept.delete(*owner, params["CredentialId"])
        return {}

    def _bearer(self, params: Params) -> Bearer:
        bearer = self._bearers.bearer(params["AccessToken"])
        if WEB_AUTHN not in bearer.pool.first_factors:
            raise errors.WebAuthnNotEnabledException(
                "Passkeys are not enabled for the user pool: "
                "add WEB_AUTHN to the AllowedFirstAuthFactors of its SignInPolicy."
            )
        return bearer

    def _begun(self, bearer: Bearer) -> Registration:
        begun = self._passkeys.registrations.get(*bearer.pool.key, bearer.user.sub)
        if begun is None or self._clock.time() >= begun.expires:
            raise errors.WebAuthnChallengeNotFoundException(NOT_FOUND)
        return begun

    def _check_room(self, bearer: Bearer) -> None:
        if len(self._passkeys.of(bearer.pool, bearer.user)) >= MOST:
            raise errors.LimitExceededException(f"A user can have {MOST} passkeys.")


NOT_FOUND = "The challenge was not found or has expired."


def _described(passkey: Passkey) -> Params:
    shape = {
        "CredentialId": passkey.id,
        "FriendlyCredentialName": passkey.name,
        "RelyingPartyId": passkey.relying_party,
        "AuthenticatorTransports": passkey.transports,
        "CreatedAt": passkey.created,
    }
    return {**shape, "AuthenticatorAttachment": passkey.attachment} if passkey.attachment else shape
