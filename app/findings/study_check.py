"""Does a study still hold? Some of what it recorded is asked again on the worker that is here now, and compared.

1. a sample of its trials is drawn (of a search, which has none, of its tallies)          drawn
2. the worker is given the study as it stood before each of them, and goes on with it:
   it answers what follows as if it had been interrupted there                            check_study
3. words and outcomes must be the same, numbers within the tolerance: reproduced, or
   drifted and where first                                                                compare_trials

Knows nothing about HTTP, the database or what a study measures.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from pydantic import ValidationError

from app.clock import timestamp
from app.findings.verification import tolerance_of
from app.worker.client import WorkerClient, WorkerLost
from protocol.app.verify import Drift, Tolerance, Verification
from protocol.refusal import Refusal, Refused
from protocol.worker.frames import FRAME, Error
from protocol.worker.studies import StudyRequest
from protocol.worker.study_frames import CorpusTally, Study, Tally, Trial, TrialAnswer

MOST_ASKED = 8
_ASKABLE = (b'{"kind":"trial"', b'{"kind":"tally"', b'{"kind":"corpus"')

_CHANGED = Refusal(
    code="study_changed",
    asked="Some of a study's trials were to be asked again.",
    allowed="That needs the model, the dictionaries and the names that it was made with, and a worker of its time.",
    change="Run the study anew on the worker that is here, and hold the two beside each other.",
)
_NOTHING = Refusal(
    code="no_trials",
    asked="Some of a study's trials were to be asked again.",
    allowed="This recording holds none: it ended before the first.",
    change="Run the study anew.",
)
_BEFORE = "all trials were asked again", "A study is compared once all that was drawn is there."

Askable = Trial | Tally | CorpusTally


def drawn(lines: Sequence[bytes], seed: int) -> tuple[list[int], int]:
    """Places of the lines that are asked again, in their order, and how many there are to draw from."""
    places = [place for place, line in enumerate(lines) if line.startswith(_ASKABLE)]
    return sorted(random.Random(seed).sample(places, min(MOST_ASKED, len(places)))), len(places)


async def check_study(
    worker: WorkerClient,
    request: StudyRequest,
    recording: bytes,
    seed: int,
    arrived: Callable[[], None] = lambda: None,
) -> Verification:
    """request: as it was asked, since one that was resolved may be warned about otherwise. recording: of the present
    protocol. arrived: called at each of MOST_ASKED. What can't be asked again at all is a verdict too."""
    checked = timestamp()
    lines = recording.splitlines(keepends=True)
    places, n_pieces = drawn(lines, seed)
    if not places:  # nothing asked is nothing reproduced
        return Verification(verdict="cannot_run", checked=checked, refusal=_NOTHING)
    opening = FRAME.validate_json(lines[0])
    assert isinstance(opening, Study)
    then = [_piece(lines[place]) for place in places]
    try:
        now = []
        for place in places:
            now.append(await _again(worker, request, lines[:place]))
            arrived()
    except Refused as refused:
        refusal = _CHANGED if refused.refusal.code == "study_changed" else refused.refusal
        return Verification(verdict="cannot_run", checked=checked, refusal=refusal)
    except WorkerLost as lost:
        return Verification(verdict="cannot_run", checked=checked, refusal=lost.refusal(*_BEFORE))
    except ValidationError:
        return Verification(verdict="cannot_run", checked=checked, refusal=WorkerLost().refusal(*_BEFORE))
    tolerance = tolerance_of(opening.model.dtype)
    found = compare_pieces(opening, list(zip(then, now, strict=True)), tolerance)
    return Verification(
        verdict="drifted" if found.n_drifts else "reproduced",
        checked=checked,
        model=opening.model,  # the worker goes on with none that is another's
        tolerance=tolerance,
        n_tokens=found.n_tokens,
        n_tokens_kept=found.n_tokens_kept,
        n_numbers=found.n_numbers,
        largest_nats=found.largest_nats,
        first=found.first,
        n_drifts=found.n_drifts,
        n_pieces=n_pieces,
        pieces=tuple(_number(piece, place) for piece, place in zip(then, places, strict=True)),
        seed=seed,
    )


