"""A logistic probe of errors against right answers: standardised, L2, both sides weighed alike; C by AUROC on a
validation set.

Arrays in, a function out; knows nothing about what the rows are.
"""

from collections.abc import Callable, Generator
from functools import partial

import numpy as np

from model_worker.studies.logistic import Logistic, fit_logistic
from model_worker.studies.shared.statistics import auroc

ERROR_PROBE_CS = (0.001, 0.01, 0.1, 1.0)
ERROR_PROBE_ITERATIONS = 500


def fitted_probe(
    error: np.ndarray, right: np.ndarray, error_validation: np.ndarray, right_validation: np.ndarray
) -> Generator[None, None, Callable[[np.ndarray], np.ndarray]]:
    """Of rows (n, d_model) to the log-odds of an error (n,): the smallest C where several are as good, or where there
    is nothing to validate on. A fit a step."""
    x = np.concatenate([error, right]).astype(np.float64)
    y = np.repeat([True, False], [len(error), len(right)])
    mean, spread = x.mean(0), x.std(0)
    spread[spread == 0] = 1.0
    probes: list[Callable[[np.ndarray], np.ndarray]] = []
    scores: list[float] = []
    for c in ERROR_PROBE_CS:
        own = fit_logistic((x - mean) / spread, y, c, tolerance=1e-4, iterations=ERROR_PROBE_ITERATIONS)
        probe = partial(_log_odds, own, mean, spread)
        probes.append(probe)
        both = len(error_validation) and len(right_validation)
        scores.append((auroc(probe(error_validation), probe(right_validation)) or 0.0) if both else 0.0)
        yield None
    return probes[int(np.argmax(scores))]


def _log_odds(fitted: Logistic, mean: np.ndarray, spread: np.ndarray, x: np.ndarray) -> np.ndarray:
    return fitted.log_odds((x - mean) / spread)
