"""A module beside the handlers."""

SEEN: list[str] = []
