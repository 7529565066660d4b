"""What AWS checks of an app client's settings beyond the model's constraints, in AWS's words."""

from typing import Any
from urllib.parse import urlsplit

from dewstack.cognito.errors import (
    InvalidOAuthFlowException,
    InvalidParameterException,
    ScopeDoesNotExistException,
)
from dewstack.cognito.model import API_SCOPE, DAY, SECONDS, Settings
from dewstack.errors import NotEmulated

STANDARD_SCOPES = frozenset({"openid", "email", "phone", "profile", API_SCOPE})
_RANGES = {
    "AccessToken": (300, DAY),
    "IdToken": (300, DAY),
    "RefreshToken": (3600, 3650 * DAY),
}
"""Least and most seconds a token may live."""
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_SCRIPTS = frozenset({"javascript", "data", "vbscript"})
_ANALYTICS = ("ApplicationId", "RoleArn", "ExternalId")


def check(settings: Settings, *, secret: bool) -> None:
    """Refuse what contradicts itself. `secret` tells whether the client has one.

    Raises InvalidParameterException, InvalidOAuthFlowException, and NotEmulated for what dewstack has not.
    """
    _check_flows(settings)
    _check_validity(settings)
    _check_urls(settings)
    if settings.get("AllowedOAuthFlowsUserPoolClient"):
        _check_required(settings)
    _check_grants(settings, secret)
    _check_analytics(settings.get("AnalyticsConfiguration") or {})


def check_scopes(settings: Settings, custom: list[str]) -> None:
    """Refuse scopes that are neither standard nor in `custom`, those of the pool's resource servers."""
    grants = settings.get("AllowedOAuthFlows") or []
    for scope in settings.get("AllowedOAuthScopes") or []:
        if scope in STANDARD_SCOPES and "client_credentials" in grants:
            raise InvalidOAuthFlowException(f"{scope} is not supported with client_credentials flow")
        if scope not in STANDARD_SCOPES and scope not in custom:
            raise ScopeDoesNotExistException(f"Invalid scope requested: {scope}")


def _check_flows(settings: Settings) -> None:
    flows = settings.get("ExplicitAuthFlows") or []
    modern = [flow for flow in flows if flow.startswith("ALLOW_")]
    if modern and len(modern) < len(flows):
        raise InvalidParameterException(
            "Auth flow name with prefix 'ALLOW' cannot be used with legacy auth flow names."
        )
    exchanges = [flow for flow in flows if flow.startswith("ALLOW_TOKEN_EXCHANGE")]
    if exchanges:
        raise NotEmulated(f"ExplicitAuthFlows {', '.join(exchanges)}: token exchange is not emulated")
    rotation = (settings.get("RefreshTokenRotation") or {}).get("Feature")
    if rotation == "ENABLED" and "ALLOW_REFRESH_TOKEN_AUTH" in flows:
        raise InvalidParameterException(
            "Refresh token rotation cannot be enabled when ALLOW_REFRESH_TOKEN_AUTH is in ExplicitAuthFlows."
        )


def _check_validity(settings: Settings) -> None:
    units = settings.get("TokenValidityUnits") or {}
    for token, (least, most) in _RANGES.items():
        value = settings.get(f"{token}Validity")
        unit = units.get(token) or ("days" if token == "RefreshToken" else "hours")
        if value and not least <= value * SECONDS[unit] <= most:
            raise InvalidParameterException("Invalid range for token validity.")


def _check_urls(settings: Settings) -> None:
    callbacks = settings.get("CallbackURLs") or []
    for url in [*callbacks, *(settings.get("LogoutURLs") or [])]:
        _check_url(url)
    default = settings.get("DefaultRedirectURI")
    if default and default not in callbacks:
        raise InvalidParameterException(
            f"The default redirect URI {default} is not in the callback URIs list."
        )


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError as error:
        raise InvalidParameterException(f"{url} is not a valid URL.") from error
    if not parts.scheme or parts.scheme in _SCRIPTS or (parts.scheme in ("http", "https") and not host):
        raise InvalidParameterException(f"{url} is not a valid URL.")
    if "#" in url:
        raise InvalidParameterException(f"{url} cannot contain a fragment.")
    if parts.scheme == "http" and host not in _LOOPBACK:
        raise InvalidParameterException(f"{url} cannot use the HTTP protocol.")


def _check_required(settings: Settings) -> None:
    flows = settings.get("AllowedOAuthFlows") or []
    if not flows or not settings.get("AllowedOAuthScopes"):
        raise InvalidParameterException(
            "AllowedOAuthFlows and AllowedOAuthScopes are required "
            "if user pool client is allowed to use OAuth flows."
        )
    if {"code", "implicit"} & set(flows) and not settings.get("CallbackURLs"):
        raise InvalidOAuthFlowException(
            "CallbackUrls can not be empty when code flow or implicit flow is selected"
        )


def _check_grants(settings: Settings, secret: bool) -> None:
    flows = settings.get("AllowedOAuthFlows") or []
    if "client_credentials" not in flows:
        return
    if len(set(flows)) > 1:
        raise InvalidOAuthFlowException(
            "client_credentials flow can not be selected along with code flow or implicit flow."
        )
    if not secret:
        raise InvalidOAuthFlowException(
            "client_credentials flow can not be selected if client does not have a client secret."
        )


def _check_analytics(config: dict[str, Any]) -> None:
    given = [member for member in _ANALYTICS if config.get(member)]
    by_arn = bool(config.get("ApplicationArn"))
    if config and (given if by_arn else len(given) < len(_ANALYTICS)):
        raise InvalidParameterException(
            "Invalid analytics configuration given, either <application arn> or "
            "<application id, role arn, external id> are valid"
        )
