"""What handlers wrote into other services, kept on disk and there again after a restart."""

from dewstack.others.kept.keeper import Keeper

__all__ = ["Keeper"]
