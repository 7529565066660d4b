"""From a request to whoever signed it."""

from hmac import compare_digest

from dewstack.arn import Arn
from dewstack.clock import Clock
from dewstack.config import Config
from dewstack.http import Request
from dewstack.iam.credentials import Credential, Credentials
from dewstack.iam.faults import EXPIRED_TOKEN, INVALID_TOKEN, Expired, Mismatch, Unrecognized
from dewstack.iam.signature import DerivedKeys, Signature, check_signature, check_time, read_signature


class Verification:
    """Verifies signatures with the secrets of known keys."""

    def __init__(self, credentials: Credentials, clock: Clock, config: Config) -> None:
        self._credentials = credentials
        self._clock = clock
        self._config = config
        self._keys = DerivedKeys()

    def signer(self, request: Request, service: str, region: str) -> Credential:
        """The key that signed `request` for a service of a region ('' for any). Raises Faults."""
        signature = read_signature(request)
        if region and signature.region != region:
            raise Mismatch("Credential should be scoped to a valid region. ")
        if signature.service != service:
            raise Mismatch(f"Credential should be scoped to correct service: '{service}'. ")
        key = signature.access_key_id
        credential = self._credentials.find(key) or self._credentials.developer(key, self._config.account_id)
        if credential is None:
            raise Unrecognized(INVALID_TOKEN)
        self.check(request, signature, credential)
        return credential

    def check(self, request: Request, signature: Signature, credential: Credential) -> None:
        """Raises Faults where `signature` is not the credential's."""
        self.check_token(credential, signature.session_token)
        check_time(signature, self._clock.time())
        check_signature(request, signature, credential.secret_access_key, self._keys)

    def check_token(self, credential: Credential, token: str) -> None:
        """Raises Unrecognized where it is not the session's token, Expired where the session has ended."""
        if not credential.active or not _same(credential.session_token, token, credential):
            raise Unrecognized(INVALID_TOKEN)
        if credential.expires is not None and credential.expires <= self._clock.time():
            raise Expired(EXPIRED_TOKEN)


def _same(held: str, given: str, credential: Credential) -> bool:
    """Compare in constant time. The developer's key has no session: tools send any token along with it."""
    return credential.principal.kind == "developer" or compare_digest(held.encode(), given.encode())


def region_of(resource: str) -> str:
    """The region of an ARN, or ''."""
    try:
        return Arn.parse(resource).region
    except ValueError:
        return ""
