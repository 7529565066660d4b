"""Managed login's branding: a style for each app client, kept as it is given."""

from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from dewstack import ids
from dewstack.clock import Clock
from dewstack.cognito import errors
from dewstack.cognito.directory import Directory
from dewstack.cognito.model import UserPool
from dewstack.config import Caller
from dewstack.wire import operation

Params = dict[str, Any]


class Asset(Struct, frozen=True, kw_only=True):
    """An image of a style."""

    category: str
    color_mode: str
    extension: str
    data: bytes | None = None
    resource_id: str | None = None


class Branding(Struct, frozen=True, kw_only=True):
    """A client's style. Times are seconds since the epoch."""

    id: str
    client_id: str
    defaults: bool
    """UseCognitoProvidedValues."""
    settings: Any = None
    assets: list[Asset] = field(default_factory=list)
    created: float
    modified: float


class Brandings:
    """The operations on managed login branding."""

    def __init__(self, directory: Directory, clock: Clock) -> None:
        self._directory = directory
        self._clock = clock
        self._kept = directory.of_client("managed-login-brandings", Branding)

    @operation("CreateManagedLoginBranding")
    def create_managed_login_branding(self, caller: Caller, params: Params) -> Params:
        """Give a client its style. Raises ManagedLoginBrandingExistsException when it has one."""
        _check(params)
        now = self._clock.time()
        with self._directory.transaction():
            pool = self._directory.pool(caller, params["UserPoolId"])
            client = self._directory.client(pool, params["ClientId"])
            if self._kept.get(*client.key):
                raise errors.ManagedLoginBrandingExistsException(
                    f"Managed login branding style already exists for client {client.id}."
                )
            branding = Branding(
                id=ids.uuid4(),
                client_id=client.id,
                defaults=bool(params.get("UseCognitoProvidedValues")),
                settings=params.get("Settings"),
                assets=_assets(params),
                created=now,
                modified=now,
            )
            self._kept.put(branding, *client.key)
        return {"ManagedLoginBranding": _describe(pool, branding)}

    @operation("DescribeManagedLoginBranding")
    def describe_managed_login_branding(self, caller: Caller, params: Params) -> Params:
        """One style. Cognito's own values are not merged into it."""
        pool, branding = self._identified(caller, params)
        return {"ManagedLoginBranding": _describe(pool, branding)}

    @operation("DescribeManagedLoginBrandingByClient")
    def describe_managed_login_branding_by_client(self, caller: Caller, params: Params) -> Params:
        """The style of a client."""
        pool = self._directory.pool(caller, params["UserPoolId"])
        client = self._directory.client(pool, params["ClientId"])
        branding = self._kept.get(*client.key)
        if branding is None:
            raise errors.ResourceNotFoundException(
                f"Managed login branding style does not exist for client {client.id}."
            )
        return {"ManagedLoginBranding": _describe(pool, branding)}

    @operation("UpdateManagedLoginBranding")
    def update_managed_login_branding(self, caller: Caller, params: Params) -> Params:
        """Change a style: its assets if any are given, and its settings or that it has Cognito's."""
        for member in ("UserPoolId", "ManagedLoginBrandingId"):
            if not params.get(member):
                raise errors.InvalidParameterException(f"{member} is required.")
        _check(params)
        with self._directory.transaction():
            pool, branding = self._identified(caller, params)
            changes: dict[str, Any] = {}
            if "Settings" in params or params.get("UseCognitoProvidedValues"):
                defaults = bool(params.get("UseCognitoProvidedValues"))
                changes = {"defaults": defaults, "settings": params.get("Settings")}
            if "Assets" in params:
                changes["assets"] = _assets(params)
            branding = replace(branding, modified=self._clock.time(), **changes)
            self._kept.put(branding, *pool.key, branding.client_id)
        return {"ManagedLoginBranding": _describe(pool, branding)}

    @operation("DeleteManagedLoginBranding")
    def delete_managed_login_branding(self, caller: Caller, params: Params) -> Params:
        """Remove a style."""
        with self._directory.transaction():
            pool, branding = self._identified(caller, params)
            self._kept.delete(*pool.key, branding.client_id)
        return {}

    def _identified(self, caller: Caller, params: Params) -> tuple[UserPool, Branding]:
        pool, wanted = self._directory.pool(caller, params["UserPoolId"]), params["ManagedLoginBrandingId"]
        for branding in self._kept.scan(*pool.key):
            if branding.id == wanted:
                return pool, branding
        raise errors.ResourceNotFoundException(f"Managed login branding style {wanted} does not exist.")


def _check(params: Params) -> None:
    if params.get("UseCognitoProvidedValues") and params.get("Settings"):
        raise errors.InvalidParameterException(
            "useCognitoProvidedValues or settings should be specified (but not both)"
        )
    for asset in params.get("Assets") or []:
        if (asset["Extension"] == "ICO") != (asset["Category"] == "FAVICON_ICO"):
            raise errors.InvalidParameterException(
                f"{asset['Extension']} is no extension of an asset of the category {asset['Category']}."
            )
        if not asset.get("Bytes") and not asset.get("ResourceId"):
            raise errors.InvalidParameterException("An asset needs Bytes or ResourceId.")


def _assets(params: Params) -> list[Asset]:
    return [
        Asset(
            category=asset["Category"],
            color_mode=asset["ColorMode"],
            extension=asset["Extension"],
            data=asset.get("Bytes"),
            resource_id=asset.get("ResourceId"),
        )
        for asset in params.get("Assets") or []
    ]


def _describe(pool: UserPool, branding: Branding) -> Params:
    assets = [
        {
            "Category": asset.category,
            "ColorMode": asset.color_mode,
            "Extension": asset.extension,
            **({"Bytes": asset.data} if asset.data is not None else {}),
            **({"ResourceId": asset.resource_id} if asset.resource_id else {}),
        }
        for asset in branding.assets
    ]
    return {
        "ManagedLoginBrandingId": branding.id,
        "UserPoolId": pool.id,
        "UseCognitoProvidedValues": branding.defaults,
        **({"Settings": branding.settings} if branding.settings is not None else {}),
        "Assets": assets,
        "CreationDate": branding.created,
        "LastModifiedDate": branding.modified,
    }
