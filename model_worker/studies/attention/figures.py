"""Tables of the study `attention`, from its trials (measure.py says what they hold). Knows nothing about models.

Every interval is Student's, over prompts: a prompt's heads are not independent of each other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from model_worker.rounding import rounded
from model_worker.studies.shared.heads import Head
from model_worker.studies.shared.pushes import AIM
from model_worker.studies.shared.statistics import (
    ControlBand,
    Interval,
    control_band,
    difference_intervals,
    t_interval,
    t_intervals,
    welch,
)
from model_worker.studies.shared.tables import IntervalColumns, Table
from protocol.enough import band_name, too_few_of_kinds, too_few_of_one_kind
from protocol.vocabulary import Label
from protocol.worker.names import LABELS
from protocol.worker.studies import AttentionRequest
from protocol.worker.study_frames import Figure, Trial

TEST_LEVEL = 0.05  # of one test
ALTERNATIVE: dict[Label, Literal["greater", "less"]] = {"known": "greater", "unknown": "less"}
MORE_OR_LESS: dict[Label, str] = {"known": "more", "unknown": "less"}


@dataclass(frozen=True)
class AttentionSetup:
    """What the trials are of. labels: of the questions. pushed_after: the layer that each push is added after."""

    request: AttentionRequest
    labels: tuple[Label, ...]
    n_layers: int
    n_heads: int
    pushed_after: Mapping[Label, int]
    n_sets: int

    @property
    def unit(self) -> str:
        return "activation" if self.request.value_weighted else "share"

    def attention(self, trials: Sequence[Trial], label: Label) -> np.ndarray:
        """(prompts, arms, n_layers * n_heads) of names of this label."""
        own = [t.numbers["attention"] for t in trials[: len(self.labels)] if self.labels[t.trial] == label]
        n_arms = len(own[0]) // len(self.heads()) if own else 1
        return np.array(own, dtype=float).reshape(len(own), n_arms, len(self.heads()))

    def head(self, place: int) -> Head:
        return divmod(place, self.n_heads)

    def heads(self) -> list[Head]:
        return [self.head(place) for place in range(self.n_layers * self.n_heads)]


HeadValues = Sequence[float | None] | np.ndarray
"""By head; None where nothing was read."""


def head_figure(study: AttentionSetup, trials: Sequence[Trial]) -> Figure:
    """Of the untouched model, known names beside unknown ones; and what known names' heads write."""
    known, unknown = (study.attention(trials, label)[:, 0] for label in LABELS)
    both = len(known) > 0 and len(unknown) > 0
    apart: HeadValues
    apart = _nothing(study)
    ends: Sequence[Interval | None] = [None] * len(study.heads())
    if both:
        apart = known.mean(0) - unknown.mean(0)
        ends = difference_intervals(known, unknown)
    table = Table(
        "layer",
        "head",
        ("known names", study.unit),
        ("unknown names", study.unit),
        ("known − unknown", study.unit),
        IntervalColumns(unit=study.unit),
        ("writes towards the answer", "logits"),
        ("known names, before the value", study.unit),
        ("writes towards the value", "logits"),
    )
    columns = [_mean(study, known), _mean(study, unknown), apart, ends]
    columns += [_mean(study, _numbers(trials, name)) for name in ("to_answer", "value_attention", "to_value")]
    for head, *cells in zip(study.heads(), *columns, strict=True):
        table.add(*head, *cells)
    return table.figure(
        "heads",
        "Attention from the last token to the name",
        claim=_heads_claim(ends, len(known), len(unknown)) if both else "",
        plot=table.plot("heat", x="head", y="layer", value="known − unknown", low="low", high="high", diverging=True),
        notes=(
            _what(study),
            f"{len(known)} prompts about known names, {len(unknown)} about unknown ones.",
            "What a head writes is its direct effect alone, known names: on the logit of the answer's first token less "
            "that of the likeliest refusal, and of the value's first token less that of the likeliest other one.",
        ),
    )


