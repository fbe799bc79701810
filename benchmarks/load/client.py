"""An HTTP client that costs little, so that two cores are left to the worker: a connection a request, and lines that
stay bytes until somebody wants to know more of them than their kind.

Knows nothing about who asks what.
"""

import asyncio
import json
import socket
import struct
from collections.abc import AsyncIterator
from typing import Self

LIMIT = 2**20  # bytes that wait to be read, and the longest line
PATIENCE_S, BACKGROUND_S = 60.0, 600.0


class Stream:
    """One request and the lines that answer it. Raises OSError or asyncio.IncompleteReadError where it is cut."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.status = 0
        self.headers: dict[str, str] = {}

    @classmethod
    async def open(cls, address: tuple[str, int]) -> Self:
        return cls(*await asyncio.open_connection(*address, limit=LIMIT))

    def ask(self, path: str, content: bytes = b"", share: float = 1.0) -> None:
        """GET without content, else POST. `share` of what is to be sent is sent."""
        head = f"{'POST' if content else 'GET'} {path} HTTP/1.1\r\n"
        head += f"Host: localhost\r\nContent-Length: {len(content)}\r\n\r\n"
        sent = head.encode() + content
        self._writer.write(sent[: int(len(sent) * share)])

    async def lines(self) -> AsyncIterator[bytes]:
        """Of a whole answer; `status` and `headers` are known from the first on. What has a length is one line."""
        head = await self._reader.readuntil(b"\r\n\r\n")
        self.status = int(head[9:12])
        rows = [row.split(":", 1) for row in head.decode("latin-1").split("\r\n")[1:] if row]
        self.headers = {name.lower(): value.strip() for name, value in rows}
        if length := self.headers.get("content-length"):
            yield await self._reader.readexactly(int(length))
            return
        rest = b""
        while size := int(await self._reader.readuntil(b"\r\n"), 16):
            rest += (await self._reader.readexactly(size + 2))[:-2]
            *whole, rest = rest.split(b"\n")
            for line in whole:
                yield line
        await self._reader.readexactly(2)

    def close(self) -> None:
        self._writer.close()

    def reset(self) -> None:
        """As a process does that is killed with unread data, or a cable that is pulled and put back: RST, no FIN."""
        linger = struct.pack("ii", 1, 0)
        self._writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self._writer.transport.abort()


async def answer(
    address: tuple[str, int], path: str, content: bytes = b"", patience_s: float = PATIENCE_S
) -> tuple[int, list[bytes]]:
    """Status and lines of a request that is read to its end."""
    async with asyncio.timeout(patience_s):
        stream = await Stream.open(address)
        try:
            stream.ask(path, content)
            lines = [line async for line in stream.lines()]
            return stream.status, lines
        finally:
            stream.close()


async def get(address: tuple[str, int], path: str) -> dict:
    status, lines = await answer(address, path)
    if status != 200:
        raise OSError(f"GET {path} was answered {status}")
    return json.loads(lines[0])


def kind_of(line: bytes) -> str:
    """Of a frame: what comes first in it."""
    return line[9 : line.index(b'"', 9)].decode() if line.startswith(b'{"kind":"') else ""
