"""A recording as tables, cells in words: the answers, each sweep's dose and response, the tokens with what was read.

Knows nothing about HTML.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from app.recordings.arms import Recorded, SampleAnswer
from app.recordings.dose import dose_points, sigmoid
from app.wording.numbers import probability, sig3
from app.wording.words import amount_in, intervention_label, read_back, target_name, visible
from protocol.amounts import signed
from protocol.enough import band_name
from protocol.vocabulary import DOSE_COLUMNS, OUTCOMES, UNITS
from protocol.worker.frames import NextToken, Verdict


@dataclass(frozen=True)
class ExportRow:
    """`marked`: this is the one that the finding shows, or that was steered."""

    cells: tuple[str, ...]
    marked: bool = False


@dataclass(frozen=True)
class ExportTable:
    """`words`: which columns hold words, not numbers."""

    head: tuple[str, ...]
    rows: tuple[ExportRow, ...]
    words: frozenset[int] = frozenset()


@dataclass(frozen=True)
class AnswerRow:
    """An arm's answer: how it was steered, sample 0, and what all samples came to."""

    name: str
    how: str
    role: str
    text: str
    verdict: Verdict | None
    outcomes: str  # "7 invents · 1 refuses", empty for a single answer


def answer_rows(recorded: Recorded, arm: int) -> list[AnswerRow]:
    """The baseline's, and that of the arm shown."""
    rows = [_answer(recorded, 0, "Baseline", "", "other")]
    if arm:
        own = recorded.start.arms[arm]
        how, role = "held alone", "other"
        if own.sweep is not None:
            steering, used = recorded.start.request.sweeps[own.sweep], recorded.start.sweeps[own.sweep]
            amount = amount_in(recorded, steering, own.strength) + read_back(recorded, arm)
            how, role = f"{intervention_label(recorded, used, steering)} {amount}", used.role
        rows.append(_answer(recorded, arm, "Steered", how, role))
    return rows


def _answer(recorded: Recorded, arm: int, name: str, how: str, role: str) -> AnswerRow:
    told = recorded.first(arm)
    return AnswerRow(name, how, role, told.text, told.verdict, _outcomes(recorded.answers[arm]))


def _outcomes(samples: list[SampleAnswer]) -> str:
    if len(samples) < 2:
        return ""
    counts = Counter(OUTCOMES[told.verdict.outcome].badge.lower() if told.verdict else "unfinished" for told in samples)
    return " · ".join(f"{n} {outcome}" for outcome, n in counts.most_common())


def dose_table(recorded: Recorded, sweep: int, arm: int) -> ExportTable:
    """As behind the page's curve (static/run/curve/curve.js)."""
    unit = UNITS[recorded.start.request.sweeps[sweep].measured_in].name
    band = band_name(recorded.start.request.controls.n_directions)
    head = tuple(name.format(unit=unit, band=band) for name in DOSE_COLUMNS)
    rows = []
    for point in dose_points(recorded, sweep):
        own, samples = point.control, recorded.answers[point.arm]
        told = samples[0]
        verdict = OUTCOMES[told.verdict.outcome].badge.lower() if told.verdict else "–"
        cells = (
            signed(point.strength),
            sig3(point.alpha) if not point.untouched else "–",
            probability(point.probability),
            sig3(point.logodds),
            probability(sigmoid(own.mean)) if own else "–",
            f"{probability(sigmoid(own.low))} – {probability(sigmoid(own.high))}" if own else "–",
            str(own.n) if own else "–",
            _outcomes(samples) or verdict,
            told.text,
        )
        rows.append(ExportRow(cells, point.arm == arm))
    return ExportTable(head, tuple(rows), frozenset((7, 8)))


def token_table(recorded: Recorded, arm: int) -> ExportTable | None:
    """Prompt tokens, then those of the baseline's answer, then the steered one's: each watched latent's activation,
    baseline and steered. None without a `prompt` frame."""
    start = recorded.start
    if recorded.prompt is None:
        return None
    watched = [target_name(recorded, target) for target in start.request.watch or ()]
    arms = (0, arm) if arm else (0,)
    names = [f"{name} {'steered' if a else 'baseline'}" for name in watched for a in arms]
    steered = _steered_positions(recorded, arm)
    rows = []
    for pos, token in enumerate(start.tokens):
        read = [recorded.prompt.arms[a].activations[i][pos] for i in range(len(watched)) for a in arms]
        cells = (str(pos), visible(token.text), str(token.id), token.role, *map(sig3, read))
        rows.append(ExportRow(cells, pos in steered))
    for a in arms:
        told = recorded.first(a)
        for place, said in enumerate(told.tokens):
            reading = told.readings[place].activations if place < len(told.readings) else (None,) * len(watched)
            values = [_read(reading[i], a == of) for i in range(len(watched)) for of in arms]
            role = "steered answer" if a else "answer"
            rows.append(ExportRow((str(len(start.tokens) + place), visible(said.text), str(said.id), role, *values)))
    return ExportTable(("#", "token", "id", "role", *names), tuple(rows), frozenset((1, 3)))


def _read(value: float | None, own: bool) -> str:
    return sig3(value) if own and value is not None else "–"


def _steered_positions(recorded: Recorded, arm: int) -> set[int]:
    own, start = recorded.start.arms[arm], recorded.start
    used = (*(start.held if own.held else ()), *(() if own.sweep is None else (start.sweeps[own.sweep],)))
    return {pos for one in used for pos in one.positions}


def first_tokens(recorded: Recorded, arm: int) -> ExportTable | None:
    """The likeliest first answer tokens, baseline and steered side by side. None without a `prompt` frame."""
    if recorded.prompt is None:
        return None
    tops = [recorded.prompt.arms[a].top for a in ((0, arm) if arm else (0,))]
    head = ("baseline", "p", "opens a refusal") + (("steered", "p", "opens a refusal") if arm else ())
    rows = [
        ExportRow(tuple(cell for token in tokens for cell in _candidate(token))) for tokens in zip(*tops, strict=False)
    ]
    return ExportTable(head, tuple(rows), frozenset((0, 2, 3, 5)))


def _candidate(token: NextToken) -> Iterable[str]:
    return visible(token.text), probability(token.prob), "yes" if token.opens_refusal else "–"
