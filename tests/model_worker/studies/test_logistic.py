"""Logistic regression against scikit-learn's, which is its reference."""

import numpy as np
import pytest

from model_worker.studies.logistic import fit_logistic


@pytest.mark.parametrize(("n", "d", "c"), [(30, 5, 0.1), (200, 64, 0.001), (40, 100, 1.0)])
def test_weights_and_intercept_are_scikit_learns(n: int, d: int, c: float) -> None:
    from sklearn.linear_model import LogisticRegression  # takes a second

    drawn = np.random.default_rng(n)
    x, y = drawn.normal(size=(n, d)), drawn.random(n) < 0.3
    x[y] += 0.5
    theirs = LogisticRegression(C=c, tol=1e-3, max_iter=200, class_weight="balanced").fit(x, y)
    own = fit_logistic(x, y, c, tolerance=1e-3, iterations=200)
    assert own.weights == pytest.approx(theirs.coef_[0], abs=1e-6)
    assert own.log_odds(x) == pytest.approx(theirs.decision_function(x), abs=1e-6)
    weights = drawn.random(n)
    theirs = LogisticRegression(C=c, tol=1e-6, max_iter=500).fit(x, y, sample_weight=weights)
    own = fit_logistic(x, y, c, tolerance=1e-6, iterations=500, weights=weights)
    assert own.weights == pytest.approx(theirs.coef_[0], abs=1e-4)
