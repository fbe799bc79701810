"""AUROC inside strata against counting pairs by hand, and what its intervals are worth against the law of chance."""

from itertools import product

import numpy as np
import pytest

from model_worker.studies.shared.statistics import auroc
from model_worker.studies.shared.within.auroc import percentiles, unit_draws, within_auroc, within_gain

pytestmark = pytest.mark.core


def _counted(values: np.ndarray, is_error: np.ndarray, strata: list[str]) -> float:
    falls = [
        (np.sign(values[a] - values[b]) + 1) / 2
        for a, b in product(range(len(values)), repeat=2)
        if is_error[a] and not is_error[b] and strata[a] == strata[b]
    ]
    return float(np.mean(falls))


def test_pairs_are_those_of_one_stratum_counted_one_by_one() -> None:
    rng = np.random.default_rng(1)
    values, is_error = rng.integers(0, 5, 60).astype(float), rng.random(60) < 0.4
    strata = [str(one) for one in rng.integers(0, 4, 60)]
    found = within_auroc(values, is_error, strata, unit_draws(range(60), n=20))
    assert found.auroc == pytest.approx(_counted(values, is_error, strata))
    pooled = within_auroc(values, is_error, None, unit_draws(range(60), n=20))
    assert pooled.auroc == pytest.approx(auroc(values[is_error], values[~is_error]))
    assert pooled.n_pairs == pooled.n_errors * pooled.n_right > found.n_pairs


def test_a_score_that_tells_the_question_alone_is_chance_inside_it() -> None:
    """The trap that this is for: errors sit in one attribute, and the score says which attribute it is."""
    strata = ["country"] * 100 + ["sport"] * 100
    is_error = np.array([number % 10 != 0 for number in range(100)] + [number % 10 == 0 for number in range(100)])
    values = np.array([1.0] * 100 + [0.0] * 100)
    draws = unit_draws(range(200), n=50)
    assert within_auroc(values, is_error, None, draws).auroc == pytest.approx(0.9)
    assert within_auroc(values, is_error, strata, draws).auroc == 0.5


def test_the_interval_holds_the_truth_as_often_as_it_says_where_units_repeat() -> None:
    """Rows of a unit are copies: an interval of rows would be far too narrow."""
    rng = np.random.default_rng(2)
    held = rows_held = 0
    for _ in range(40):
        unit_error, unit_value = np.arange(40) % 2 == 0, rng.normal(size=40)
        values, is_error = np.repeat(unit_value, 4), np.repeat(unit_error, 4)
        units = np.repeat(np.arange(40), 4).tolist()
        low, high = within_auroc(values, is_error, None, unit_draws(units, n=100)).interval or (0, 0)
        held += low <= 0.5 <= high
        low, high = within_auroc(values, is_error, None, unit_draws(range(160), n=100)).interval or (0, 0)
        rows_held += low <= 0.5 <= high
    assert held >= 34 > rows_held


def test_a_gain_is_told_on_the_same_draws() -> None:
    rng = np.random.default_rng(3)
    is_error = np.arange(200) % 2 == 0
    good = is_error + rng.normal(size=200)
    draws = unit_draws(range(200), n=200)
    gain, interval = within_gain(good, good, is_error, None, draws) or (1, None)
    assert (gain, interval) == (0, (0, 0))
    gain, interval = within_gain(good, rng.normal(size=200), is_error, None, draws) or (0, None)
    assert interval is not None and interval[0] > 0.1 < gain


def test_where_no_stratum_has_both_nothing_is_told() -> None:
    found = within_auroc(np.ones(2), np.array([True, False]), ["a", "b"], unit_draws(range(2), n=10))
    assert found.auroc is None and found.interval is None and found.n_pairs == 0
    assert within_gain(np.ones(2), np.ones(2), np.array([True, False]), ["a", "b"], unit_draws([0, 1])) is None
    assert percentiles(np.array([np.nan, np.nan, 0.5])) is None