async def _again(worker: WorkerClient, request: StudyRequest, before: Sequence[bytes]) -> Askable:
    """What the worker says behind these lines."""
    async with worker.study(request, before) as lines:
        async for line in lines:
            frame = FRAME.validate_json(line)
            if isinstance(frame, Error):
                raise Refused.of(503, frame.refusal)
            if isinstance(frame, Askable):
                return frame
    raise WorkerLost("it ended before it answered")


@dataclass
class PieceComparison:
    n_tokens: int = 0
    n_tokens_kept: int = 0
    n_numbers: int = 0
    n_drifts: int = 0
    largest_nats: float | None = None
    first: Drift | None = None
    tolerance: Tolerance = field(kw_only=True)

    def drift(self, what: str, where: str, recorded: object, now: object) -> None:
        self.n_drifts += 1
        self.first = self.first or Drift(what=what, where=where, recorded=str(recorded), now=str(now))

    def nats(self, what: str, where: str, then: float | None, now: float | None) -> None:
        if then is None or now is None:
            if then != now:
                self.drift(what, where, then, now)
            return
        self.n_numbers += 1
        self.largest_nats = max(self.largest_nats or 0.0, abs(then - now))
        if abs(then - now) > self.tolerance.nats:
            self.drift(what, where, then, now)

    def measured(self, what: str, where: str, then: float, now: float) -> None:
        self.n_numbers += 1
        most = self.tolerance.activation + self.tolerance.activation_share * max(abs(then), abs(now))
        if abs(then - now) > most:
            self.drift(what, where, then, now)


def compare_pieces(opening: Study, pairs: Sequence[tuple[Askable, Askable]], tolerance: Tolerance) -> PieceComparison:
    """Then and now, piece by piece."""
    found = PieceComparison(tolerance=tolerance)
    for then, now in pairs:
        if isinstance(then, Trial) and isinstance(now, Trial):
            _trial(found, opening, then, now)
        else:
            found.n_numbers += 1
            if then.model_copy(update={"seq": now.seq}) != now:
                found.drift("count", f"frame {then.seq}", "as recorded", "another")
    return found


def _trial(found: PieceComparison, opening: Study, then: Trial, now: Trial) -> None:
    at = f"trial {then.trial} ({then.prompt})"
    if then.prompt != now.prompt:
        found.drift("prompt", at, then.prompt, now.prompt)
    answers = {(one.arm, one.sample): one for one in now.answers}
    for said in then.answers:
        where = f"{at}, {_arm(opening, said)}"
        found.n_tokens += said.n_tokens
        again = answers.get((said.arm, said.sample))
        if again is None or (again.text, again.outcome) != (said.text, said.outcome):
            found.drift("answer", where, said.text, again.text if again else "none")
            continue
        found.n_tokens_kept += said.n_tokens
        for name in ("refusal_logodds", "kl_nats", "surprise_nats"):
            found.nats(name.replace("_", " "), where, getattr(said, name), getattr(again, name))
    for name, values in then.numbers.items():
        others = now.numbers.get(name, ())
        if len(others) != len(values):
            found.drift(name, at, len(values), len(others))
        for old, new in zip(values, others, strict=False):
            found.measured(name, at, old, new)


def _arm(opening: Study, answer: TrialAnswer) -> str:
    name = opening.arms[answer.arm].name if opening.arms else "baseline"
    return f"{name}, sample {answer.sample}" if answer.sample else name


def _piece(line: bytes) -> Askable:
    frame = FRAME.validate_json(line)
    assert isinstance(frame, Askable)
    return frame


def _number(piece: Askable, place: int) -> int:
    return piece.trial if isinstance(piece, Trial) else place
