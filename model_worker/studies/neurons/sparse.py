"""Logistic regression with an L1 penalty, on rows that are far wider than they are many, in short steps.

    minimise  |w|_1 + C sum_i s_i log(1 + exp(-y_i (x_i . w + b)))          y in {-1, 1}; b is free

1. a working set of columns: those of the last solution, and those whose gradient breaks the optimum's condition most
2. proximal gradient with momentum on the working set, until nothing of it moves
3. optimal where every column outside has a gradient of at most 1; else 1 again

Along a path of growing C each solution begins the next. Arrays in, weights out; knows nothing about neurons.
"""

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np

MOST_OUTER, MOST_INNER = 60, 4000
JOIN = 64  # columns that join the working set at once
SLACK = 1e-3  # by how much a gradient may exceed 1
STILL = 1e-7
INNER_STEPS = 100  # inner steps between two pauses


@dataclass(frozen=True)
class SparseFit:
    """weights (columns,), bias: of x in its own units."""

    weights: np.ndarray
    bias: float

    def scores(self, x: np.ndarray) -> np.ndarray:
        at = np.flatnonzero(self.weights)
        return x[:, at].astype(np.float64) @ self.weights[at] + self.bias


def sparse_fit(
    x: np.ndarray, is_error: np.ndarray, row_weights: np.ndarray, c: float, begin: SparseFit | None = None
) -> Generator[None, None, SparseFit]:
    """x (rows, columns); row_weights (rows,), 0 leaves a row out."""
    y, s = np.where(is_error, 1.0, -1.0), c * row_weights
    w = np.zeros(x.shape[1]) if begin is None else begin.weights.copy()
    bias = _bias(y, s) if begin is None else begin.bias
    for _ in range(MOST_OUTER):
        own = np.flatnonzero(w)
        margin = x[:, own].astype(np.float64) @ w[own] + bias
        gradient = (_pull(margin, y, s).astype(x.dtype) @ x).astype(np.float64)
        yield None
        beyond = np.abs(gradient) - 1.0
        beyond[own] = -np.inf
        joining = np.flatnonzero(beyond > SLACK)
        settled = own.size == 0 or np.all(np.abs(gradient[own] + np.sign(w[own])) <= SLACK * 5)
        if joining.size == 0 and settled:
            break
        joining = joining[np.argsort(-beyond[joining], kind="stable")[:JOIN]]
        at = np.concatenate([own, joining])
        w_at, bias = yield from _solved(x[:, at].astype(np.float64), y, s, w[at], bias)
        w[:] = 0.0
        w[at] = w_at
    return SparseFit(w, bias)


def _solved(
    x: np.ndarray, y: np.ndarray, s: np.ndarray, w: np.ndarray, bias: float
) -> Generator[None, None, tuple[np.ndarray, float]]:
    """On few columns. The bias is a column of its own, scaled so that a step suits it as well."""
    unit = max(float(np.abs(x).mean()) if x.size else 0.0, 1e-6)
    wide = np.concatenate([x, np.full((len(x), 1), unit)], axis=1)
    now = np.append(w, bias / unit)
    curvature = 0.25 * float(np.linalg.eigvalsh((wide * s[:, None]).T @ wide)[-1])
    step = 1.0 / max(curvature, 1e-12)
    ahead, speed = now.copy(), 1.0
    for inner in range(MOST_INNER):
        moved = ahead - step * (wide.T @ _pull(wide @ ahead, y, s))
        moved[:-1] = np.sign(moved[:-1]) * np.maximum(np.abs(moved[:-1]) - step, 0.0)
        if (ahead - moved) @ (moved - now) > 0:  # it ran past: begin anew
            speed = 1.0
        faster = (1 + (1 + 4 * speed * speed) ** 0.5) / 2
        ahead = moved + (speed - 1) / faster * (moved - now)
        away = float(np.abs(moved - now).max())
        still = away <= STILL * max(1.0, float(np.abs(moved).max()))
        now, speed = moved, faster
        if still:
            break
        if inner % INNER_STEPS == INNER_STEPS - 1:
            yield None
    return now[:-1], float(now[-1] * unit)


def _pull(margin: np.ndarray, y: np.ndarray, s: np.ndarray) -> np.ndarray:
    """Derivative of the loss by the margin, row by row."""
    return -s * y / (1.0 + np.exp(np.clip(y * margin, -60, 60)))


def _bias(y: np.ndarray, s: np.ndarray) -> float:
    """The optimum without any column."""
    positive, negative = float(s[y > 0].sum()), float(s[y < 0].sum())
    return float(np.log(positive / negative)) if positive > 0 and negative > 0 else 0.0
