"""The front end of a service that is deployed to LocalStack: its files, and where its APIs are."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dewstack.connection import Door
from dewstack.frontend import FrontendDoor
from dewstack.server import HttpServer, bind


def page_config(
    outputs: Mapping[str, str], urls: Mapping[str, str], region: str, public: str
) -> dict[str, Any]:
    """What `/config.json` says. `urls` are those of the stack's APIs by the names of their outputs, as a browser
    reaches them; `public` is LocalStack's own, to a browser."""
    http, rest = urls.get("HttpApiUrl"), urls.get("ServiceEndpoint")
    return {
        "apiUrl": http or rest,
        "restApiUrl": rest,
        "region": region,
        "userPoolId": outputs.get("UserPoolId"),
        "userPoolClientId": outputs.get("UserPoolClientId"),
        "mailboxUrl": f"{public}/_dew/mail",
    }


class Page:
    """A server of the files in `directory`. Start and stop it on one event loop."""

    def __init__(self, directory: Path, config: dict[str, Any], host: str, port: int) -> None:
        """Listen. Raises UserError when the port is taken."""
        self._listener = bind(host, port)
        self.port: int = self._listener.getsockname()[1]
        door = FrontendDoor()
        door.serve(directory, f"http://127.0.0.1:{self.port}", config)
        answers: Door = door
        self._server = HttpServer({self._listener: answers})

    async def start(self) -> None:
        """Begin to answer."""
        await self._server.start()

    async def stop(self) -> None:
        """End."""
        await self._server.stop()
