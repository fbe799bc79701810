"""Intervals and tests that studies report. Numbers in, numbers out, nothing drawn at random.

Every interval knows its N: of shares Wilson's, of their differences Newcombe's, of AUROC Newcombe's, of means
Student's. A bootstrap doesn't: where all of few agree, every resample agrees with them. Of fewer than two values a mean
has none.
"""

import sys
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from scipy import special

from protocol.enough import band_name
from protocol.vocabulary import BAND, MIN_BAND

LEVEL = 0.95
Z = 1.959963984540054  # of the normal distribution, at LEVEL
_ABOVE_0 = sys.float_info.min

Interval = tuple[float, float]
Numbers = Sequence[float] | np.ndarray


def wilson(n_hits: int, n: int) -> Interval | None:
    """Of a share, 95 % (Wilson 1927). None for n = 0. By hand: scipy's takes a thousand times as long, and a live
    figure has hundreds of them."""
    if n == 0:
        return None
    z, share = Z, n_hits / n
    middle, half = share + z * z / (2 * n), z * (share * (1 - share) / n + z * z / (4 * n * n)) ** 0.5
    low, high = (middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n)
    return low if n_hits else 0.0, high if n_hits < n else 1.0  # but for rounding they are


def share_difference(n_hits: int, n: int, n_other_hits: int, n_other: int) -> Interval | None:
    """Of a share less another, 95 %, from Wilson's interval of each (Newcombe 1998, method 10). None for n = 0."""
    own, other = wilson(n_hits, n), wilson(n_other_hits, n_other)
    if own is None or other is None:
        return None
    share, other_share = n_hits / n, n_other_hits / n_other
    down = ((share - own[0]) ** 2 + (other[1] - other_share) ** 2) ** 0.5
    up = ((own[1] - share) ** 2 + (other_share - other[0]) ** 2) ** 0.5
    return share - other_share - down, share - other_share + up


def auroc(positive: Numbers, negative: Numbers) -> float | None:
    """Share of pairs in which the positive is greater, ties half. None where a side is empty."""
    if len(positive) == 0 or len(negative) == 0:
        return None
    below = np.sort(np.asarray(negative, dtype=float))
    twice = sum(int(np.searchsorted(below, positive, side).sum()) for side in ("left", "right"))
    return twice / (2 * len(positive) * len(negative))


def auroc_interval(found: float, n_positive: int, n_negative: int) -> Interval:
    """Of an AUROC, 95 %: all a with |found - a| <= z sd(a), sd Hanley and McNeil's with the mean of both numbers in the
    place of each (Newcombe 2006, part 2, method 5). It is to AUROC what Wilson's is to a share."""

    def beyond(a: float) -> bool:
        spread = 1 + ((n_positive + n_negative) / 2 - 1) * ((1 - a) / (2 - a) + a / (1 + a))
        return (found - a) ** 2 > Z * Z * a * (1 - a) * spread / (n_positive * n_negative)

    return _edge(beyond, 0.0, found), _edge(beyond, 1.0, found)


def _edge(beyond: Callable[[float], bool], outside: float, inside: float) -> float:
    """Between the two, by halving."""
    for _ in range(50):
        middle = (outside + inside) / 2
        if beyond(middle):
            outside = middle
        else:
            inside = middle
    return inside


def t_quantile(degrees: int | np.ndarray) -> float | np.ndarray:
    """Between whose negative and itself LEVEL of Student's distribution lies."""
    return special.stdtrit(degrees, (1 + LEVEL) / 2)


def t_interval(values: Numbers) -> Interval | None:
    """Of a mean, 95 %, Student's. None for fewer than two values."""
    if len(values) < 2:
        return None
    half = t_quantile(len(values) - 1) * np.std(values, ddof=1) / len(values) ** 0.5
    return float(np.mean(values) - half), float(np.mean(values) + half)


def t_intervals(values: np.ndarray) -> list[Interval | None]:
    """Of the mean of each column of values (rows, k): a row is one observation, whatever its columns have in common."""
    n, k = values.shape
    if n < 2:
        return [None] * k
    half = t_quantile(n - 1) * values.std(0, ddof=1) / n**0.5
    return list(zip((values.mean(0) - half).tolist(), (values.mean(0) + half).tolist(), strict=True))


def difference_intervals(a: np.ndarray, b: np.ndarray) -> list[Interval | None]:
    """Of mean(a) - mean(b), 95 %, of each column of (rows, k): Welch's, variances unequal. None for fewer than two
    rows of either."""
    n, m = len(a), len(b)
    if min(n, m) < 2:
        return [None] * a.shape[1]
    own, other = a.var(0, ddof=1) / n, b.var(0, ddof=1) / m
    both = np.maximum(own + other, _ABOVE_0)
    degrees = both**2 / np.maximum(own**2 / (n - 1) + other**2 / (m - 1), _ABOVE_0)
    half = t_quantile(np.maximum(degrees, 1)) * (own + other) ** 0.5
    apart = a.mean(0) - b.mean(0)
    return list(zip((apart - half).tolist(), (apart + half).tolist(), strict=True))


def welch(a: Sequence[float], b: Sequence[float], alternative: str = "two-sided") -> tuple[float, float] | None:
    """t and p of mean(a) against mean(b), variances unequal; alternative: or "less", "greater". None where a side has
    fewer than two values, or where nothing varies."""
    if min(len(a), len(b)) < 2 or (np.var(a) == 0 and np.var(b) == 0):
        return None
    own, other = np.var(a, ddof=1) / len(a), np.var(b, ddof=1) / len(b)
    degrees = (own + other) ** 2 / (own**2 / (len(a) - 1) + other**2 / (len(b) - 1))
    t = (np.mean(a) - np.mean(b)) / (own + other) ** 0.5
    p = {
        "two-sided": 2 * special.stdtr(degrees, -abs(t)),
        "less": special.stdtr(degrees, t),
        "greater": special.stdtr(degrees, -t),
    }[alternative]
    return float(t), float(p)


class ControlBand(NamedTuple):
    """What controls span, by column: 5 to 95 % of enough of them, and the range of few (protocol/enough.py)."""

    low: np.ndarray
    high: np.ndarray
    name: str
    n: int

    @property
    def by_chance(self) -> float:
        """How often one more of them would be outside."""
        return 1 - (BAND[1] - BAND[0]) if self.n >= MIN_BAND else 2 / (self.n + 1)


def control_band(values: np.ndarray) -> ControlBand | None:
    """values (controls, ...). None for none."""
    n = len(values)
    if n == 0:
        return None
    low, high = np.quantile(values, BAND if n >= MIN_BAND else (0, 1), axis=0)
    return ControlBand(low, high, band_name(n), n)
