"""Intervals and tests against hand-worked values and scipy's own."""

import numpy as np
import pytest
from scipy import stats

from model_worker.studies.shared.statistics import (
    Z,
    auroc,
    auroc_interval,
    control_band,
    difference_intervals,
    share_difference,
    t_interval,
    t_intervals,
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


@pytest.mark.parametrize("seed", range(8))
def test_auroc_is_scikit_learns(seed: int) -> None:
    from sklearn.metrics import roc_auc_score  # takes a second

    drawn = np.random.default_rng(seed)
    positive, negative = (drawn.integers(0, top, drawn.integers(1, 12)) for top in (9, 7))
    truth, values = np.repeat([1, 0], [len(positive), len(negative)]), np.concatenate([positive, negative])
    assert auroc(positive, negative) == pytest.approx(roc_auc_score(truth, values))


def test_a_perfect_auroc_of_few_is_not_sure() -> None:
    """A bootstrap says 1.00 to 1.00 of 3 and 3."""
    low, high = auroc_interval(1.0, 3, 3)
    assert high == 1.0 and low < 0.6
    assert auroc_interval(0.0, 3, 3) == pytest.approx((0.0, 1 - low))
    assert auroc_interval(1.0, 100, 100)[0] > 0.96
    widths = [high - low for low, high in (auroc_interval(0.8, n, n) for n in (3, 10, 100, 1000))]
    assert widths == sorted(widths, reverse=True)


def test_of_many_the_interval_of_an_auroc_is_hanley_and_mcneils() -> None:
    m = n = 4000
    q1, q2, a = 0.8 / 1.2, 2 * 0.64 / 1.8, 0.8
    sd = ((a * (1 - a) + (m - 1) * (q1 - a * a) + (n - 1) * (q2 - a * a)) / (m * n)) ** 0.5
    assert auroc_interval(a, m, n) == pytest.approx((a - Z * sd, a + Z * sd), abs=3e-4)


def test_an_auroc_is_covered_as_often_as_is_said() -> None:
    rng, held = np.random.default_rng(0), 0
    true = stats.norm.cdf(1.5 / 2**0.5)
    for _ in range(400):
        found = auroc(rng.normal(1.5, 1, 8), rng.normal(0, 1, 12))
        low, high = auroc_interval(found, 8, 12)
        held += low <= true <= high
    assert held / 400 > 0.92


def test_the_difference_of_two_shares_is_newcombes() -> None:
    # Newcombe 1998, table II (a), method 10: 56/70 - 48/80
    assert share_difference(56, 70, 48, 80) == pytest.approx((0.0524, 0.3339), abs=5e-5)
    low, high = share_difference(3, 3, 0, 3)
    assert high == 1.0 and low < 0.25, "a bootstrap says 1.00 to 1.00"
    assert share_difference(1, 1, 0, 0) is None


def test_means_of_columns_have_the_intervals_of_each_alone() -> None:
    rng = np.random.default_rng(1)
    a, b = rng.normal(0, 1, (9, 3)), rng.normal(1, 3, (5, 3))
    for column, own, apart in zip(range(3), t_intervals(a), difference_intervals(a, b), strict=True):
        assert own == pytest.approx(t_interval(a[:, column]))
        expected = stats.ttest_ind(a[:, column], b[:, column], equal_var=False).confidence_interval(0.95)
        assert apart == pytest.approx((expected.low, expected.high))
    assert t_intervals(a[:1]) == difference_intervals(a[:1], b) == [None] * 3


def test_a_band_of_controls_is_percentiles_of_enough_and_the_range_of_few() -> None:
    of_few, of_enough = control_band(np.arange(19.0)), control_band(np.arange(21.0))
    assert of_few[:3] == (0.0, 18.0, "range of 19") and of_few.by_chance == pytest.approx(0.1)
    assert of_enough[:3] == (1.0, 19.0, "5–95 %") and of_enough.by_chance == pytest.approx(0.1)
    assert control_band(np.array([2.0])).by_chance == 1.0 and control_band(np.array([])) is None


def test_the_t_interval_is_the_one_worked_by_hand() -> None:
    # mean 2, sd 1, n 3: 2 +- 4.302653 / sqrt(3)
    assert t_interval([1, 2, 3]) == pytest.approx((-0.484138, 4.484138), abs=1e-6)
    assert t_interval([1.0]) is None


def test_welchs_t_is_the_one_worked_by_hand() -> None:
    # means 2 and 5, variances 1 and 4, three each: t = -3 / sqrt(5 / 3), df = (5/3)^2 / ((1/9 + 16/9) / 2) = 2.941176
    t, p = welch([1, 2, 3], [3, 5, 7])
    assert t == pytest.approx(-3 / (5 / 3) ** 0.5)
    assert p == pytest.approx(2 * stats.t.sf(3 / (5 / 3) ** 0.5, 2.941176), rel=1e-6)
    for alternative in ("two-sided", "less", "greater"):
        found = stats.ttest_ind([1, 2, 3, 9], [3, 5, 7], equal_var=False, alternative=alternative)
        assert welch([1, 2, 3, 9], [3, 5, 7], alternative) == pytest.approx((found.statistic, found.pvalue))
    assert welch([1, 1], [2, 2]) is None and welch([1], [1, 2]) is None
