"""An emulator for tests, in the test's own process: the `dew` fixture of pytest, and `start` for everything else.

    def test_register(dew):
        httpx.post(f"{dew.url}/auth/register", json={"email": "a@example.com", "password": "Correct-Horse-1"})
        [message] = dew.mail("a@example.com")

pytest loads the plugin in every project of an environment, so nothing heavy is imported before it is used.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dewstack.testing.running import Dew, start

__all__ = ["Dew", "start"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from dewstack.testing import running

    return getattr(running, name)