def shift(study: AttentionSetup, trials: Sequence[Trial], role: Label) -> Figure:
    """What the push towards `role` changes about each head, and random ones change."""
    changed = _changed(study, trials, role)
    n_prompts, band = len(changed), None
    table = Table(
        "layer",
        "head",
        ("pushed − original", study.unit),
        IntervalColumns(unit=study.unit),
        IntervalColumns("random low", "random high", study.unit),
        "outside of the random band",
    )
    means: dict[Head, float] = {}
    n_outside = 0
    if n_prompts:
        mean, ends = changed[:, 0].mean(0), t_intervals(changed[:, 0])
        band = control_band(changed[:, 1:].mean(0))
        for place, head in enumerate(study.heads()):
            random = None if band is None else (band.low[place], band.high[place])
            outside = random is not None and not random[0] <= mean[place] <= random[1]
            table.add(*head, mean[place], ends[place], random, outside)
            means[head], n_outside = rounded(mean[place]), n_outside + outside
    largest = sorted(means, key=lambda head: abs(means[head]), reverse=True)[:3]
    named = ", ".join(f"{_name(*head)} {means[head]:+.3f}" for head in largest)
    layer, other = study.pushed_after[role], AIM[role]
    return table.figure(
        f"shift_{role}",
        f"What the push towards {role} changes about who looks at {other} names",
        claim=_shift_claim(study, band, n_outside, n_prompts, layer, named) if band else "",
        plot=table.plot("heat", x="head", y="layer", value="pushed − original", low="low", high="high", diverging=True),
        notes=(_what(study), f"{n_prompts} prompts about {other} names, pushed after layer {layer}."),
    )


def _heads_claim(ends: Sequence[Interval | None], n_known: int, n_unknown: int) -> str:
    if few := too_few_of_kinds(n_known, n_unknown, what="prompts"):
        return few
    n_more, n_less = (
        sum(one is not None and one[0] > 0 for one in ends),
        sum(one is not None and one[1] < 0 for one in ends),
    )
    by_chance = TEST_LEVEL / 2 * len(ends)
    more = "looks" if n_more == 1 else "look"
    told = f"Of {len(ends)} heads {n_more} {more} more at known names than at unknown ones, and {n_less} less"
    return f"{told}; by chance alone it would be {by_chance:.1f} each."


def _shift_claim(
    study: AttentionSetup, band: ControlBand, n_outside: int, n_prompts: int, layer: int, named: str
) -> str:
    if few := too_few_of_one_kind(n_prompts):
        return few
    if band.n < 2:
        return "One random direction is no band: whether any push of this norm does as much is open."
    return (
        f"{n_outside} of the {(study.n_layers - layer - 1) * study.n_heads} heads behind layer {layer} are outside of "
        f"their random bands ({band.name}, {band.n} random directions of the same norm), where {band.by_chance:.0%} "
        f"would be by chance alone. Largest: {named}."
    )


def significance(study: AttentionSetup, trials: Sequence[Trial]) -> Figure:
    """A prompt is one observation: the mean over all heads behind the push. A row for each direction."""
    table = Table(
        *("push", "direction"),
        ("pushed − original", study.unit),
        IntervalColumns(unit=study.unit),
        *("t", "p", "role"),
    )
    claims: list[str] = []
    for role, layer in study.pushed_after.items():
        behind = _changed(study, trials, role)[:, :, (layer + 1) * study.n_heads :]
        if not behind.size:
            continue
        means = behind.mean(-1)  # (prompts, directions)
        ends, n_found = t_intervals(means), 0
        for place in range(means.shape[1]):
            tested = welch(means[:, 0], means[:, place], ALTERNATIVE[role]) if place else None
            n_found += tested is not None and tested[1] < TEST_LEVEL
            direction, hue = (f"random {place}", "control") if place else ("the latent", role)
            change = (means[:, place].mean(), ends[place])
            table.add(f"towards {role}", direction, *change, *(tested or (None, None)), hue)
        band = control_band(means[:, 1:].mean(0))
        if few := too_few_of_one_kind(len(means)):
            claims.append(f"Pushed towards {role}: {few}")
        elif band:
            claims.append(
                f"Pushed towards {role}, names get {means[:, 0].mean():+.4f} attention, mean over the heads behind "
                f"layer {layer}; {band.n} random directions {band.low:+.4f} to {band.high:+.4f} ({band.name}). "
                f"{MORE_OR_LESS[role].capitalize()} than {n_found} of {band.n} random ones "
                f"(one-sided Welch by prompt, p < {TEST_LEVEL})."
            )
    return table.figure(
        "significance",
        "Attention to the name behind the push, by prompt",
        claim=" ".join(claims),
        plot=table.plot(
            "bars", x="direction", y="pushed − original", low="low", high="high", role="role", panel="push"
        ),
        notes=(
            "The paper tests all differences, heads × prompts, as if they were independent; here a prompt counts once.",
            "Each direction of equal norm is tested by itself, without a correction for how many there are.",
        ),
    )


