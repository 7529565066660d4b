"""What a map's Python functions require, read from whatever says so, and installed for AWS's own platform."""

from dewstack.deploy.requirements.files import Required, read_required
from dewstack.deploy.requirements.platform import PlatformPackages, platform_tags

__all__ = ["PlatformPackages", "Required", "platform_tags", "read_required"]
