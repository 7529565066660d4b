"""The service `cognito-idp`: its parts put together, and what the rest of the emulator asks it."""

import asyncio
import threading
from functools import cached_property
from typing import TYPE_CHECKING, Any

from dewstack.clock import Clock
from dewstack.cognito.appearance import Brandings, Terms
from dewstack.cognito.clients.client_secrets import ClientSecrets
from dewstack.cognito.clients.clients import Clients
from dewstack.cognito.factors.devices import DeviceOperations
from dewstack.cognito.factors.mfa import UserMfa
from dewstack.cognito.factors.webauthn import WebAuthn
from dewstack.cognito.files.import_jobs import ImportJobs, WriteLog
from dewstack.cognito.mail.mailbox import Mailbox
from dewstack.cognito.parts import Parts
from dewstack.cognito.pools.groups import Groups
from dewstack.cognito.pools.log_delivery import LogDelivery
from dewstack.cognito.pools.pool_mfa import PoolMfa
from dewstack.cognito.pools.pools import Pools
from dewstack.cognito.pools.risk import RiskConfigurations
from dewstack.cognito.pools.session_settings import SessionSettings
from dewstack.cognito.pools.signing_certificate import SigningCertificates
from dewstack.cognito.pools.tags import Tags
from dewstack.cognito.providers.provider_links import ProviderLinks
from dewstack.cognito.signin import SignIns
from dewstack.cognito.tokens.keys import pool_of_issuer
from dewstack.cognito.tokens.tokens import issuer_of
from dewstack.cognito.triggers import Asker, Patience, Permits, Send, TimedInvoke
from dewstack.cognito.users.listing import Listing
from dewstack.cognito.users.profile import Profiles
from dewstack.cognito.users.recovery import Recovery
from dewstack.cognito.users.signup import SignUps
from dewstack.cognito.users.users import Users
from dewstack.config import Config
from dewstack.http import Request, Response
from dewstack.store import Store
from dewstack.wire import Handler, operations_of

if TYPE_CHECKING:
    from dewstack.cognito.files.importing import UserFiles
    from dewstack.cognito.oauth import Hosted
    from dewstack.cognito.tokens.inspection import Inspection


