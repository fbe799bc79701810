"""The sparse fit against scikit-learn's and against its own condition; folds, weights and readers on planted rows."""

from collections.abc import Generator

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from model_worker.studies.neurons.fits import cross_fit
from model_worker.studies.neurons.readers import KEPT_OUT, POOLED_VIEW, WITHIN, ErrorReader, HeldReaders, rate_of
from model_worker.studies.neurons.sides import FOLDS, Rows, _folds
from model_worker.studies.neurons.sparse import sparse_fit


def ran(steps: Generator):
    while True:
        try:
            next(steps)
        except StopIteration as found:
            return found.value


def planted(n: int = 150, columns: int = 40, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    noise = np.random.default_rng(seed)
    x = noise.random((n, columns)).astype(np.float32)
    return x, x[:, 0] + x[:, 1] + 0.3 * noise.standard_normal(n) > 1


@pytest.mark.parametrize("c", [0.5, 3.0])
def test_a_sparse_fit_is_scikit_learns(c: float) -> None:
    x, y = planted()
    weights = np.where(y, 0.5, 2.0)
    found = ran(sparse_fit(x, y, weights, c))
    model = LogisticRegression(l1_ratio=1, C=c, solver="saga", max_iter=20_000, tol=1e-8)
    model.fit(x.astype(float), y, sample_weight=weights)
    assert np.abs(found.weights - model.coef_[0]).max() < 0.02 and abs(found.bias - model.intercept_[0]) < 0.02
    assert 0 < (found.weights != 0).sum() < 30


def test_a_sparse_fit_is_where_no_gradient_pulls() -> None:
    """|gradient| is 1 where a weight is, and at most 1 elsewhere; wider than long, and from another C's solution."""
    x, y = planted(60, 400)
    s = np.ones(60)
    found = ran(sparse_fit(x, y, s, 20.0, ran(sparse_fit(x, y, s, 2.0))))
    pull = -np.where(y, 1.0, -1.0) / (1 + np.exp(np.where(y, 1, -1) * found.scores(x)))
    gradient = 20.0 * pull @ x
    own = found.weights != 0
    assert np.abs(gradient[own] + np.sign(found.weights[own])).max() < 0.01
    assert np.abs(gradient[~own]).max() < 1.01 and abs(20.0 * pull.sum()) < 0.05


def rows_with(is_error: np.ndarray, strata: list[str], values: list[str], units: list[str]) -> Rows:
    n = len(is_error)
    return Rows(
        tuple(range(n)),
        is_error,
        tuple(strata),
        tuple(strata),
        tuple(values),
        tuple(units),
        _folds(units, 0),
        _folds(values, 0),
        np.zeros(n, dtype=bool),
    )


def test_a_column_that_tells_what_was_asked_reads_nothing_inside_it() -> None:
    """The published reading's trap: attribute a is answered wrong more often, and a column says which it is."""
    noise = np.random.default_rng(1)
    strata = ["a", "b"] * 200
    is_error = noise.random(400) < np.array([0.8, 0.2] * 200)
    x = np.concatenate([np.array([[1.0], [0.0]] * 200), noise.random((400, 30))], axis=1).astype(np.float32)
    rows = rows_with(is_error, strata, [f"v{n % 40}" for n in range(400)], [f"u{n}" for n in range(400)])
    plain, weighed = (ran(cross_fit(x, rows, rows.by_unit, (1.0,), within=within)) for within in (False, True))
    held = HeldReaders(rows, 0)
    pooled = held.told(ErrorReader.plain("", plain.scores), POOLED_VIEW)
    inside = held.told(ErrorReader.plain("", plain.scores), WITHIN)
    assert pooled.auroc > 0.7 and inside.interval[0] < 0.5 < inside.interval[1]
    own = [[abs(one.fit_of(fold).weights[0]) for fold in range(FOLDS)] for one in (plain, weighed)]
    assert np.mean(own[1]) < 0.3 * np.mean(own[0]), "weighed inside strata, what was asked is nothing"


def test_a_column_that_tells_the_answers_name_reads_nothing_where_answers_are_kept_out() -> None:
    noise = np.random.default_rng(2)
    said = noise.integers(20, size=400)
    is_error = noise.random(400) < np.where(said < 10, 0.85, 0.15)
    x = np.eye(20, dtype=np.float32)[said]
    rows = rows_with(is_error, ["a"] * 400, [f"v{one}" for one in said], [f"u{n}" for n in range(400)])
    by_unit, by_value = (ran(cross_fit(x, rows, folds, (3.0,))).scores for folds in (rows.by_unit, rows.by_value))
    held = HeldReaders(rows, 0)
    assert held.told(ErrorReader("", "", by_unit, by_value), WITHIN).auroc > 0.75
    assert held.told(ErrorReader("", "", by_unit, by_value), KEPT_OUT).interval[0] <= 0.5
    assert held.told(ErrorReader.plain("", rate_of(rows, rows.values, rows.by_unit)), WITHIN).auroc > 0.75


def test_no_name_and_no_answer_is_in_two_folds() -> None:
    """A coin for each name, tested on others, is a coin."""
    noise = np.random.default_rng(3)
    units = [f"u{n // 4}" for n in range(480)]
    coin = noise.random(120) < 0.5
    x = np.repeat(noise.random((120, 60)), 4, axis=0).astype(np.float32)
    rows = rows_with(np.repeat(coin, 4), ["a"] * 480, [f"v{n % 7}" for n in range(480)], units)
    for keys, folds in ((rows.units, rows.by_unit), (rows.values, rows.by_value)):
        assert all(len({fold for own, fold in zip(keys, folds, strict=True) if own == key}) == 1 for key in set(keys))
    told = HeldReaders(rows, 0).told(
        ErrorReader.plain("", ran(cross_fit(x, rows, rows.by_unit, (1.0, 10.0))).scores), WITHIN
    )
    assert told.interval[0] < 0.5 < told.interval[1]


def test_right_and_wrong_weigh_alike_inside_each_stratum() -> None:
    is_error = np.array([True, False, False, False, True, True])
    rows = rows_with(is_error, ["a"] * 4 + ["b"] * 2, list("vvvvvv"), list("abcdef"))
    assert rows.weights(np.ones(6, dtype=bool)).tolist() == pytest.approx([2, 2 / 3, 2 / 3, 2 / 3, 0, 0])
