"""The capability `study`: any of them, from its beginning or from where it was interrupted.

1. plan it: look at the names, resolve the request                    -> study
2. hand its script what was recorded before, if it was begun before
3. play the cues whose frames are missing, numbered in order          -> progress, trial, tally, ranking, figure
4.                                                                    -> done

What is recorded is trusted: it comes from the app, which had it from a worker. What can't be gone on with, because
model, dictionaries or names are others now, is refused.
"""

import itertools
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence

from model_worker.studies.shared.bench import AnyRequest, Bench
from model_worker.studies.shared.script import Script
from protocol.refusal import Refused
from protocol.worker.frames import Done, Frame
from protocol.worker.study_frames import Study

Planner = Callable[[Bench, AnyRequest], Generator[None, None, Script]]


def study(
    planners: Mapping[str, Planner], bench: Bench, request: AnyRequest, recorded: Sequence[Frame] = ()
) -> Generator[Frame | None]:
    """Raises Refused, before its first frame, for what can't be done or gone on with."""
    began = time.perf_counter()
    if request.kind not in planners:
        raise Refused(
            422,
            "unknown_study",
            f"A study of the kind {request.kind} asked.",
            f"This worker knows: {', '.join(planners)}.",
            "Ask for one of them, or start a newer worker.",
        )
    script = yield from planners[request.kind](bench, request)
    numbers = itertools.count(len(recorded))
    if recorded:
        _require_same(script.opening, recorded[0])
        for frame in recorded[1:]:
            script.take(frame)
    else:
        yield script.opening.model_copy(update={"seq": next(numbers)})
    try:
        for found in _missing(script, len(recorded[1:])):
            yield found if found is None else found.model_copy(update={"seq": next(numbers)})
    finally:
        script.close()
    elapsed = round(time.perf_counter() - began, 4)
    yield Done(seq=next(numbers), elapsed_s=elapsed, n_tokens=0)


def _missing(script: Script, n_recorded: int) -> Iterator[Frame | None]:
    """What the cues behind those that were recorded say."""
    for cue in script.cues():
        if cue is None:
            yield None
        elif n_recorded:
            n_recorded -= 1
        else:
            for frame in cue():
                if frame is not None:
                    script.take(frame)
                yield frame


def _require_same(now: Study, then: Frame) -> None:
    if not isinstance(then, Study) or then.model_copy(update={"seq": now.seq}) != now:
        raise Refused(
            409,
            "study_changed",
            "The rest of a study asked.",
            "Its model, its dictionaries or its names are others now than when it was begun.",
            "Begin it anew.",
        )
