"""Intervals and tests against hand-worked values and scipy's own."""

import numpy as np
import pytest
from scipy import stats

from model_worker.studies.shared.statistics import (
    RESAMPLES,
    auroc,
    auroc_interval,
    bootstrap,
    mean_interval,
    t_interval,
    welch,
    wilson,
)


def test_wilsons_interval_is_scipys_and_the_one_worked_by_hand() -> None:
    # 1 of 10, z = 1.96: centre (0.1 + 0.19207) / 1.38415, half 1.95996 * sqrt(0.009 + 0.0096037) / 1.38415
    assert wilson(1, 10) == pytest.approx((0.017876, 0.404150), abs=1e-6)
    for n in (1, 7, 100):
        for n_hits in range(n + 1):
            found = stats.binomtest(n_hits, n).proportion_ci(0.95, method="wilson")
            assert wilson(n_hits, n) == pytest.approx((found.low, found.high), abs=1e-12)
    assert wilson(0, 12)[0] == 0.0 and wilson(12, 12)[1] == 1.0  # exactly
    assert wilson(0, 0) is None


def test_auroc_is_the_share_of_pairs_in_order_ties_half() -> None:
    # pairs (3, 1) (3, 2) (2, 1) are in order, (2, 2) is a tie
    assert auroc([3, 2], [1, 2]) == 3.5 / 4
    assert auroc([1.0], []) is None


def test_the_bootstrap_of_an_auroc_is_that_of_every_resample_by_itself() -> None:
    rng = np.random.default_rng(1)
    positive, negative = rng.integers(0, 6, 17) + 1.0, rng.integers(0, 6, 23) * 1.0
    again = np.random.default_rng(7)
    of_positive, of_negative = (again.integers(len(one), size=(RESAMPLES, len(one))) for one in (positive, negative))
    naive = [auroc(positive[p], negative[n]) for p, n in zip(of_positive, of_negative, strict=True)]
    assert auroc_interval(positive, negative, 7) == pytest.approx(tuple(np.quantile(naive, [0.025, 0.975])), abs=1e-12)
    assert auroc_interval([], [1.0], 7) is None


def test_the_t_interval_is_the_one_worked_by_hand() -> None:
    # mean 2, sd 1, n 3: 2 +- 4.302653 / sqrt(3)
    assert t_interval([1, 2, 3]) == pytest.approx((-0.484138, 4.484138), abs=1e-6)
    assert t_interval([1.0]) is None


def test_welchs_t_is_the_one_worked_by_hand() -> None:
    # means 2 and 5, variances 1 and 4, three each: t = -3 / sqrt(5 / 3), df = (5/3)^2 / ((1/9 + 16/9) / 2) = 2.941176
    t, p = welch([1, 2, 3], [3, 5, 7])
    assert t == pytest.approx(-3 / (5 / 3) ** 0.5)
    assert p == pytest.approx(2 * stats.t.sf(3 / (5 / 3) ** 0.5, 2.941176), rel=1e-6)
    assert welch([1, 1], [2, 2]) is None and welch([1], [1, 2]) is None


def test_a_bootstrap_holds_the_mean_and_says_the_same_for_the_same_seed() -> None:
    values = list(np.random.default_rng(0).normal(3, 1, 200))
    low, high = mean_interval(values, 1)
    assert low < np.mean(values) < high
    assert (low, high) == pytest.approx(t_interval(values), abs=0.03)
    assert mean_interval(values, 1) == (low, high)
    assert bootstrap([[1.0], []], np.mean, 0) is None
