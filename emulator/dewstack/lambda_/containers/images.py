"""The images in which AWS publishes Lambda's runtimes, https://gallery.ecr.aws/lambda, and what they run on."""

import re
from collections.abc import Sequence

from dewstack.lambda_.errors import InvalidParameterValueException

REGISTRY = "public.ecr.aws/lambda"
RUNTIME = re.compile(r"(python|nodejs|java|dotnet|ruby|provided|go)(.*)")
TAGS = {"provided": "alami", "go1.x": "1"}
"""Where the tag isn't what follows the family's name."""
PLATFORMS = {"x86_64": "linux/amd64", "arm64": "linux/arm64"}


def official_image(identifier: str) -> str:
    """The image of a runtime, as `public.ecr.aws/lambda/nodejs:22` of nodejs22.x.

    Raises InvalidParameterValueException for an identifier that is no runtime's.
    """
    match = RUNTIME.fullmatch(identifier)
    tag = TAGS.get(identifier) or (match.group(2).lstrip(".").removesuffix(".x") if match else "")
    if match is None or not re.fullmatch(r"[a-z]*\d*[\w.]*", tag) or not tag:
        raise InvalidParameterValueException(f"AWS has no image for the runtime {identifier}")
    return f"{REGISTRY}/{match.group(1)}:{tag}"


def platform_of(architectures: Sequence[str]) -> str:
    """What Docker calls a function's architecture."""
    return PLATFORMS[architectures[0] if architectures else "x86_64"]
