"""serverless-offline's settings (`custom.serverless-offline`): where its users expect their service to be."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from .reading import Reading, mapping, text

PLUGIN = "serverless-offline"
_UNFOLLOWED = {
    "noAuth": "isn't followed: authorizers decide here as they do on AWS",
    "ignoreJWTSignature": "isn't followed: a token is accepted when its signature is right",
    "httpsProtocol": "isn't followed: the service is served by plain HTTP",
    "customAuthenticationProvider": "isn't followed: only the map's authorizers decide",
}


class Offline(Struct, frozen=True):
    """`http_port` is None where the map names none. `prefix` has no slashes around it."""

    http_port: int | None = None
    host: str | None = None
    prefix: str = ""
    stage_in_url: bool = True

    def rest_base(self, stage: str) -> str:
        """What the paths of the REST API begin with: `/dev`, `/prefix/dev`, or nothing."""
        return self.http_base + (f"/{stage}" if self.stage_in_url else "")

    @property
    def http_base(self) -> str:
        """What the paths of the HTTP API begin with, usually nothing."""
        return f"/{self.prefix}" if self.prefix else ""


def read_offline(section: Any) -> Offline:
    """The settings under `custom.serverless-offline`; what doesn't fit is left out."""
    own = mapping(section)
    host = text(own.get("host"))
    return Offline(
        http_port=_port(own.get("httpPort", own.get("port"))),
        host="127.0.0.1" if host == "localhost" else host,
        prefix=str(own.get("prefix") or "").strip("/"),
        stage_in_url=str(own.get("noPrependStageInUrl", False)).lower() != "true",
    )


def build_offline(reading: Reading, custom: Mapping[str, Any]) -> Offline:
    """The settings, and a word about those that would make this less strict than AWS."""
    section = mapping(custom.get(PLUGIN))
    for name, message in _UNFOLLOWED.items():
        if section.get(name):
            reading.problem(("custom", PLUGIN, name), message, "warning")
    settings = read_offline(section)
    if settings.host not in (None, "127.0.0.1", "::1"):
        message = (
            f"isn't followed: only this machine is listened to; others too with dew up --host {settings.host}"
        )
        reading.problem(("custom", PLUGIN, "host"), message, "warning")
    return settings


def _port(value: Any) -> int | None:
    number = int(value) if isinstance(value, str) and value.isdigit() else value
    return (
        number if isinstance(number, int) and not isinstance(number, bool) and 0 <= number < 65536 else None
    )
