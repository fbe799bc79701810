"""Sparse fits out of fold: each row is scored by a fit that saw neither it nor anything of its unit.

Of five folds, by unit or by what is said, one is scored, the next chooses C (the sparsest fit within CLOSE of the best
AUROC within strata), and three are fitted. Scores of two folds come from two fits, so pairs are of one fold.

Arrays in, scores out; knows nothing about what the columns are.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass

import numpy as np

from model_worker.studies.neurons.sides import FOLDS, Rows
from model_worker.studies.neurons.sparse import SparseFit, sparse_fit
from model_worker.studies.shared.within.auroc import within_auroc

CLOSE = 0.01
ONE_DRAW = 1


@dataclass(frozen=True)
class CrossFit:
    """paths: by fold a fit for each C. chosen: by fold the place of its C. scores (rows,) of the chosen; by_c
    (Cs, rows)."""

    folds: np.ndarray
    paths: tuple[tuple[SparseFit, ...], ...]
    chosen: tuple[int, ...]
    scores: np.ndarray
    by_c: np.ndarray

    @property
    def usual(self) -> int:
        """The place of the C in the middle of those that were chosen."""
        return int(np.median(self.chosen))

    def fit_of(self, fold: int) -> SparseFit:
        return self.paths[fold][self.chosen[fold]]


def cross_fit(
    x: np.ndarray,
    rows: Rows,
    folds: np.ndarray,
    cs: Sequence[float],
    *,
    within: bool = True,
    is_error: np.ndarray | None = None,
    more: np.ndarray | None = None,
) -> Generator[None, None, CrossFit]:
    """x (rows, columns). is_error: in place of the rows' own. more (n, rows, columns): rows that are right answers too,
    such as the paper's other tokens."""
    truth = rows.is_error if is_error is None else is_error
    paths, chosen = [], []
    scores, by_c = np.zeros(len(rows)), np.zeros((len(cs), len(rows)))
    for fold in range(FOLDS):
        tested, validated = folds == fold, folds == (fold + 1) % FOLDS
        fitted = ~tested & ~validated
        path = yield from sparse_path(x, truth, rows.weights(fitted, within=within), cs, fitted, more)
        paths.append(path)
        chosen.append(_chosen(path, x, truth, rows, validated) if len(cs) > 1 else 0)
        for place, one in enumerate(path):
            by_c[place, tested] = one.scores(x[tested])
        scores[tested] = by_c[chosen[-1], tested]
        yield None
    return CrossFit(folds, tuple(paths), tuple(chosen), scores, by_c)


def sparse_path(
    x: np.ndarray,
    is_error: np.ndarray,
    weights: np.ndarray,
    cs: Sequence[float],
    used: np.ndarray,
    more: np.ndarray | None = None,
) -> Generator[None, None, tuple[SparseFit, ...]]:
    """A fit for each C, on rows with a weight."""
    some = used & (weights > 0)
    own, truth, weigh = x[some], is_error[some], weights[some]
    if more is not None:
        own = np.concatenate([own, *(other[some] for other in more)])
        truth = np.concatenate([truth, *(np.zeros(int(some.sum()), dtype=bool) for _ in more)])
        weigh = np.concatenate([weigh, *(weights[some] for _ in more)])
    found: list[SparseFit] = []
    for c in cs:
        if truth.any() and not truth.all():
            found.append((yield from sparse_fit(own, truth, weigh, c, found[-1] if found else None)))
        else:
            found.append(SparseFit(np.zeros(x.shape[1]), 0.0))
    return tuple(found)


def _chosen(path: Sequence[SparseFit], x: np.ndarray, is_error: np.ndarray, rows: Rows, validated: np.ndarray) -> int:
    at = np.flatnonzero(validated)
    strata, alone = [rows.strata[row] for row in at], np.ones((ONE_DRAW, len(at)), dtype=np.float32)
    held = [within_auroc(one.scores(x[at]), is_error[at], strata, alone).auroc or 0.0 for one in path]
    return next(place for place, score in enumerate(held) if score >= max(held) - CLOSE)
