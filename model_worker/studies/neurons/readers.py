"""What errors are told by: the chosen neurons, and beside them what needs none.

Each reader gives every row two scores, out of fold by unit and out of fold by what is said; one that isn't fitted gives
the same twice. Views say which pairs count:

    same attribute                      a right and a wrong answer to one question about two names
    same attribute, answers kept out    scored by fits that never saw what is said
    same answer                         both say the same
    all questions                       pooled: mixes attributes, so a score can be good by telling what was asked

Knows nothing about how a model is read.
"""

from collections import defaultdict
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from model_worker.studies.logistic import fit_logistic
from model_worker.studies.neurons.fits import CrossFit
from model_worker.studies.neurons.sides import FOLDS, Rows
from model_worker.studies.shared.within.auroc import WithinAuroc, unit_draws, within_auroc
from model_worker.studies.shared.within.views import ATTRIBUTES_MIXED, SAME_ATTRIBUTE

WITHIN, POOLED_VIEW = SAME_ATTRIBUTE, ATTRIBUTES_MIXED
KEPT_OUT, SAME_ANSWER = f"{SAME_ATTRIBUTE}, answers kept out", "same answer"
JOINT_TOLERANCE, ITERATIONS = 1e-4, 200
VIEWS = (KEPT_OUT, WITHIN, SAME_ANSWER, POOLED_VIEW)
"""The first is what claims are made of: a fit within one attribute may have read what was answered."""


@dataclass(frozen=True)
class ErrorReader:
    """by_unit, by_value (rows,): greater before errors."""

    name: str
    role: str
    by_unit: np.ndarray
    by_value: np.ndarray

    @classmethod
    def plain(cls, name: str, values: Sequence[float] | np.ndarray, role: str = "other") -> "ErrorReader":
        own = np.asarray(values, dtype=float)
        return cls(name, role, own, own)


class HeldReaders:
    """Readers held against the truth, in each view; on the same draws of units."""

    def __init__(self, rows: Rows, seed: int) -> None:
        self._rows, self.draws = rows, unit_draws(rows.units, seed)
        fold, other = rows.by_unit.tolist(), rows.by_value.tolist()
        self.strata: Mapping[str, list[tuple[object, ...]]] = {
            WITHIN: list(zip(rows.strata, fold, strict=True)),
            KEPT_OUT: list(zip(rows.strata, other, strict=True)),
            SAME_ANSWER: list(zip(rows.strata, rows.values, fold, strict=True)),
            POOLED_VIEW: [(one,) for one in fold],
        }

    def told(self, reader: ErrorReader, view: str) -> WithinAuroc:
        values = reader.by_value if view == KEPT_OUT else reader.by_unit
        return within_auroc(values, self._rows.is_error, self.strata[view], self.draws)


def rate_of(rows: Rows, keys: Sequence[str], folds: np.ndarray) -> np.ndarray:
    """(rows,): the share of errors among other folds' rows of this key, drawn towards the share of all."""
    found = np.zeros(len(rows))
    for fold in range(FOLDS):
        n, errors = defaultdict[str, int](int), defaultdict[str, int](int)
        for row in np.flatnonzero(folds != fold).tolist():
            n[keys[row]] += 1
            errors[keys[row]] += int(rows.is_error[row])
        usual = sum(errors.values()) / max(1, sum(n.values()))
        for row in np.flatnonzero(folds == fold).tolist():
            found[row] = (errors[keys[row]] + usual) / (n[keys[row]] + 1)
    return found


def dense_scores(
    x: np.ndarray, rows: Rows, folds: np.ndarray, c: float, columns: Sequence[np.ndarray] | None = None
) -> Generator[None, None, np.ndarray]:
    """An L2 fit out of fold, standardised, weighed inside strata. columns: by fold, those that are used."""
    found = np.zeros(len(rows))
    for fold in range(FOLDS):
        tested = folds == fold
        own = x if columns is None else x[:, columns[fold]]
        weights = rows.weights(~tested)
        some = weights > 0
        if own.shape[1] and len(set(rows.is_error[some])) == 2:
            found[tested] = _fitted(own[some], rows.is_error[some], weights[some], c, own[tested])
        yield None
    return found


def joined_scores(rows: Rows, fit: CrossFit, x: np.ndarray, entropy: np.ndarray) -> np.ndarray:
    """Entropy and the neurons' score, weighed on the fold that chose C; out of the folds of the fit."""
    found = np.zeros(len(rows))
    for fold in range(FOLDS):
        tested, validated = fit.folds == fold, fit.folds == (fold + 1) % FOLDS
        both = np.stack([entropy, fit.fit_of(fold).scores(x)], axis=1)
        if len(set(rows.is_error[validated])) < 2:
            found[tested] = entropy[tested]
            continue
        even = np.ones(int(validated.sum()))
        found[tested] = _fitted(both[validated], rows.is_error[validated], even, 1.0, both[tested])
    return found


def _fitted(x: np.ndarray, y: np.ndarray, weights: np.ndarray, c: float, asked: np.ndarray) -> np.ndarray:
    """Standardised on x; log-odds of `asked`."""
    mean, spread = x.mean(0), x.std(0)
    spread[spread == 0] = 1.0
    model = fit_logistic((x - mean) / spread, y, c, tolerance=JOINT_TOLERANCE, iterations=ITERATIONS, weights=weights)
    return model.log_odds((asked - mean) / spread)
