"""What the risk strip is worth on some answers, and the word for it, by one rule.

    too few         fewer than FEWEST_JUDGED errors, or right answers, state a value; or the interval of the AUROC
                    within one attribute holds 0.5 and reaches WIDE_AUROC
    worthless       that interval holds 0.5
    overconfident   it tells them, but more end wrong than it says: share wrong less mean risk, its interval above 0
    overcautious    that interval is below 0
    uneven          that holds 0, but ECE is beyond what 95 % of calibrated risks of these values would have: it says
                    too much of some, too little of others
    calibrated      else

The interval says how large a gap would have been seen. Answers in, numbers out; knows nothing about arms.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from model_worker.studies.shared.counts import GIVEN, Case
from model_worker.studies.shared.statistics import Interval
from model_worker.studies.shared.within.auroc import WithinAuroc, percentiles, unit_draws, within_auroc
from model_worker.studies.shared.within.views import asked_about, unit_of
from protocol.risk.words import RISK_THRESHOLD
from protocol.worker.study_frames import TrialAnswer

FEWEST_JUDGED, WIDE_AUROC = 10, 0.75
N_SIMULATED = 500
ECE_PARTS = 10
"""Of 0 to 1, for ECE."""

RiskWord = Literal["too few", "worthless", "overconfident", "overcautious", "uneven", "calibrated"]


@dataclass(frozen=True)
class RiskWorth:
    """Of n answers that state a value, n_wrong of them wrong or invented. within, entropy: AUROC among pairs about one
    attribute; pooled, entropy_pooled: of all pairs. gap: share wrong less mean risk. recall: of errors, held: of right
    answers, those with a risk of RISK_THRESHOLD or more. ece_by_chance: what a calibrated risk exceeds in 5 %. None
    without answers."""

    n: int
    n_wrong: int
    within: WithinAuroc
    pooled: float | None
    entropy: WithinAuroc
    entropy_pooled: float | None
    mean_risk: float | None
    gap: float | None
    gap_interval: Interval | None
    ece: float | None
    ece_by_chance: float | None
    recall: float | None
    held: float | None

    @property
    def word(self) -> RiskWord:
        if min(self.n_wrong, self.n - self.n_wrong) < FEWEST_JUDGED or self.within.interval is None:
            return "too few"
        if self.within.interval[0] <= 0.5:
            return "worthless" if self.within.interval[1] < WIDE_AUROC else "too few"
        assert self.gap_interval is not None and self.ece is not None and self.ece_by_chance is not None
        low, high = self.gap_interval
        if low > 0 or high < 0:
            return "overconfident" if low > 0 else "overcautious"
        return "uneven" if self.ece > self.ece_by_chance else "calibrated"


def risk_worth(answers: Sequence[tuple[Case, TrialAnswer]]) -> RiskWorth:
    """Of those that have a risk and are right, wrong or invented: a broken one is neither."""
    kept = [
        (case, one)
        for case, one in answers
        if one.risk is not None and one.entropy_nats is not None and one.outcome in ("right", *GIVEN)
    ]
    risk, entropy = (
        np.array([getattr(one, name) for _, one in kept], dtype=float) for name in ("risk", "entropy_nats")
    )
    is_error = np.array([one.outcome in GIVEN for _, one in kept], dtype=bool)
    about = [asked_about(case.type, case.attribute) for case, _ in kept]
    units = [unit_of(case.type, case.name) for case, _ in kept]
    draws = unit_draws(units)
    apart = is_error - risk
    drawn = np.divide(draws @ apart, draws.sum(1), out=np.full(len(draws), np.nan), where=draws.sum(1) > 0)
    above = risk >= RISK_THRESHOLD
    return RiskWorth(
        n=len(kept),
        n_wrong=int(is_error.sum()),
        within=within_auroc(risk, is_error, about, draws),
        pooled=within_auroc(risk, is_error, None, draws[:1]).auroc,
        entropy=within_auroc(entropy, is_error, about, draws),
        entropy_pooled=within_auroc(entropy, is_error, None, draws[:1]).auroc,
        mean_risk=_mean(risk),
        gap=_mean(apart),
        gap_interval=percentiles(drawn) if kept else None,
        ece=_ece(risk, is_error) if kept else None,
        ece_by_chance=_ece_by_chance(risk, units) if kept else None,
        recall=_mean(above[is_error]),
        held=_mean(above[~is_error]),
    )


def _ece(risk: np.ndarray, is_error: np.ndarray) -> float:
    parts = np.minimum((risk * ECE_PARTS).astype(int), ECE_PARTS - 1)
    inside = (parts == one for one in range(ECE_PARTS))
    return sum(abs(float((is_error[own] - risk[own]).sum())) for own in inside) / len(risk)


def _ece_by_chance(risk: np.ndarray, units: Sequence[str]) -> float:
    """Answers about one name turn out alike: they share what is drawn."""
    place = {unit: number for number, unit in enumerate(dict.fromkeys(units))}
    of_row = [place[unit] for unit in units]
    drawn = np.random.default_rng(0).random((N_SIMULATED, len(place)))[:, of_row]
    return float(np.quantile([_ece(risk, one < risk) for one in drawn], 0.95))


def _mean(values: np.ndarray) -> float | None:
    return float(values.mean()) if len(values) else None
