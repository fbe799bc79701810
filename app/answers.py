"""What a recording says in words: the baseline's answer, and that of the arm its finding shows.

Knows frames, and nothing about pages.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import ValidationError

from protocol.findings import View
from protocol.frames import FRAME, Frame, Outcome, Start, Verdict


@dataclass(frozen=True)
class Answer:
    """One arm's whole answer and what it amounts to. `strength` is in the unit of its sweep."""

    text: str
    outcome: Outcome
    rule: str
    phrase: str | None
    sweep: int | None
    strength: float


@dataclass(frozen=True)
class Answers:
    """`steered` is None where the view shows the baseline; either is None where the recording has no verdict."""

    baseline: Answer | None
    steered: Answer | None


def read_answers(recording: bytes, view: View) -> Answers:
    start: Start | None = None
    verdicts: dict[int, Verdict] = {}
    for frame in _frames(recording):
        if isinstance(frame, Start):
            start = frame
        elif isinstance(frame, Verdict):
            verdicts[frame.arm] = frame

    def answer(sweep: int | None, strength: float) -> Answer | None:
        for index, arm in enumerate(start.arms if start else ()):
            if arm.sweep == sweep and arm.strength == strength and index in verdicts:
                said = verdicts[index]
                return Answer(said.text, said.outcome, said.rule, said.phrase, sweep, strength)
        return None

    return Answers(
        baseline=answer(None, 0.0),
        steered=None if view.sweep is None else answer(view.sweep, view.strength),
    )


def _frames(recording: bytes) -> Iterator[Frame]:
    """Only the kinds that matter here are validated: steps are most of a recording."""
    for line in recording.splitlines():
        if b'"verdict"' in line or b'"start"' in line:
            try:
                yield FRAME.validate_json(line)
            except ValidationError:
                continue
