"""Compression of an API's answers (`minimumCompressionSize`), for clients whose Accept-Encoding has gzip or deflate."""

import asyncio
import zlib
from collections.abc import Mapping

from dewstack.apigateway.rest_api.exchange import Exchange
from dewstack.http import Response

WINDOWS: Mapping[str, int] = {"gzip": 31, "deflate": 15}
"""zlib's window sizes that stand for the two formats."""
LARGE = 64 * 1024
"""Bytes from which on a body is compressed off the loop."""


async def compress(response: Response, exchange: Exchange) -> None:
    """Compress a body that isn't already, if the client takes it."""
    taken = {
        part.partition(";")[0].strip().lower()
        for part in (exchange.header("accept-encoding") or "").split(",")
    }
    coding = next((one for one in WINDOWS if one in taken), None)
    if (
        coding is None
        or not response.body
        or any(name.lower() == b"content-encoding" for name, _ in response.headers)
    ):
        return
    if len(response.body) < LARGE:
        response.body = _compressed(response.body, WINDOWS[coding])
    else:
        response.body = await asyncio.to_thread(_compressed, response.body, WINDOWS[coding])
    response.headers.append((b"Content-Encoding", coding.encode()))


def _compressed(body: bytes, window: int) -> bytes:
    packer = zlib.compressobj(wbits=window)
    return packer.compress(body) + packer.flush()
