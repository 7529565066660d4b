"""What the operations of user pools share, each made once and handed to whoever uses it."""

from dewstack.clock import Clock
from dewstack.cognito.appearance import UICustomizations
from dewstack.cognito.directory import Directory
from dewstack.cognito.factors.devices import Devices
from dewstack.cognito.factors.factors import Factors
from dewstack.cognito.factors.first_factors import FirstFactors
from dewstack.cognito.factors.passkeys import Passkeys
from dewstack.cognito.mail.mailbox import Mailbox
from dewstack.cognito.mail.messages import Messenger
from dewstack.cognito.pools.domains import Domains
from dewstack.cognito.pools.resource_servers import ResourceServers
from dewstack.cognito.providers.identities import Identities
from dewstack.cognito.providers.identity_providers import IdentityProviders
from dewstack.cognito.secrets.heavy import HeavyWork
from dewstack.cognito.tokens.bearer import Bearers
from dewstack.cognito.tokens.issuing import Issuer
from dewstack.cognito.tokens.keys import Keys
from dewstack.cognito.tokens.tokens import Tokens
from dewstack.cognito.triggers import Asker, Send, Senders, Triggers
from dewstack.cognito.users.attributes import Attributes
from dewstack.cognito.users.codes import Codes, Limits
from dewstack.cognito.users.lockout import Lockout
from dewstack.cognito.users.migration import Migration
from dewstack.cognito.users.naming import Naming
from dewstack.cognito.users.verification import Verification
from dewstack.config import Config
from dewstack.store import Store


class Parts:
    """Everything below the operations, from the store upwards."""

    def __init__(self, store: Store, clock: Clock, config: Config, asker: Asker, send: Send | None) -> None:
        self.clock = clock
        self.config = config
        self.base_url = f"http://localhost:{config.aws_port}"
        self.directory = directory = Directory(store, clock)
        self.heavy = HeavyWork()
        self.triggers = triggers = Triggers(asker)
        # tokens
        self.keys = Keys(directory)
        self.tokens = Tokens(directory, clock)
        self.issuer = Issuer(directory, self.heavy, self.keys, self.tokens, clock, config, triggers)
        self.bearers = Bearers(directory, self.keys, clock, config)
        # mail
        self.mailbox = Mailbox(store, clock)
        senders = Senders(asker, send, self.base_url)
        self.messenger = Messenger(self.mailbox, self.base_url, triggers, senders)
        # users
        self.limits, self.lockout = Limits(directory), Lockout(directory)
        self.naming, self.codes = Naming(directory), Codes(directory, self.limits)
        self.verification = Verification(directory, self.codes, self.messenger)
        self.attributes = Attributes(directory, self.codes, self.messenger, self.verification)
        self.migration = Migration(directory, clock, self.messenger, self.verification, self.naming, triggers)
        # pools
        self.domains = Domains(directory)
        self.resource_servers = ResourceServers(directory)
        self.customizations = UICustomizations(directory, clock, self.domains)
        self.providers = IdentityProviders(directory, clock)
        self.identities = Identities(directory, clock, self.providers)
        # factors
        self.devices, self.factors = Devices(directory, clock), Factors(directory)
        self.passkeys = Passkeys(directory, self.domains)
        self.first_factors = FirstFactors(self.factors, self.passkeys)
