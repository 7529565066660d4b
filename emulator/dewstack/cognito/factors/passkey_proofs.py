"""What authenticators answer, verified by py_webauthn. It is imported with the first proof."""

from typing import Any
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from dewstack.cognito import errors
from dewstack.cognito.factors.passkeys import ALGORITHMS, LOCAL, Passkey, decoded, encoded

TRANSPORTS = ("usb", "nfc", "ble", "smart-card", "internal", "hybrid")
MISMATCH = "The credential does not match the challenge."


class Demand(Struct, frozen=True):
    """What a proof must be made for."""

    challenge: str
    relying_party: str
    verifies_users: bool


def registered(credential: Any, demand: Demand, now: float) -> Passkey:
    """The passkey that a browser has made. `now` is in seconds since the epoch.

    Raises WebAuthnOriginNotAllowedException, WebAuthnRelyingPartyMismatchException,
    WebAuthnCredentialNotSupportedException; WebAuthnChallengeNotFoundException for another challenge's answer.
    """
    from webauthn import verify_registration_response
    from webauthn.helpers.cose import COSEAlgorithmIdentifier
    from webauthn.helpers.exceptions import UnsupportedAlgorithm, UnsupportedPublicKey, WebAuthnException

    origin, challenge = _client_data(credential)
    if challenge != demand.challenge:
        raise errors.WebAuthnChallengeNotFoundException("The challenge was not found or has expired.")
    _check_origin(origin, demand.relying_party)
    try:
        proved = verify_registration_response(
            credential=credential,
            expected_challenge=decoded(demand.challenge),
            expected_rp_id=demand.relying_party,
            expected_origin=origin,
            require_user_verification=demand.verifies_users,
            supported_pub_key_algs=[COSEAlgorithmIdentifier(number) for number in ALGORITHMS],
        )
    except (UnsupportedAlgorithm, UnsupportedPublicKey) as error:
        raise errors.WebAuthnCredentialNotSupportedException(str(error)) from error
    except (WebAuthnException, ValueError, TypeError, KeyError) as error:
        if "RP ID" in str(error):
            raise errors.WebAuthnRelyingPartyMismatchException(str(error)) from error
        raise errors.WebAuthnCredentialNotSupportedException(f"Invalid credential: {error}") from error
    response = credential["response"]
    attachment = credential.get("authenticatorAttachment")
    return Passkey(
        id=encoded(proved.credential_id),
        public_key=encoded(proved.credential_public_key),
        sign_count=proved.sign_count,
        name="Passkey",
        relying_party=demand.relying_party,
        attachment=attachment if attachment in ("platform", "cross-platform") else None,
        transports=[name for name in TRANSPORTS if name in _strings(response.get("transports"))],
        created=now,
    )


def new_count(credential: Any, passkey: Passkey, demand: Demand) -> int:
    """The authenticator's counter, if `credential` proves that the user has the passkey.

    Raises NotAuthorizedException otherwise.
    """
    from webauthn import verify_authentication_response
    from webauthn.helpers.exceptions import WebAuthnException

    try:
        origin, challenge = _client_data(credential)
        _check_origin(origin, demand.relying_party)
        if challenge != demand.challenge:
            raise errors.NotAuthorizedException(MISMATCH)
        proved = verify_authentication_response(
            credential=credential,
            expected_challenge=decoded(demand.challenge),
            expected_rp_id=demand.relying_party,
            expected_origin=origin,
            credential_public_key=decoded(passkey.public_key),
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=demand.verifies_users,
        )
    except (errors.CognitoError, WebAuthnException, ValueError, TypeError, KeyError) as error:
        raise errors.NotAuthorizedException("Invalid credential.") from error
    return proved.new_sign_count


def _client_data(credential: Any) -> tuple[str, str]:
    """Origin and challenge, as the browser tells them. Raises InvalidParameterException for what is no credential."""
    try:
        data = msgspec.json.decode(decoded(credential["response"]["clientDataJSON"]))
        origin, challenge = data["origin"], data["challenge"]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise errors.InvalidParameterException("Credential is not a PublicKeyCredential in JSON.") from error
    if not isinstance(origin, str) or not isinstance(challenge, str):
        raise errors.InvalidParameterException("Credential is not a PublicKeyCredential in JSON.")
    return origin, challenge.rstrip("=")


def _strings(value: Any) -> list[str]:
    return [entry for entry in value if isinstance(entry, str)] if isinstance(value, list) else []


def _check_origin(origin: str, relying_party: str) -> None:
    """Refuse pages that the relying party has nothing to do with: over http all but those of this machine."""
    try:
        url = urlsplit(origin)
        host = url.hostname or ""
    except ValueError:
        host, url = "", urlsplit("")
    related = host == relying_party or host.endswith(f".{relying_party}")
    secure = url.scheme == "https" or (url.scheme == "http" and relying_party == LOCAL)
    if not (related and secure):
        raise errors.WebAuthnOriginNotAllowedException(
            f"Origin {origin} is not allowed for the relying party {relying_party}."
        )
