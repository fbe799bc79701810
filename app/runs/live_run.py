"""A run as it is followed: its lines so far, and those that come. Knows nothing about where they come from."""

import asyncio
from collections.abc import AsyncIterator


class LiveRun:
    """The lines of a run so far. Any number may follow it, from any line. `telling`: see `app.database.tables.Run`."""

    def __init__(self, run_id: str, telling: int) -> None:
        self.id = run_id
        self.telling = telling
        self.lines: list[bytes] = []
        self.ended = False
        self._more = asyncio.Event()

    def publish(self, line: bytes) -> None:
        self.lines.append(line)
        self._wake()

    def end(self) -> None:
        self.ended = True
        self._wake()

    async def follow(self, since: int = 0) -> AsyncIterator[bytes]:
        """Lines that have at least `since` before them."""
        n_given = since
        while True:
            more = self._more
            while n_given < len(self.lines):
                yield self.lines[n_given]
                n_given += 1
            if more is not self._more:
                continue  # a line came while the last one was being sent
            if self.ended:
                return
            await more.wait()

    def _wake(self) -> None:
        self._more.set()
        self._more = asyncio.Event()
