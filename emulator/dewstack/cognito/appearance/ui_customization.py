"""GetUICustomization and SetUICustomization: CSS and logo of the classic hosted UI, for one client or for all."""

import base64
import time
from typing import Any

from msgspec import Struct

from dewstack.clock import Clock
from dewstack.cognito import errors
from dewstack.cognito.appearance import css
from dewstack.cognito.directory import Directory
from dewstack.cognito.model import UserPool
from dewstack.cognito.pools.domains import Domains
from dewstack.config import Caller
from dewstack.wire import operation

Params = dict[str, Any]

ALL = "ALL"
_IMAGES = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}


class UICustomization(Struct, frozen=True, kw_only=True):
    """A customization. Times are seconds since the epoch."""

    css: str | None = None
    image: bytes | None = None
    created: float
    modified: float

    @property
    def image_url(self) -> str | None:
        """The logo as a `data:` URL: what AWS puts onto a CDN."""
        if self.image is None:
            return None
        return f"data:{_media_type(self.image)};base64,{base64.b64encode(self.image).decode()}"


class UICustomizations:
    """The operations on customizations, and which one a client's pages have."""

    def __init__(self, directory: Directory, clock: Clock, domains: Domains) -> None:
        self._directory = directory
        self._clock = clock
        self._domains = domains
        self._kept = directory.of_client("ui-customizations", UICustomization)

    def of(self, pool: UserPool, client_id: str) -> UICustomization | None:
        """What the pages of this client look like: its own customization, else the pool's, else None."""
        return self._kept.get(*pool.key, client_id) or self._kept.get(*pool.key, ALL)

    @operation("GetUICustomization")
    def get_ui_customization(self, caller: Caller, params: Params) -> Params:
        """The client's customization, else the pool's, else nothing."""
        pool, client_id = self._place(caller, params)
        own = self._kept.get(*pool.key, client_id)
        found = own or self._kept.get(*pool.key, ALL)
        if found is None:
            return {"UICustomization": {}}
        return {"UICustomization": _describe(pool, client_id if own else ALL, found)}

    @operation("SetUICustomization")
    def set_ui_customization(self, caller: Caller, params: Params) -> Params:
        """Replace a customization; without CSS and image there is none any more.

        Raises InvalidParameterException for a pool without a domain, and for CSS or images AWS does not take.
        """
        text, image, now = params.get("CSS") or None, params.get("ImageFile") or None, self._clock.time()
        if text:
            css.check(text)
        if image:
            _media_type(image)
        with self._directory.transaction():
            pool, client_id = self._place(caller, params)
            if (text or image) and not self._domains.of(pool):
                raise errors.InvalidParameterException("A domain must be associated with this user pool.")
            before = self._kept.get(*pool.key, client_id)
            made = UICustomization(
                css=text, image=image, created=before.created if before else now, modified=now
            )
            if text or image:
                self._kept.put(made, *pool.key, client_id)
            else:
                self._kept.delete(*pool.key, client_id)
        return {"UICustomization": _describe(pool, client_id, made)}

    def _place(self, caller: Caller, params: Params) -> tuple[UserPool, str]:
        pool = self._directory.pool(caller, params["UserPoolId"])
        client_id = params.get("ClientId") or ALL
        return pool, client_id if client_id == ALL else self._directory.client(pool, client_id).id


def _media_type(image: bytes) -> str:
    for magic, media_type in _IMAGES.items():
        if image.startswith(magic):
            return media_type
    raise errors.InvalidParameterException("The image must be a PNG or a JPEG file.")


def _describe(pool: UserPool, client_id: str, customization: UICustomization) -> Params:
    shape = {
        "UserPoolId": pool.id,
        "ClientId": client_id,
        "ImageUrl": customization.image_url,
        "CSS": customization.css,
        "CSSVersion": time.strftime("%Y%m%d%H%M%S", time.gmtime(customization.modified)),
        "LastModifiedDate": customization.modified,
        "CreationDate": customization.created,
    }
    return {key: value for key, value in shape.items() if value is not None}
