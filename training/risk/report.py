"""docs/risk.md: what the strip is worth on the test halves of all models that have one, beside entropy alone.

Fits again from the trials and tests, and quotes the study of it under a push; knows no model and no other file.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from model_worker.model.registry import CARDS
from model_worker.studies.shared.statistics import Interval
from protocol.risk.fit import RiskFit, RiskHead, RiskTested
from protocol.risk.words import RISK_PLACES, RISK_THRESHOLD
from protocol.worker.study_frames import Cell, Figure
from training.risk.fit import TEMPERATURES, fitted_heads
from training.risk.held_out import (
    TESTED_PLACES,
    auprc_interval,
    beyond_entropy,
    held_out,
    largest_over_value,
    place_tested,
    readings,
    reliability,
    with_figures,
)
from training.risk.shipping import RISK_JSON
from training.risk.trials import RiskTrial

RISK_PAGE = Path(__file__).parents[2] / "docs" / "risk.md"
OPENING = """# The risk strip: what it is worth

Under each token of an answer stands the share of answers like this so far that end wrong or invented. Here is what
that number is worth on names that are in no fit, beside the entropy of the same token. Written by `make risk-report`
from the models' own answers (`training/risk`); the recipe stands in `protocol/risk/fit.py`.

*Within* counts pairs of answers to questions about one attribute only: pooled, a number can be good by telling what
was asked. Intervals are 95 %, whole names (families, of invented ones) drawn again. ECE: ten equal parts of 0 to 1. A
broken answer is neither right nor wrong and left out. Behind a token that opened a refusal there is no number.
"""

NOT_SHIPPED = """**Not shipped.** So few answers of its fit half are wrong that the heads don't hold on other names, and
entropy alone tells its errors at least as well. Its tokens show their entropy in nats, uncalibrated.
"""

PUSHED_RECORDING = Path(__file__).parents[2] / "static" / "first" / "studies" / "risk.jsonl"
PUSHED = """### Under steering

The strip is hatched there: it was fitted on untouched answers. What its number would be worth is the experiment *The
risk under a push*; here are the figures of the run that ships with the page (`make studies`).
"""


def risk_page(models: Mapping[str, Sequence[RiskTrial]], pushed: Mapping[str, Sequence[Figure]]) -> str:
    """pushed: by model the figures of its study under a push."""
    parts = [OPENING]
    for model, trials in models.items():
        parts.append(f"## {model}\n")
        if not (CARDS / model / RISK_JSON).exists():
            parts.append(NOT_SHIPPED)
        for decoding in TEMPERATURES:
            parts += list(_fit_part(with_figures(fitted_heads(trials, decoding), trials), trials))
        if model in pushed:
            parts.append(PUSHED)
            parts += [part for figure in pushed[model] for part in _figure_part(figure)]
    return "\n".join(parts).rstrip() + "\n"


def pushed_figures(recording: Path = PUSHED_RECORDING) -> dict[str, list[Figure]]:
    """By the model that was asked; nothing where nobody has run it."""
    if not recording.exists():
        return {}
    opening, *frames = recording.read_text("utf-8").splitlines()
    told = (Figure.model_validate_json(line) for line in frames if json.loads(line)["kind"] == "figure")
    return {json.loads(opening)["request"]["model"]: [one for one in told if one.id.startswith("pushed")]}


def _figure_part(figure: Figure) -> Iterator[str]:
    yield f"**{figure.title}.**\n"
    if figure.claim:
        yield "".join(f"- {line}\n" for line in figure.claim.split("\n"))
    named = [at for at, column in enumerate(figure.columns) if column.name != "role"]
    yield "| " + " | ".join(figure.columns[at].name for at in named) + " |"
    yield "|" + "---|" * len(named)
    for row in figure.rows:
        yield "| " + " | ".join(_cell(row[at]) for at in named) + " |"
    yield ""
    yield "".join(f"- {note}\n" for note in figure.notes)


def _cell(cell: Cell) -> str:
    if cell is None or isinstance(cell, str):
        return cell or ""
    return f"{cell:.3f}" if isinstance(cell, float) else f"{cell:,}"


def _fit_part(fit: RiskFit, trials: Sequence[RiskTrial]) -> Iterator[str]:
    own = held_out(fit, trials)
    how = "greedy" if fit.decoding == "greedy" else f"sampled at temperature {fit.temperature:g}"
    yield f"### {how.capitalize()}\n"
    yield (
        f"Fitted on {fit.n:,} answers about {fit.n_units:,} names or families ({fit.n_wrong:,} wrong or invented), "
        f"tested on {len(own):,} about {len({one.unit for one in own}):,} others "
        f"({sum(one.is_error for one in own):,}).\n"
    )
    yield "| place | n | wrong | AUROC | within | entropy | within | AUPRC | Brier | ECE |"
    yield "|---|---|---|---|---|---|---|---|---|---|"
    for place in TESTED_PLACES:
        read = readings(fit, own, place)
        if len(read.risk):
            yield _row(RISK_PLACES[place], place_tested(place, read), auprc_interval(read))
    whole = largest_over_value(fit, own)
    if len(whole.risk):
        told = place_tested("value", whole)
        yield _row("whole answer: largest over the value (entropy: its mean)", told, auprc_interval(whole))
    yield ""
    value = readings(fit, own, "value")
    if len(value.risk):
        gain = beyond_entropy(value)
        yield (
            f"Over entropy at the value's first token: pooled {_gain(gain.pooled)}, within one attribute "
            f"{_gain(gain.within)}.\n"
        )
        yield "Reliability there, risk → wrong (n): " + ", ".join(
            f"{one.risk:.2f} → {one.wrong:.2f} ({one.n})" for one in reliability(value)
        )
        yield ""
        yield f"Errors that it sees there (risk of {RISK_THRESHOLD:g} or more), by kind of name: " + (
            ", ".join(f"{one.kind} {one.recall:.2f} of {one.n}" for one in fit.recalls) or "there were none"
        )
        yield ""
    yield f"    first     {_formula(fit.first)}\n    under way {_formula(fit.under_way)}\n"


def _row(name: str, told: RiskTested, auprc: Interval | None) -> str:
    return (
        f"| {name} | {told.n:,} | {told.base_rate:.3f} | {_told(told.auroc, told.auroc_interval)} | "
        f"{_told(told.within, told.within_interval)} | {_told(told.entropy_auroc)} | {_told(told.entropy_within)} | "
        f"{_told(told.auprc, auprc)} | {told.brier:.3f} | {told.ece:.3f} |"
    )


def _told(value: float | None, interval: Interval | None = None) -> str:
    if value is None:
        return "–"
    return f"{value:.3f}" + (f" ({interval[0]:.2f}–{interval[1]:.2f})" if interval else "")


def _gain(gain: tuple[float, Interval | None] | None) -> str:
    if gain is None:
        return "–"
    value, interval = gain
    return f"{value:+.3f}" + (f" ({interval[0]:+.3f} to {interval[1]:+.3f})" if interval else "")


def _formula(head: RiskHead) -> str:
    return f"{head.bias:+.4g} " + " ".join(f"{one.weight:+.4g} {one.name}" for one in head.features)
