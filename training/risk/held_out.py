"""What the strip is worth on the test half: at each place of an answer, beside the entropy of the same token.

Places: the first token, of all answers; of those that state a value in the form that was taught the tokens before it,
its first one and the one behind it; all tokens under way. Names of the test half are in no fit; intervals draw whole
units. Chooses nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from sklearn.metrics import average_precision_score

from model_worker.studies.shared.statistics import Interval
from model_worker.studies.shared.within.auroc import N_DRAWS, percentiles, unit_draws, within_auroc, within_gain
from protocol.risk.fit import ReliabilityBin, RiskFit, RiskPlace, RiskRecall, RiskTested
from protocol.risk.words import RISK_THRESHOLD
from training.risk.fit import token_values
from training.risk.trials import RiskTrial

N_BINS = 10
TESTED_PLACES: tuple[RiskPlace, ...] = ("first", "before", "value", "behind", "under_way")


@dataclass(frozen=True)
class RiskReadings:
    """By token of the test half at one place."""

    risk: np.ndarray
    entropy: np.ndarray
    is_error: np.ndarray
    about: tuple[str, ...]
    units: tuple[str, ...]


class Beyond(NamedTuple):
    """AUROC of the strip less that of the entropy, all pairs and within one attribute."""

    pooled: tuple[float, Interval | None] | None
    within: tuple[float, Interval | None] | None


def with_figures(fit: RiskFit, trials: Sequence[RiskTrial], n_draws: int = N_DRAWS) -> RiskFit:
    """n_draws: for the intervals."""
    own = held_out(fit, trials)
    places = [(place, readings(fit, own, place)) for place in TESTED_PLACES]
    return fit.model_copy(
        update={
            "tested": tuple(place_tested(place, read, n_draws) for place, read in places if len(read.risk)),
            "recalls": recalls(fit, own),
        }
    )


def held_out(fit: RiskFit, trials: Sequence[RiskTrial]) -> list[RiskTrial]:
    return [one for one in trials if one.half == "test" and one.decoding == fit.decoding]


def readings(fit: RiskFit, trials: Sequence[RiskTrial], place: RiskPlace) -> RiskReadings:
    rows = [
        (_risk(fit, values), values["entropy"], one)
        for one in trials
        for at, values in enumerate(token_values(one))
        if _is_at(one, at, place)
    ]
    return RiskReadings(
        risk=np.array([risk for risk, _, _ in rows]),
        entropy=np.array([entropy for _, entropy, _ in rows]),
        is_error=np.array([one.is_error for _, _, one in rows], dtype=bool),
        about=tuple(one.about for _, _, one in rows),
        units=tuple(one.unit for _, _, one in rows),
    )


def place_tested(place: RiskPlace, read: RiskReadings, n_draws: int = N_DRAWS) -> RiskTested:
    draws = unit_draws(read.units, n=n_draws)
    pooled = within_auroc(read.risk, read.is_error, None, draws)
    within = within_auroc(read.risk, read.is_error, read.about, draws)
    alone = within_auroc(read.entropy, read.is_error, None, draws[:1])
    alone_within = within_auroc(read.entropy, read.is_error, read.about, draws[:1])
    curve = reliability(read)
    apart = sum(one.n * abs(one.risk - one.wrong) for one in curve) / len(read.risk)
    return RiskTested(
        place=place,
        n=len(read.risk),
        base_rate=_short(read.is_error.mean()),
        auroc=_or_none(pooled.auroc),
        auroc_interval=_shorts(pooled.interval),
        within=_or_none(within.auroc),
        within_interval=_shorts(within.interval),
        entropy_auroc=_or_none(alone.auroc),
        entropy_within=_or_none(alone_within.auroc),
        auprc=_short(average_precision_score(read.is_error, read.risk)) if read.is_error.any() else None,
        brier=_short(np.square(read.risk - read.is_error).mean()),
        ece=_short(apart),
        curve=curve,
    )


def beyond_entropy(read: RiskReadings) -> Beyond:
    draws = unit_draws(read.units)
    return Beyond(
        within_gain(read.risk, read.entropy, read.is_error, None, draws),
        within_gain(read.risk, read.entropy, read.is_error, read.about, draws),
    )


def auprc_interval(read: RiskReadings, n: int = 200) -> Interval | None:
    found = [
        average_precision_score(read.is_error, read.risk, sample_weight=weights) if weights[read.is_error].any() else 0
        for weights in unit_draws(read.units, n=n)
    ]
    return percentiles(np.array(found)) if found else None


def reliability(read: RiskReadings) -> tuple[ReliabilityBin, ...]:
    """In ten equal parts of 0 to 1, those that hold a token."""
    bins = np.minimum((read.risk * N_BINS).astype(int), N_BINS - 1)
    return tuple(
        ReliabilityBin(
            risk=_short(read.risk[bins == one].mean()),
            wrong=_short(read.is_error[bins == one].mean()),
            n=int((bins == one).sum()),
        )
        for one in range(N_BINS)
        if (bins == one).any()
    )


def recalls(fit: RiskFit, trials: Sequence[RiskTrial]) -> tuple[RiskRecall, ...]:
    """By kind of error."""
    at_value = [(one, _at_value(fit, one)) for one in trials if one.is_error and one.value is not None]
    kinds = sorted({one.kind for one, _ in at_value})
    return tuple(
        RiskRecall(
            kind=kind,
            n=sum(one.kind == kind for one, _ in at_value),
            recall=_short(np.mean([risk >= RISK_THRESHOLD for one, risk in at_value if one.kind == kind])),
        )
        for kind in kinds
    )


def largest_over_value(fit: RiskFit, trials: Sequence[RiskTrial]) -> RiskReadings:
    """Of an answer that states a value the largest risk of the value's tokens; beside it their mean entropy."""
    rows = []
    for one in trials:
        if one.value is not None:
            tokens = token_values(one)[one.value[0] : one.value[1] + 1]
            rows.append((max(_risk(fit, at) for at in tokens), np.mean([at["entropy"] for at in tokens]), one))
    return RiskReadings(
        risk=np.array([risk for risk, _, _ in rows]),
        entropy=np.array([entropy for _, entropy, _ in rows]),
        is_error=np.array([one.is_error for _, _, one in rows], dtype=bool),
        about=tuple(one.about for _, _, one in rows),
        units=tuple(one.unit for _, _, one in rows),
    )


def _risk(fit: RiskFit, values: dict) -> float:
    return (fit.first if "refusal_logodds" in values else fit.under_way).risk(values)


def _at_value(fit: RiskFit, one: RiskTrial) -> float:
    assert one.value is not None
    return _risk(fit, token_values(one)[one.value[0]])


def _is_at(one: RiskTrial, at: int, place: RiskPlace) -> bool:
    if place == "first":
        return at == 0
    if at == 0 or place == "under_way" or one.value is None:
        return at > 0 and place == "under_way"
    first = one.value[0]
    return {"before": at < first, "value": at == first, "behind": at == first + 1}[place]


def _short(value: float | np.floating) -> float:
    """Four digits."""
    return float(f"{value:.4g}")


def _or_none(value: float | None) -> float | None:
    return None if value is None else _short(value)


def _shorts(interval: Interval | None) -> Interval | None:
    return None if interval is None else (_short(interval[0]), _short(interval[1]))
