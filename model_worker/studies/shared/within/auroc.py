"""AUROC inside strata, and how sure it is: what tells errors from right answers among questions about one thing.

Pooled over questions a score can be good by telling what was asked, so the pairs that count are those of one stratum
(an attribute, an answer, an entity): the share of them in which the error has the greater value, ties half. Intervals
draw whole units (an entity with all its questions, a family of names) with replacement, since answers about one name
are no independent observations; two scores are held against each other on the same draws.

Knows nothing about where values come from.
"""

from collections import defaultdict
from collections.abc import Hashable, Sequence
from typing import NamedTuple

import numpy as np

from model_worker.studies.shared.statistics import LEVEL, Interval

N_DRAWS = 1000
_AT_ONCE = 64  # draws, so that a stratum of thousands of pairs stays small
ONE_STRATUM = ""


class WithinAuroc(NamedTuple):
    """auroc: None where no stratum has both. interval: of whole units drawn again; None where most draws have no
    pair."""

    auroc: float | None
    interval: Interval | None
    n_errors: int
    n_right: int
    n_pairs: int


class Viewed(NamedTuple):
    """One score in two views. mixes: by how much it is greater with all pairs than within strata, on the same draws;
    None where a view has no pair."""

    within: WithinAuroc
    pooled: WithinAuroc
    mixes: tuple[float, Interval | None] | None

    @property
    def shrinks(self) -> bool:
        """Within strata it is less than with all pairs, beyond what drawing other units does."""
        return self.mixes is not None and self.mixes[1] is not None and self.mixes[1][0] > 0


def unit_draws(units: Sequence[Hashable], seed: int = 0, n: int = N_DRAWS) -> np.ndarray:
    """(n, rows): how often each row is in a draw of as many units as there are, with replacement."""
    place = {unit: number for number, unit in enumerate(dict.fromkeys(units))}
    of_row = np.array([place[unit] for unit in units], dtype=int)
    if not place:
        return np.zeros((n, 0), dtype=np.float32)
    drawn = np.random.default_rng(seed).multinomial(len(place), np.full(len(place), 1 / len(place)), size=n)
    return drawn[:, of_row].astype(np.float32)


def within_auroc(
    values: np.ndarray, is_error: np.ndarray, strata: Sequence[Hashable] | None, draws: np.ndarray
) -> WithinAuroc:
    """values (rows,), greater before errors; is_error (rows,) bool; strata by row, None: all are one.
    draws: as `unit_draws` makes them of the same rows."""
    held = _Pairs(values, is_error, strata)
    return _told(held, is_error, held.aurocs(draws))


def within_gain(
    values: np.ndarray, other: np.ndarray, is_error: np.ndarray, strata: Sequence[Hashable] | None, draws: np.ndarray
) -> tuple[float, Interval | None] | None:
    """AUROC of the values less that of the others, and its interval, both on the same draws. None without pairs."""
    own, beside = _Pairs(values, is_error, strata), _Pairs(other, is_error, strata)
    all_rows = np.ones((1, len(values)), dtype=np.float32)
    apart = float(own.aurocs(all_rows)[0] - beside.aurocs(all_rows)[0])
    return None if np.isnan(apart) else (apart, percentiles(own.aurocs(draws) - beside.aurocs(draws)))


def in_both_views(values: np.ndarray, is_error: np.ndarray, strata: Sequence[Hashable], draws: np.ndarray) -> Viewed:
    """As `within_auroc`, inside strata and over all pairs."""
    inside, over_all = _Pairs(values, is_error, strata), _Pairs(values, is_error, None)
    own, pooled = (one.aurocs(draws) for one in (inside, over_all))
    found, mixed = (_told(one, is_error, drawn) for one, drawn in ((inside, own), (over_all, pooled)))
    if found.auroc is None or mixed.auroc is None:
        return Viewed(found, mixed, None)
    return Viewed(found, mixed, (mixed.auroc - found.auroc, percentiles(pooled - own)))


def percentiles(drawn: np.ndarray) -> Interval | None:
    """The middle LEVEL of what was drawn; nan is left out. None where that is more than half."""
    there = drawn[~np.isnan(drawn)]
    if len(there) * 2 <= len(drawn):
        return None
    low, high = np.quantile(there, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def _told(held: "_Pairs", is_error: np.ndarray, drawn: np.ndarray) -> WithinAuroc:
    everyone = held.aurocs(np.ones((1, len(is_error)), dtype=np.float32))[0]
    return WithinAuroc(
        auroc=None if np.isnan(everyone) else float(everyone),
        interval=percentiles(drawn),
        n_errors=int(is_error.sum()),
        n_right=int((~is_error).sum()),
        n_pairs=held.n_pairs,
    )


class _Pairs:
    """By stratum that has both: rows of errors, rows of right answers, and how each pair falls (0, 0.5, 1)."""

    def __init__(self, values: np.ndarray, is_error: np.ndarray, strata: Sequence[Hashable] | None) -> None:
        rows: dict[Hashable, list[int]] = defaultdict(list)
        for row, stratum in enumerate([ONE_STRATUM] * len(values) if strata is None else strata):
            rows[stratum].append(row)
        self._strata: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        for own in rows.values():
            within = np.array(own)
            errors, right = within[is_error[within]], within[~is_error[within]]
            if len(errors) and len(right):
                apart = np.sign(values[errors][:, None] - values[right][None, :])
                self._strata.append((errors, right, ((apart + 1) / 2).astype(np.float32)))

    @property
    def n_pairs(self) -> int:
        return sum(falls.size for _, _, falls in self._strata)

    def aurocs(self, draws: np.ndarray) -> np.ndarray:
        """(draws,), nan where a draw has no pair."""
        found = []
        for first in range(0, len(draws), _AT_ONCE):
            some = draws[first : first + _AT_ONCE]
            won, pairs = np.zeros(len(some)), np.zeros(len(some))
            for errors, right, falls in self._strata:
                weights, others = some[:, errors], some[:, right]
                won += ((weights @ falls) * others).sum(1, dtype=float)
                pairs += weights.sum(1, dtype=float) * others.sum(1, dtype=float)
            found.append(np.divide(won, pairs, out=np.full(len(some), np.nan), where=pairs > 0))
        return np.concatenate(found) if found else np.zeros(0)
