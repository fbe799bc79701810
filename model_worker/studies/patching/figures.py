"""Tables of the study `patching`, from its trials (measure.py says what they hold). Knows nothing about models.

Every interval is Student's, over pairs.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from model_worker.studies.shared.heads import Head
from model_worker.studies.shared.statistics import Interval, t_intervals
from model_worker.studies.shared.tables import IntervalColumns, Table
from protocol.enough import too_few_of_one_kind
from protocol.worker.study_frames import Figure, Trial

PARTS = {
    "name_first": "name, first",
    "name_middle": "name, between",
    "name_last": "name, last",
    "question": "rest of question",
    "template": "template",
    "opening": "answer so far",
    "last": "last token",
}
TOKEN_PLACES = {"first": "where the answers part", "value": "the right value"}
SOURCES = {"": "from the known name", "control_": "control: from another unknown name"}
RESTORED = "share of the way"


def residual(trials: Sequence[Trial]) -> Figure:
    table = Table(
        "place and source",
        "tokens",
        "layer",
        ("brought back", RESTORED),
        IntervalColumns(unit=RESTORED),
        ("pairs", "prompts"),
    )
    claims: list[str] = []
    for place, told in TOKEN_PLACES.items():
        for prefix, source in SOURCES.items():
            for part, name in PARTS.items():
                values = _values(trials, f"{place}/{prefix}residual/{part}")
                for layer, cells in enumerate(_means(values)):
                    table.add(f"{told}, {source}", name, layer, *cells, len(values))
        claims += _handed_over(trials, place)
    return table.figure(
        "residual",
        "What a known name's residual stream brings back",
        claim=" ".join(claims),
        plot=table.plot(
            "heat",
            x="tokens",
            y="layer",
            value="brought back",
            low="low",
            high="high",
            panel="place and source",
            diverging=True,
        ),
        notes=(*_notes(trials), "The residual stream after each layer; all tokens of a part are patched together."),
    )


def patched_heads(trials: Sequence[Trial], shape: tuple[int, int]) -> Figure:
    """shape: n_layers, n_heads."""
    table = Table(
        "place and source",
        "layer",
        "head",
        ("brought back", RESTORED),
        IntervalColumns(unit=RESTORED),
        ("pairs", "prompts"),
    )
    claims: list[str] = []
    for place, told in TOKEN_PLACES.items():
        for prefix, source in SOURCES.items():
            values = _values(trials, f"{place}/{prefix}heads")
            for number, cells in enumerate(_means(values)):
                table.add(f"{told}, {source}", *divmod(number, shape[1]), *cells, len(values))
        found, control = _values(trials, f"{place}/heads"), _values(trials, f"{place}/control_heads")
        if len(found) and (few := too_few_of_one_kind(len(found), "pairs")):
            claims.append(f"{told.capitalize()}: {few}")
        elif len(found):
            means, others = found.mean(0), control.mean(0)
            named = ", ".join(f"{_name(n, shape[1])} {means[n]:.2f}" for n in np.argsort(-means, kind="stable")[:3])
            claims.append(
                f"{told.capitalize()}: most comes back by {named}; from another unknown name no head brings back more "
                f"than {others.max():.2f}."
            )
    return table.figure(
        "heads",
        "What single heads bring back at the last token",
        claim=" ".join(claims),
        plot=table.plot(
            "heat",
            x="head",
            y="layer",
            value="brought back",
            low="low",
            high="high",
            panel="place and source",
            diverging=True,
        ),
        notes=(*_notes(trials), "A head's z, before it is written, put in at the last token alone."),
    )


def strongest(trials: Sequence[Trial], shape: tuple[int, int], n: int) -> tuple[str, list[Head]]:
    """The place that is shown, the value if there is one, and the heads that bring back most there."""
    place = "value" if len(_values(trials, "value/heads")) else "first"
    values = _values(trials, f"{place}/heads")
    if not len(values):
        return place, []
    return place, [divmod(int(number), shape[1]) for number in np.argsort(-values.mean(0), kind="stable")[:n]]


class Promotion(NamedTuple):
    """What a head writes on a question, as tokens."""

    head: Head
    question: str
    value: str | None
    tokens: str


def direct(place: str, found: Sequence[Promotion]) -> Figure:
    table = Table("layer", "head", "question", "true value", "tokens that it promotes most")
    for one in found:
        table.add(*one.head, one.question, one.value, one.tokens)
    return table.figure(
        "direct",
        "What these heads write, as tokens",
        notes=(
            f"The heads that bring back most at: {TOKEN_PLACES[place]}. Their output at the last token, untouched, "
            "through the unembedding with the final norm's gain; nothing is centred.",
        ),
    )


def _handed_over(trials: Sequence[Trial], place: str) -> Iterator[str]:
    name, last, control = (
        _values(trials, f"{place}/{key}")
        for key in ("residual/name_last", "residual/last", "control_residual/name_last")
    )
    if not len(name):
        return
    if few := too_few_of_one_kind(len(name), "pairs"):
        yield f"{TOKEN_PLACES[place].capitalize()}: {few}"
        return
    upto = [layer for layer, mean in enumerate(name.mean(0)) if mean > 0.5]
    since = [layer for layer, mean in enumerate(last.mean(0)) if mean > 0.5]
    at_name = f"up to layer {upto[-1]}" if upto else "in no layer"
    at_last = f"from layer {since[0]} on" if since else "in no layer"
    most = np.abs(control.mean(0)).max()
    yield (
        f"{TOKEN_PLACES[place].capitalize()}: the name's last token alone brings back more than half {at_name}, the "
        f"last token {at_last}; another unknown name's at the name's last token moves it by {most:.2f} at most."
    )


def _values(trials: Sequence[Trial], key: str) -> np.ndarray:
    """(pairs, ...) of those that have it."""
    return np.array([trial.numbers[key] for trial in trials if key in trial.numbers], dtype=float)


def _means(values: np.ndarray) -> Iterator[tuple[float, Interval | None]]:
    """Of each column."""
    if len(values):
        yield from zip(values.mean(0).tolist(), t_intervals(values), strict=True)


def _notes(trials: Sequence[Trial]) -> Iterator[str]:
    for place, told in TOKEN_PLACES.items():
        n = len(_values(trials, f"{place}/heads"))
        near = len(_values(trials, f"{place}/ld")) - n
        yield (
            f"{told.capitalize()}: {n} of {len(trials)} pairs; in {len(trials) - n - near} there is no such place or "
            f"both runs say the same there, in {near} the two runs hardly differ."
        )


def _name(number: int, n_heads: int) -> str:
    layer, head = divmod(int(number), n_heads)
    return f"L{layer}H{head}"
