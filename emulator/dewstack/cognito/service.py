"""The service `cognito-idp`: its parts put together, and what the rest of the emulator asks it."""

import asyncio
import threading
from functools import cached_property
from typing import TYPE_CHECKING, Any

from dewstack.clock import Clock
from dewstack.cognito.appearance import Brandings, Terms, UICustomizations
from dewstack.cognito.clients.client_secrets import ClientSecrets
from dewstack.cognito.clients.clients import Clients
from dewstack.cognito.directory import Directory
from dewstack.cognito.factors.devices import DeviceOperations, Devices
from dewstack.cognito.factors.factors import Factors
from dewstack.cognito.factors.first_factors import FirstFactors
from dewstack.cognito.factors.mfa import UserMfa
from dewstack.cognito.factors.passkeys import Passkeys
from dewstack.cognito.factors.webauthn import WebAuthn
from dewstack.cognito.files.import_jobs import ImportJobs, WriteLog
from dewstack.cognito.mail.mailbox import Mailbox
from dewstack.cognito.mail.messages import Messenger
from dewstack.cognito.pools.domains import Domains
from dewstack.cognito.pools.groups import Groups
from dewstack.cognito.pools.log_delivery import LogDelivery
from dewstack.cognito.pools.pool_mfa import PoolMfa
from dewstack.cognito.pools.pools import Pools
from dewstack.cognito.pools.resource_servers import ResourceServers
from dewstack.cognito.pools.risk import RiskConfigurations
from dewstack.cognito.pools.session_settings import SessionSettings
from dewstack.cognito.pools.signing_certificate import SigningCertificates
from dewstack.cognito.pools.tags import Tags
from dewstack.cognito.providers.identities import Identities
from dewstack.cognito.providers.identity_providers import IdentityProviders
from dewstack.cognito.providers.provider_links import ProviderLinks
from dewstack.cognito.secrets.heavy import HeavyWork
from dewstack.cognito.signin import SignIns
from dewstack.cognito.signin.sessions import Sessions
from dewstack.cognito.tokens.bearer import Bearers
from dewstack.cognito.tokens.issuing import Issuer
from dewstack.cognito.tokens.keys import Keys, pool_of_issuer
from dewstack.cognito.tokens.tokens import Tokens, issuer_of
from dewstack.cognito.triggers import Asker, Patience, Permits, Send, Senders, TimedInvoke, Triggers
from dewstack.cognito.users.attributes import Attributes
from dewstack.cognito.users.codes import Codes, Limits
from dewstack.cognito.users.listing import Listing
from dewstack.cognito.users.lockout import Lockout
from dewstack.cognito.users.migration import Migration
from dewstack.cognito.users.naming import Naming
from dewstack.cognito.users.profile import Profiles
from dewstack.cognito.users.recovery import Recovery
from dewstack.cognito.users.signup import SignUps
from dewstack.cognito.users.users import Users
from dewstack.cognito.users.verification import Verification
from dewstack.config import Config
from dewstack.http import Request, Response
from dewstack.store import Store
from dewstack.wire import Handler, operations_of

if TYPE_CHECKING:
    from dewstack.cognito.oauth import Hosted