def readers(trials: Sequence[Trial], looks: str, writes: str, n: int, n_heads: int) -> tuple[Head, ...]:
    """Of the heads that on average write towards what is `writes`, the n that look most at the name, most first.

    looks, writes: numbers of the trials; the first arm of the former counts."""
    own = [trial for trial in trials if writes in trial.numbers]
    if not own:
        return ()
    toward = _numbers(own, writes).mean(0)
    look = np.mean([trial.numbers[looks][: len(toward)] for trial in own], axis=0)
    places = [place for place in np.argsort(-look, kind="stable") if toward[place] > 0]
    return tuple((int(place) // n_heads, int(place) % n_heads) for place in places[:n])


def knockout(study: AttentionSetup, trials: Sequence[Trial], chosen: Mapping[str, Sequence[Head]]) -> Figure:
    """What cutting the edge to the name does, in the chosen heads and in as many others."""
    table = Table("measured", ("cut", "share"), "heads", ("change", "logits or nats"), IntervalColumns(), "role")
    claims: list[str] = []
    told = {"answer": ("refusal log-odds", "logits"), "value": ("log-probability of the right value", "nats")}
    n_prompts = {}
    for place, (panel, unit) in told.items():
        own = _numbers(trials, f"cut_{place}")
        n_prompts[place] = len(own)
        if not len(own):
            continue
        changed = (own[:, 1:] - own[:, :1]).reshape(len(own), len(study.request.knockout), 1 + study.n_sets)
        for at, share in enumerate(study.request.knockout):
            mean, sets = changed[:, at, 0].mean(), changed[:, at, 1:].mean(0)
            others = control_band(sets)
            table.add(panel, share, "chosen heads", mean, t_interval(changed[:, at, 0]), "known")
            if others is None:
                continue
            table.add(panel, share, "as many other heads", sets.mean(), (others.low, others.high), "control")
            cut = f"{share:.0%} of the edge to the name cut in {', '.join(_name(*head) for head in chosen[place])}:"
            found = (
                f"{panel} {mean:+.2f} {unit}; in as many other heads {others.low:+.2f} to {others.high:+.2f} "
                f"({others.name})."
            )
            claims.append(f"{cut} {too_few_of_one_kind(len(own)) or found}")
    return table.figure(
        "knockout",
        "The edge from the last token to the name, cut",
        claim=" ".join(claims),
        plot=table.plot(
            "bars", x="cut", y="change", low="low", high="high", series="heads", role="role", panel="measured"
        ),
        notes=(
            "Heads are chosen on one half of the known names: those that write towards the right token and look at the "
            "name most. The edge is cut on the other half.",
            "A share that is cut off multiplies the odds of looking there by the rest: a head that looks at nothing "
            "else keeps most of it until all is cut.",
            "The refusal is measured at the prompt's last token; the value at the token before it, the model's own "
            "words up to there given.",
            f"Chosen heads: mean and its interval over {n_prompts['answer']} and {n_prompts['value']} prompts. Others: "
            f"mean and {band_name(study.n_sets)} of the sets drawn at random.",
        ),
    )


def _changed(study: AttentionSetup, trials: Sequence[Trial], role: Label) -> np.ndarray:
    """(prompts, push and its controls, heads): pushed less original, of the names that are pushed towards `role`."""
    found = study.attention(trials, AIM[role])
    return found[:, 1:] - found[:, :1]


def _numbers(trials: Sequence[Trial], name: str) -> np.ndarray:
    """(prompts, ...) of the trials that have them."""
    return np.array([trial.numbers[name] for trial in trials if name in trial.numbers], dtype=float)


def _mean(study: AttentionSetup, values: np.ndarray) -> HeadValues:
    """Of each head, over prompts."""
    return values.mean(0) if len(values) else _nothing(study)


def _nothing(study: AttentionSetup) -> HeadValues:
    return [None] * len(study.heads())


def _what(study: AttentionSetup) -> str:
    weighted = "|attention × value|" if study.request.value_weighted else "attention"
    return f"{weighted.capitalize()} of the last token to the name's last token, by head; layers count from 0."


def _name(layer: int, head: int) -> str:
    return f"L{layer}H{head}"
