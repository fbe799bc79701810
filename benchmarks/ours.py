"""Our engine, and what the bench asks it besides whole answers."""

from collections.abc import Sequence

from benchmarks.models import Subject
from model_worker.engine import Engine
from protocol.worker.frames import Frame, NewToken, Start
from protocol.worker.requests import GenerateRequest


class Ours:
    """`fresh` forgets every prompt, so that each request reads its own; `kept` remembers them, as a worker does."""

    def __init__(self, subject: Subject, *, compiled: bool) -> None:
        self.fresh = Engine(subject.loaded, prompt_bytes=0, compiled=compiled)
        self.kept = Engine(subject.loaded, compiled=compiled)


def first_tokens(engine: Engine, request: GenerateRequest) -> None:
    """Until the frame that holds every arm's distribution of the first answer token has come."""
    stream = engine.generate(request, "interactive")
    for frame in stream:
        if frame is not None and frame.kind == "prompt":
            break
    stream.close()


def start_of(engine: Engine, request: GenerateRequest) -> Start:
    stream = engine.generate(request, "interactive")
    start = next(stream)
    assert isinstance(start, Start)
    stream.close()
    return start


def tokens_of(frames: Sequence[Frame]) -> list[list[NewToken]]:
    """By arm."""
    start = frames[0]
    assert isinstance(start, Start)
    n_arms = len(start.arms)
    new = [token for frame in frames if frame.kind == "step" for token in frame.tokens]
    return [[token for token in new if token.arm == arm] for arm in range(n_arms)]
