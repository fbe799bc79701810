"""The curve inside strata: scikit-learn's with one stratum, and the area is the AUROC with several."""

import numpy as np
import pytest

from model_worker.studies.shared.within.auroc import unit_draws, within_auroc
from model_worker.studies.shared.within.roc import within_roc

pytestmark = pytest.mark.core


@pytest.mark.parametrize("seed", range(6))
def test_the_area_inside_strata_is_the_share_of_their_pairs_and_with_one_it_is_the_usual_curve(seed: int) -> None:
    from sklearn.metrics import roc_curve  # takes a second

    rng = np.random.default_rng(seed)
    values, is_error = rng.integers(0, 6, 40).astype(float), np.arange(40) % 3 == 0
    strata = [str(one) for one in rng.integers(0, 3, 40)]
    for about in (strata, [""] * 40):
        x, y = np.array([*within_roc(values, is_error, about)]).T
        told = within_auroc(values, is_error, about, unit_draws(range(40), n=1)).auroc
        assert np.trapezoid(y, x) == pytest.approx(told)
        assert (np.diff(x) >= 0).all() and (np.diff(y) >= -1e-12).all() and (x[0], y[0], x[-1]) == (0, 0, 1)
    usual = np.stack(roc_curve(is_error, values, drop_intermediate=False)[:2], 1)
    assert all(np.abs(usual - corner).sum(1).min() < 1e-9 for corner in np.stack([x, y], 1))


def test_without_a_pair_there_is_no_curve() -> None:
    assert list(within_roc(np.array([1.0, 2.0]), np.array([True, False]), ["a", "b"])) == []
    assert list(within_roc(np.zeros(0), np.zeros(0, dtype=bool), [])) == []
