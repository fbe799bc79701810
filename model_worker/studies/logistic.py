"""Logistic regression as studies fit it: L2, both sides weighed alike, the intercept free.

    minimise over β, b    mean of w · (log(1 + e^z) − y z)  +  |β|² / 2Cn        z = x · β + b, w = n / 2 n_side

By scipy's L-BFGS, as scikit-learn's LogisticRegression(class_weight="balanced") asks for it, and with its numbers; but
importing that one takes a second, in which a worker answers nobody. Knows nothing about what the rows are.
"""

from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit


class Logistic(NamedTuple):
    weights: np.ndarray  # (d,)
    intercept: float

    def log_odds(self, x: np.ndarray) -> np.ndarray:
        """(n, d) -> (n,)"""
        return x @ self.weights + self.intercept


def fit_logistic(
    x: np.ndarray, y: np.ndarray, c: float, *, tolerance: float, iterations: int, weights: np.ndarray | None = None
) -> Logistic:
    """x (n, d), y (n,) of bool. Where it doesn't converge in so many iterations it stays as it is: a small set can be
    told apart as well as one likes. tolerance: of the gradient's largest entry. weights (n,): in
    the place of w."""
    n, d = x.shape
    truth = y.astype(float)
    side = np.bincount(y.astype(int), minlength=2)[y.astype(int)]
    share = 1 / (2 * side) if weights is None else weights / n  # w / n

    def loss(at: np.ndarray) -> tuple[float, np.ndarray]:
        z = x @ at[:d] + at[d]
        off = share * (expit(z) - truth)
        value = share @ (np.logaddexp(0, z) - truth * z) + at[:d] @ at[:d] / (2 * c * n)
        return value, np.append(x.T @ off + at[:d] / (c * n), off.sum())

    options = {"maxiter": iterations, "maxls": 50, "gtol": tolerance, "ftol": 64 * np.finfo(float).eps}
    found = minimize(loss, np.zeros(d + 1), method="L-BFGS-B", jac=True, options=options).x
    return Logistic(found[:d], float(found[d]))
