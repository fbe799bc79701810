"""Intervals and tests that studies report. Numbers in, numbers out: scipy's and scikit-learn's, under our names.

Everything random is drawn from a seed, so that the same frames say the same.
"""

from collections.abc import Callable, Sequence

import numpy as np
from scipy import stats
from sklearn.metrics import roc_auc_score

LEVEL = 0.95
RESAMPLES = 1000
Z = 1.959963984540054  # of the normal distribution, at LEVEL

Interval = tuple[float, float]


def wilson(n_hits: int, n: int) -> Interval | None:
    """Of a share, 95 % (Wilson 1927). None for n = 0. By hand: scipy's takes a thousand times as long, and a live
    figure has hundreds of them."""
    if n == 0:
        return None
    z, share = Z, n_hits / n
    middle, half = share + z * z / (2 * n), z * (share * (1 - share) / n + z * z / (4 * n * n)) ** 0.5
    low, high = (middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n)
    return low if n_hits else 0.0, high if n_hits < n else 1.0  # but for rounding they are


Numbers = Sequence[float] | np.ndarray


def bootstrap(
    groups: Sequence[Numbers], statistic: Callable[..., float], seed: int, n: int = RESAMPLES
) -> Interval | None:
    """Percentile interval, 95 %, of statistic(*groups): each group is drawn anew by itself, so that their sizes stay.
    None where a group is empty."""
    drawn = [np.asarray(group, dtype=float) for group in groups]
    if any(len(group) == 0 for group in drawn):
        return None
    rng = np.random.default_rng(seed)
    found = [statistic(*(group[rng.integers(len(group), size=len(group))] for group in drawn)) for _ in range(n)]
    low, high = np.quantile(found, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def mean_interval(values: Numbers, seed: int) -> Interval | None:
    """Bootstrap over the values."""
    return bootstrap([values], np.mean, seed)


def t_interval(values: Sequence[float]) -> Interval | None:
    """Of a mean, 95 %, Student's: at once, where many are wanted. None for fewer than two values."""
    if len(values) < 2:
        return None
    half = stats.t.ppf((1 + LEVEL) / 2, len(values) - 1) * np.std(values, ddof=1) / len(values) ** 0.5
    return float(np.mean(values) - half), float(np.mean(values) + half)


def auroc(positive: Numbers, negative: Numbers) -> float | None:
    """Share of pairs in which the positive is greater, ties half. None where a side is empty."""
    if len(positive) == 0 or len(negative) == 0:
        return None
    values = np.concatenate([np.asarray(positive, dtype=float), np.asarray(negative, dtype=float)])
    return float(roc_auc_score(np.repeat([1, 0], [len(positive), len(negative)]), values))


def auroc_interval(positive: Numbers, negative: Numbers, seed: int) -> Interval | None:
    """Bootstrap, each side by itself. Resamples as counts of each distinct value, all at once: a live figure has many
    of these."""
    if len(positive) == 0 or len(negative) == 0:
        return None
    values, at = np.unique(np.concatenate([np.asarray(positive, float), np.asarray(negative, float)]), False, True)
    rng = np.random.default_rng(seed)

    def resampled(side: np.ndarray) -> np.ndarray:
        """(RESAMPLES, distinct values): how often each was drawn."""
        drawn = side[rng.integers(len(side), size=(RESAMPLES, len(side)))]
        own = drawn + len(values) * np.arange(RESAMPLES)[:, None]
        return np.bincount(own.ravel(), minlength=RESAMPLES * len(values)).reshape(RESAMPLES, -1)

    own, other = resampled(at[: len(positive)]), resampled(at[len(positive) :])
    below = other.cumsum(1) - other / 2  # ties half
    found = (own * below).sum(1) / (len(positive) * len(negative))
    low, high = np.quantile(found, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def welch(a: Sequence[float], b: Sequence[float], alternative: str = "two-sided") -> tuple[float, float] | None:
    """t and p of mean(a) against mean(b), variances unequal. None where a side has fewer than two values, or where
    nothing varies."""
    if min(len(a), len(b)) < 2 or (np.var(a) == 0 and np.var(b) == 0):
        return None
    found = stats.ttest_ind(a, b, equal_var=False, alternative=alternative)
    return float(found.statistic), float(found.pvalue)


def resampled_means(values: np.ndarray, seed: int, n: int = RESAMPLES) -> np.ndarray:
    """(n, k) means of n bootstrap samples of the rows of values (rows, k); all columns take the same rows."""
    rows = len(values)
    drawn = np.random.default_rng(seed).integers(rows, size=(n, rows)) + rows * np.arange(n)[:, None]
    times = np.bincount(drawn.ravel(), minlength=n * rows).reshape(n, rows)
    return times @ values / rows


def interval_of(resampled: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """95 %, of each column of (n, k) resampled statistics."""
    low, high = np.quantile(resampled, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)
    return low, high
