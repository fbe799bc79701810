"""Two findings beside each other, line by line, and on which lines they differ. Knows nothing about pages."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from app.recordings.circuit import DrawnCircuit
from app.recordings.study import Studied
from app.wording.provenance import Detail, provenance
from app.wording.words import VERDICTS
from protocol.app.findings import Answer, Answers, Finding
from protocol.app.verify import Verification
from protocol.refusal import Refusal
from protocol.vocabulary import UNITS, Unit
from protocol.worker.frames import FRAME, Start
from protocol.worker.requests import GenerateRequest

ABSENT = Detail("–")


@dataclass(frozen=True)
class ComparedFinding:
    """One of the two: `finding`, or why there is none. `slug` is "" where none was chosen."""

    slug: str
    finding: Finding | None = None
    start: Start | None = None
    studied: Studied | None = None
    drawn: DrawnCircuit | None = None
    refusal: Refusal | None = None
    status: int = 200


@dataclass(frozen=True)
class Line:
    """`cells` are of the kind: a prompt as text, an answer or None, a fact."""

    name: str
    kind: Literal["prompt", "answer", "fact"]
    cells: tuple[str | Answer | Detail | None, ...]
    differs: bool


def start_of(recording: bytes) -> Start | None:
    """None where the recording, of the present protocol, has no first frame."""
    frame = FRAME.validate_json(recording.split(b"\n", 1)[0])
    return frame if isinstance(frame, Start) else None


def lines(left: ComparedFinding, right: ComparedFinding) -> tuple[Line, ...]:
    """Of two sides that both have a finding."""
    a, b = left.finding, right.finding
    assert a and b
    assert isinstance(a.request, GenerateRequest) and isinstance(b.request, GenerateRequest)
    facts = provenance(a, left.start), provenance(b, right.start)
    names = [name for longer in sorted(facts, key=len, reverse=True) for name in longer]
    both = {name: tuple(side.get(name, ABSENT) for side in facts) for name in dict.fromkeys(names)}
    both["verification"] = (checked(a.verified), checked(b.verified))
    return (
        *_spoken("", a, b),
        *(_spoken("second ", a.second, b.second) if a.second or b.second else ()),
        *(
            Line(name, "fact", pair, (pair[0].value, pair[0].more) != (pair[1].value, pair[1].more))
            for name, pair in both.items()
        ),
    )


def scale_words(left: ComparedFinding, right: ComparedFinding) -> str:
    """What both curves can be read on."""
    units = [unit for side in (left, right) if (unit := _swept_in(side)) is not None]
    if len(set(units)) < 2:
        return "on one scale"
    return f"one scale of log-odds; strengths in {' and in '.join(UNITS[unit].name for unit in units)}"


def _swept_in(side: ComparedFinding) -> Unit | None:
    """The unit of the sweep whose curve is drawn; None where nothing was swept."""
    assert side.finding and isinstance(side.finding.request, GenerateRequest)
    sweeps, shown = side.finding.request.sweeps, side.finding.view.sweep or 0
    return sweeps[min(shown, len(sweeps) - 1)].measured_in if sweeps else None


def _spoken(which: str, a: Finding | None, b: Finding | None) -> Iterator[Line]:
    """What was asked and answered; None: there is no such prompt."""
    asked = tuple(one.request.prompt if one and isinstance(one.request, GenerateRequest) else "–" for one in (a, b))
    yield Line(f"{which}question", "prompt", asked, asked[0] != asked[1])
    answers = [one.answers if one else Answers() for one in (a, b)]
    for name in ("baseline", "steered"):
        pair = tuple(getattr(said, name) for said in answers)
        yield Line(f"{which}{name}", "answer", pair, _said(pair[0]) != _said(pair[1]))


def _said(answer: Answer | None) -> tuple[str, str] | None:
    return (answer.text, answer.outcome) if answer else None


def checked(verification: Verification | None) -> Detail:
    return Detail(VERDICTS[verification.verdict] if verification else "Not verified")
