"""The front end's port: the page's files, and where its APIs are."""

import asyncio
import mimetypes
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from dewstack.http import Request, Response, json_response

REVALIDATE = (b"Cache-Control", b"no-cache")


class FrontendDoor:
    """The front end's port: files as they are on disk, never from outside of their directory."""

    def __init__(self) -> None:
        self._directory: Path | None = None
        self._origin = ""
        self._config: dict[str, Any] = {}

    def serve(self, directory: Path | None, origin: str, config: dict[str, Any]) -> None:
        """Serve `directory` from now on. `origin` is the one URL of the page, which APIs allow by CORS; `config`
        is what `/config.json` says."""
        self._directory = directory.resolve() if directory else None
        self._origin = origin
        self._config = config

    async def __call__(self, request: Request) -> Response:
        """Answer one request."""
        if request.method not in ("GET", "HEAD"):
            return json_response(405, {"message": "Only GET is served here."}, (b"Allow", b"GET, HEAD"))
        by_name = (request.header("host") or "").startswith("localhost:")
        if by_name and self._origin and "//localhost" not in self._origin:
            query = f"?{request.query}" if request.query else ""
            location = f"{self._origin}{request.raw_path}{query}".encode("latin-1")
            return Response(307, b"", [(b"Location", location)])
        if request.raw_path == "/config.json":
            return json_response(200, self._config, REVALIDATE)
        return await asyncio.to_thread(self._file, unquote(request.raw_path))

    def _file(self, path: str) -> Response:
        missing = json_response(404, {"message": f"{path}: there is no such file."})
        root = self._directory
        if root is None or "\0" in path:
            return missing
        try:
            file = (root / path.lstrip("/")).resolve()
            if file.is_dir():
                file /= "index.html"
            if not file.is_relative_to(root) or not file.is_file():
                return missing
            content = file.read_bytes()
        except OSError:
            return missing
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        if kind.startswith("text/") or kind.endswith("javascript"):
            kind += "; charset=utf-8"
        nosniff = (b"X-Content-Type-Options", b"nosniff")
        return Response(200, content, [(b"Content-Type", kind.encode()), REVALIDATE, nosniff])
