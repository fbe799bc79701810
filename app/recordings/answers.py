"""What a recording says in words: the baseline's answer, and that of the arm its finding shows.

Knows frames of the present protocol, and nothing about pages.
"""

from collections.abc import Iterator

from pydantic import ValidationError

from app.recordings.view import arm_shown
from protocol.app.findings import Answer, Answers, View
from protocol.refusal import Refused
from protocol.worker.frames import FRAME, Frame, Start, Verdict


def read_answers(recording: bytes, view: View) -> Answers:
    """Raises Refused (422) if the view shows what the recording does not hold."""
    start: Start | None = None
    verdicts: dict[int, Verdict] = {}
    for frame in _frames(recording):
        if isinstance(frame, Start):
            start = frame
        elif isinstance(frame, Verdict) and frame.sample == 0:
            verdicts[frame.arm] = frame
    if start is None:
        raise _not_recorded(view, "none: it has no first frame")

    shown = arm_shown(start, view)
    if shown is None:
        raise _not_recorded(view, f"{len(start.arms)} answers of {len(start.sweeps)} sweeps")
    if view.colour and view.colour >= len(start.watched):
        raise _not_recorded(view, f"{len(start.watched)} watched latents")

    def answer(arm: int) -> Answer | None:
        said = verdicts.get(arm)
        if said is None:
            return None
        of = start.arms[arm]
        return Answer(
            text=said.text,
            outcome=said.outcome,
            rule=said.rule,
            phrase=said.phrase,
            sweep=of.sweep,
            strength=of.strength,
        )

    return Answers(baseline=answer(0), steered=answer(shown) if shown else None)


def _frames(recording: bytes) -> Iterator[Frame]:
    """Only the kinds that matter here are validated: steps are most of a recording."""
    for line in recording.splitlines():
        if b'"verdict"' in line or b'"start"' in line:
            try:
                yield FRAME.validate_json(line)
            except ValidationError:
                continue


def _not_recorded(view: View, holds: str) -> Refused:
    return Refused(
        422,
        "view_not_recorded",
        f"The view shows sweep {view.sweep} at {view.strength:g} and colours by watched latent {view.colour}.",
        f"The recording holds {holds}.",
        "Choose a strength and a latent that were run, or run the request again with them.",
    )
