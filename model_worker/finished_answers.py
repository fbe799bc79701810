"""Answers that were finished, told again where the same is asked: the least recently asked go first.

Knows nothing about what was asked.
"""

from collections import OrderedDict
from collections.abc import Callable, Generator

from protocol.base import Message
from protocol.canonical import sha256
from protocol.worker.frames import Frame


class FinishedAnswers:
    """n_bytes: of all frames, as they are sent; at most `budget`."""

    def __init__(self, budget: int) -> None:
        self._budget = budget
        self._kept: OrderedDict[str, tuple[list[Frame], int]] = OrderedDict()
        self.n_bytes = 0

    def answer(self, request: Message, make: Callable[[], Generator[Frame | None]]) -> Generator[Frame | None]:
        """What `make` says, or what it said before. An answer that was left or refused is not kept."""
        key = sha256(request)
        if key in self._kept:
            self._kept.move_to_end(key)
            yield from self._kept[key][0]
            return
        said: list[Frame] = []
        for frame in make():
            if frame is not None:
                said.append(frame)
            yield frame
        self._keep(key, said)

    def _keep(self, key: str, said: list[Frame]) -> None:
        size = sum(len(frame.model_dump_json()) for frame in said)
        if size > self._budget or key in self._kept:
            return
        self._kept[key] = said, size
        self.n_bytes += size
        while self.n_bytes > self._budget:
            self.n_bytes -= self._kept.popitem(last=False)[1][1]
