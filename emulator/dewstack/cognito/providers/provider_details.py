"""ProviderDetails, by type of provider: what must be there, and what AWS adds by itself."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from dewstack.cognito.errors import InvalidParameterException

Details = dict[str, str]

_FACEBOOK = "17.0"
"""The version of Facebook's API that a provider without `api_version` uses."""
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_ENDPOINTS = ("authorize_url", "token_url", "attributes_url", "jwks_uri")


def complete(name: str, kind: str, details: Details) -> Details:
    """The details as they are kept. Raises InvalidParameterException for what AWS would refuse."""
    if kind in _SOCIAL and name != kind:
        raise InvalidParameterException(f"Provider {name} cannot be of type {kind}.")
    return _RULES[kind](details)


def _require(details: Details, keys: tuple[str, ...], words: str) -> None:
    if not all(details.get(key, "").strip() for key in keys):
        raise InvalidParameterException(f"{words} are all required idp details.")


def _social(**endpoints: str) -> Callable[[Details], Details]:
    def rule(details: Details) -> Details:
        keys = ("client_id", "client_secret", "authorize_scopes")
        _require(details, keys, "clientId, clientSecret and authorizeScopes")
        return {**endpoints, **details}

    return rule


def _facebook(details: Details) -> Details:
    version = f"v{details.get('api_version', _FACEBOOK).removeprefix('v')}"
    rule = _social(
        api_version=version,
        attributes_url=f"https://graph.facebook.com/{version}/me?fields=",
        attributes_url_add_attributes="true",
        authorize_url=f"https://www.facebook.com/{version}/dialog/oauth",
        token_request_method="GET",
        token_url=f"https://graph.facebook.com/{version}/oauth/access_token",
    )
    return rule(details)


def _apple(details: Details) -> Details:
    keys = ("client_id", "private_key", "team_id", "key_id")
    _require(details, keys, "clientId, privateKey, teamId, and keyId")
    return {
        "attributes_url_add_attributes": "false",
        "authorize_url": "https://appleid.apple.com/auth/authorize",
        "oidc_issuer": "https://appleid.apple.com",
        "token_request_method": "POST",
        "token_url": "https://appleid.apple.com/auth/token",
        **details,
    }


def _oidc(details: Details) -> Details:
    keys = ("client_id", "authorize_scopes", "oidc_issuer", "attributes_request_method")
    _require(details, keys, "clientId, authorizeScopes, oidcIssuer and attributesRequestMethod")
    if details["attributes_request_method"] not in ("GET", "POST"):
        raise InvalidParameterException(
            f"1 validation error detected: Value '{details['attributes_request_method']}' at "
            "'attributesRequestMethod' failed to satisfy constraint: "
            "Member must satisfy enum value set: [POST, GET]"
        )
    for key in ("oidc_issuer", *_ENDPOINTS):
        if key in details:
            _check_endpoint(details[key])
    return {"attributes_url_add_attributes": "false", **details}


def _check_endpoint(url: str) -> None:
    # Plain http on this machine is dewstack's own: another local pool can be the provider.
    parts = _split(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise InvalidParameterException("OIDC endpoint must start with https://")


def _split(url: str) -> Any:
    try:
        return urlsplit(url)
    except ValueError as error:
        raise InvalidParameterException("OIDC endpoint must start with https://") from error


def _saml(details: Details) -> Details:
    given = [key for key in ("MetadataURL", "MetadataFile") if details.get(key)]
    if not given:
        raise InvalidParameterException("At least one of the MetadataURL or MetadataFile should be provided.")
    if len(given) > 1:
        raise InvalidParameterException("Only one of the MetadataURL or MetadataFile should be provided.")
    return dict(details)


_SOCIAL: dict[str, Callable[[Details], Details]] = {
    "Facebook": _facebook,
    "Google": _social(
        attributes_url="https://people.googleapis.com/v1/people/me?personFields=",
        attributes_url_add_attributes="true",
        authorize_url="https://accounts.google.com/o/oauth2/v2/auth",
        oidc_issuer="https://accounts.google.com",
        token_request_method="POST",
        token_url="https://www.googleapis.com/oauth2/v4/token",
    ),
    "LoginWithAmazon": _social(
        attributes_url="https://api.amazon.com/user/profile",
        attributes_url_add_attributes="false",
        authorize_url="https://www.amazon.com/ap/oa",
        token_request_method="POST",
        token_url="https://api.amazon.com/auth/o2/token",
    ),
    "SignInWithApple": _apple,
}
_RULES: dict[str, Callable[[Details], Details]] = {**_SOCIAL, "OIDC": _oidc, "SAML": _saml}
