"""Many clients at once, whose requests have ids of their own that their answers must carry."""

import asyncio
import json
import uuid
from collections import Counter
from collections.abc import Callable

SECONDS = 30
"""The longest that anything here may take."""


async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str) -> str:
    """One request on a kept connection: `right`, or what the answer was instead. Raises OSError or EOFError when
    there is none."""
    name = uuid.uuid4().hex
    writer.write(request(path, name))
    await writer.drain()
    status, body = await answer(reader)
    if status != 200:
        return f"{status} {body!r}"
    return "right" if json.loads(body)["id"] == name else f"somebody else's: {body!r}"


def request(path: str, name: str) -> bytes:
    """A request with an id, in its body."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: h\r\nContent-Type: text/plain\r\nContent-Length: {len(name)}\r\n\r\n"
    )
    return f"{head}{name}".encode()


async def answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Status and body of the next answer."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    length = int(head.partition("\r\ncontent-length: ")[2].partition("\r\n")[0])
    return int(head.split(" ")[1]), await reader.readexactly(length)


async def together(port: int, path: str, count: int) -> Counter[str]:
    """What `count` clients are answered that ask at the same time."""

    async def one() -> str:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            return await ask(reader, writer, path)
        finally:
            writer.close()

    async with asyncio.timeout(SECONDS):
        return Counter(await asyncio.gather(*(one() for _ in range(count))))


async def keep_asking(port: int, path: str, until: Callable[[], bool], answers: Counter[str]) -> None:
    """Ask again and again, on new connections where one breaks, until `until` says so."""
    while not until():
        try:
            async with asyncio.timeout(SECONDS):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                try:
                    while not until():
                        answers[await ask(reader, writer, path)] += 1
                finally:
                    writer.close()
        except (OSError, EOFError):
            answers["connection error"] += 1
            await asyncio.sleep(0.02)
