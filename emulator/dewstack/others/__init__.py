"""Every AWS service that dewstack does not emulate itself, through moto (the extra `aws`), loaded on first use."""

from dewstack.others.service import OtherServices

__all__ = ["OtherServices"]
