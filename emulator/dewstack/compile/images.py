"""Functions that are container images: by address, or by the name of one in `provider.ecr.images`."""

from typing import Any

from dewstack.service import FunctionSpec

from .draft import Draft

_DIGEST = "@sha256:"
_CONFIG = (("Command", "command"), ("EntryPoint", "entryPoint"), ("WorkingDirectory", "workingDirectory"))


def image_properties(draft: Draft, function: FunctionSpec) -> dict[str, Any]:
    """What a function has in the place of code, handler and runtime."""
    settings = _settings(function)
    config = {name: settings[key] for name, key in _CONFIG if settings.get(key)}
    return {
        "Code": {"ImageUri": image_uri(draft, function)},
        "ImageConfig": config or None,
        "PackageType": "Image",
    }


def image_uri(draft: Draft, function: FunctionSpec) -> str:
    """The image's address. One that the map builds by Docker has none yet: then it is its name."""
    settings = _settings(function)
    named = str(settings.get("uri") or settings.get("name") or "")
    listed = ((draft.service.provider.settings.get("ecr") or {}).get("images") or {}).get(named)
    address = listed.get("uri") if isinstance(listed, dict) else listed
    return str(address or named)


def image_sha256(draft: Draft, function: FunctionSpec) -> str | None:
    """The digest in the image's address (hexadecimal); None where it is named by a tag."""
    _, _, digest = image_uri(draft, function).partition(_DIGEST)
    return digest or None


def is_image(function: FunctionSpec) -> bool:
    """Whether the function is an image, not code."""
    return bool(function.settings.get("image")) and not function.handler


def _settings(function: FunctionSpec) -> dict[str, Any]:
    image = function.settings["image"]
    return dict(image) if isinstance(image, dict) else {"uri": image}