if TYPE_CHECKING:
    from dewstack.cognito.files.importing import UserFiles


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
        self._directory = directory = Directory(store, clock)
        self._keys = keys = Keys(directory)
        self._config = config
        self._heavy = heavy = HeavyWork()
        asker = Asker(invoke, permits, patience)
        triggers = Triggers(asker)
        tokens = Tokens(directory, clock)
        issuer = Issuer(directory, heavy, keys, tokens, clock, config, triggers)
        bearers = Bearers(directory, keys, clock, config)
        self.mailbox = Mailbox(store, clock)
        base_url = f"http://localhost:{config.aws_port}"
        messenger = Messenger(self.mailbox, base_url, triggers, Senders(asker, send, base_url))
        limits, lockout, naming = Limits(directory), Lockout(directory), Naming(directory)
        codes = Codes(directory, limits)
        verification = Verification(directory, codes, messenger)
        attributes = Attributes(directory, codes, messenger, verification)
        migration = Migration(directory, clock, messenger, verification, naming, triggers)
        self.domains = Domains(directory)
        self.resource_servers = ResourceServers(directory)
        self.identity_providers = IdentityProviders(directory, clock)
        self.identities = Identities(directory, clock, self.identity_providers)
        self.customizations = UICustomizations(directory, clock, self.domains)
        sessions, factors = Sessions(directory), Factors(directory)
        passkeys = Passkeys(directory, self.domains)
        first = FirstFactors(factors, passkeys)
        devices = Devices(directory, clock)
        sign_ins = SignIns(
            directory,
            clock,
            heavy,
            lockout,
            tokens,
            issuer,
            migration,
            triggers,
            sessions,
            factors,
            messenger,
            devices,
            first,
            passkeys,
            verification,
        )
        self.import_jobs = ImportJobs(directory, clock, base_url, write_log)
        self.operations = operations_of(
            Pools(directory, clock, keys, self.domains),
            self.domains,
            self.resource_servers,
            self.identity_providers,
            Tags(directory, clock),
            PoolMfa(directory, clock),
            DeviceOperations(directory, clock, bearers, devices),
            UserMfa(directory, clock, bearers, sessions, lockout, factors, first, passkeys),
            WebAuthn(directory, clock, heavy, bearers, passkeys),
            Clients(directory, clock, self.resource_servers, self.identity_providers),
            ClientSecrets(directory, clock),
            ProviderLinks(directory, self.identities),
            self.customizations,
            Brandings(directory, clock),
            Terms(directory, clock),
            RiskConfigurations(directory, clock),
            LogDelivery(directory),
            SigningCertificates(directory, clock),
            SessionSettings(directory),
            Groups(directory, clock),
            self.import_jobs,
            Users(
                directory,
                heavy,
                clock,
                tokens,
                lockout,
                messenger,
                verification,
                attributes,
                naming,
                triggers,
            ),
            Listing(directory),
            SignUps(
                directory, heavy, clock, codes, limits, messenger, verification, naming, triggers, sessions
            ),
            sign_ins,
            Recovery(directory, heavy, codes, limits, messenger, lockout, migration, triggers),
            Profiles(directory, heavy, bearers, tokens, codes, limits, messenger, verification, attributes),
        )

        def make_hosted() -> "Hosted":
            from dewstack.cognito.oauth import Hosted, Parts

            parts = Parts(
                directory=directory,
                config=config,
                customizations=self.customizations,
                operations=self.operations,
                domains=self.domains,
                resource_servers=self.resource_servers,
                providers=self.identity_providers,
                identities=self.identities,
                bearers=bearers,
                issuer=issuer,
                keys=keys,
                sign_ins=sign_ins,
                tokens=tokens,
                triggers=triggers,
            )
            return Hosted(parts)

        self._make_hosted = make_hosted
        self._hosted: Hosted | None = None
        self._hosted_lock = threading.Lock()

    def close(self) -> None:
        """Stop the worker threads; what they do ends on its own."""
        self._heavy.close()

    @cached_property
    def files(self) -> "UserFiles":
        """Users out of pools and into them, as files have them."""
        from dewstack.cognito.files.importing import UserFiles  # Most starts need it for nothing.

        return UserFiles(self._directory, self._directory.clock)

    async def hosted(self, request: Request) -> Response:
        """What the hosted UI or an OAuth endpoint answers. Its modules are loaded with the first request."""
        hosted = await asyncio.to_thread(self._open_hosted) if self._hosted is None else self._hosted
        return await hosted(request)

    def _open_hosted(self) -> "Hosted":
        with self._hosted_lock:
            if self._hosted is None:
                self._hosted = self._make_hosted()
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
            **(endpoints if self.domains.of(pool) else {}),
            "id_token_signing_alg_values_supported": ["RS256"],
            "issuer": issuer_of(pool, self._config),
            "jwks_uri": f"{base_url}/{pool.id}/.well-known/jwks.json",
            "response_types_supported": ["code", "token"],
            "scopes_supported": ["openid", "email", "phone", "profile"],
            "subject_types_supported": ["public"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        }