class Cognito:
    """All user pools. `operations` is the API, `mailbox` what was sent to users."""

    operations: dict[str, Handler]
    mailbox: Mailbox

    def __init__(
        self,
        store: Store,
        clock: Clock,
        config: Config,
        invoke: TimedInvoke | None = None,
        *,
        send: Send | None = None,
        permits: Permits | None = None,
        patience: Patience | None = None,
        write_log: WriteLog | None = None,
    ) -> None:
        self._parts = parts = Parts(store, clock, config, Asker(invoke, permits, patience), send)
        self._directory, self._keys = parts.directory, parts.keys
        self.mailbox = parts.mailbox
        self.import_jobs = ImportJobs(parts.directory, clock, parts.base_url, write_log)
        self._sign_ins = SignIns(parts)
        self.operations = operations_of(
            *_of_pools(parts), *_of_users(parts, self._sign_ins), self._sign_ins, self.import_jobs
        )
        self._hosted: Hosted | None = None
        self._hosted_lock = threading.Lock()

    def close(self) -> None:
        """Stop the worker threads; what they do ends on its own."""
        self._parts.heavy.close()

    @cached_property
    def files(self) -> "UserFiles":
        """Users out of pools and into them, as files have them."""
        from dewstack.cognito.files.importing import UserFiles  # Most starts need it for nothing.

        return UserFiles(self._directory, self._directory.clock)

    def inspect(self, token: str) -> "Inspection":
        """What a token says, and whether it is good: for people. Call it in a worker thread."""
        from dewstack.cognito.tokens.inspection import Inspector  # Only people ask for it.

        parts = self._parts
        return Inspector(parts.directory, parts.keys, parts.clock, parts.config).inspect(token)

    async def hosted(self, request: Request) -> Response:
        """What the hosted UI or an OAuth endpoint answers. Its modules are loaded with the first request."""
        hosted = await asyncio.to_thread(self._open_hosted) if self._hosted is None else self._hosted
        return await hosted(request)

    def _open_hosted(self) -> "Hosted":
        from dewstack.cognito.oauth import Hosted

        with self._hosted_lock:
            if self._hosted is None:
                self._hosted = Hosted(self._parts, self._sign_ins, self.operations)
            return self._hosted

    def upload(self, request: Request) -> Response:
        """Take the file of an import job. It may take a second: call it in a worker thread."""
        return self.import_jobs.upload(request)

    def jwks(self, pool_id: str) -> dict[str, Any] | None:
        """The pool's JWK set, or None when there is no such pool.

        The first call for a pool may make its keys (some 100 ms of CPU): call it in a worker thread.
        """
        known = self._keys.known(pool_id)
        if known is not None:
            return known
        pool = self._directory.pool_anywhere(pool_id)
        return self._keys.publish(pool) if pool else None

    def keys(self, issuer: str) -> dict[str, Any] | None:
        """The JWK set of the local pool that `issuer` names, or None. As slow as `jwks` at first."""
        pool_id = pool_of_issuer(issuer)
        return self.jwks(pool_id) if pool_id else None

    def known_keys(self, issuer: str) -> dict[str, Any] | None:
        """As `keys`, but only what is at hand: never slow, so that authorizers may ask on the event loop."""
        pool_id = pool_of_issuer(issuer)
        return self._keys.known(pool_id) if pool_id else None

    def openid_configuration(self, pool_id: str, base_url: str) -> dict[str, Any] | None:
        """The pool's OpenID discovery document, or None. Keys and endpoints are served below `base_url`, whatever
        address that is; endpoints need a domain."""
        pool = self._directory.pool_anywhere(pool_id)
        if pool is None:
            return None
        endpoints = {
            "authorization_endpoint": f"{base_url}/oauth2/authorize",
            "end_session_endpoint": f"{base_url}/logout",
            "revocation_endpoint": f"{base_url}/oauth2/revoke",
            "token_endpoint": f"{base_url}/oauth2/token",
            "userinfo_endpoint": f"{base_url}/oauth2/userInfo",
            "code_challenge_methods_supported": ["S256"],
            "grant_types_supported": [
                "authorization_code",
                "implicit",
                "refresh_token",
                "client_credentials",
            ],
        }
        return {
            **(endpoints if self._parts.domains.of(pool) else {}),
            "id_token_signing_alg_values_supported": ["RS256"],
            "issuer": issuer_of(pool, self._parts.config),
            "jwks_uri": f"{base_url}/{pool.id}/.well-known/jwks.json",
            "response_types_supported": ["code", "token"],
            "scopes_supported": ["openid", "email", "phone", "profile"],
            "subject_types_supported": ["public"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        }


def _of_pools(parts: Parts) -> tuple[object, ...]:
    """The operations on pools, their clients and providers."""
    directory, clock = parts.directory, parts.clock
    return (
        Pools(directory, clock, parts.keys, parts.domains),
        PoolMfa(directory, clock),
        SessionSettings(directory),
        Tags(directory, clock),
        Groups(directory, clock),
        Clients(directory, clock, parts.resource_servers, parts.providers),
        ClientSecrets(directory, clock),
        parts.domains,
        parts.resource_servers,
        parts.providers,
        ProviderLinks(directory, parts.identities),
        parts.customizations,
        Brandings(directory, clock),
        Terms(directory, clock),
        RiskConfigurations(directory, clock),
        LogDelivery(directory),
        SigningCertificates(directory, clock),
    )


def _of_users(parts: Parts, sign_ins: SignIns) -> tuple[object, ...]:
    """The operations on users: by administrators, by themselves, by nobody yet."""
    directory, clock, heavy, bearers = parts.directory, parts.clock, parts.heavy, parts.bearers
    codes, limits, lockout, messenger = parts.codes, parts.limits, parts.lockout, parts.messenger
    verification, attributes, naming = parts.verification, parts.attributes, parts.naming
    tokens, triggers, sessions = parts.tokens, parts.triggers, sign_ins.sessions
    passkeys, first = parts.passkeys, parts.first_factors
    return (
        Users(
            directory, heavy, clock, tokens, lockout, messenger, verification, attributes, naming, triggers
        ),
        Listing(directory),
        SignUps(directory, heavy, clock, codes, limits, messenger, verification, naming, triggers, sessions),
        Recovery(directory, heavy, codes, limits, messenger, lockout, parts.migration, triggers),
        Profiles(directory, heavy, bearers, tokens, codes, limits, messenger, verification, attributes),
        UserMfa(directory, clock, bearers, sessions, lockout, parts.factors, first, passkeys),
        WebAuthn(directory, clock, heavy, bearers, passkeys),
        DeviceOperations(directory, clock, bearers, parts.devices),
    )
