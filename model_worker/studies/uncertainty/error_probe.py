"""A logistic probe of errors against right answers: standardised, L2, both sides weighed alike; C by AUROC on a
validation set.

Arrays in, a function out; knows nothing about what the rows are.
"""

import warnings
from collections.abc import Callable, Generator

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from model_worker.studies.shared.statistics import auroc

ERROR_PROBE_CS = (0.001, 0.01, 0.1, 1.0)
ERROR_PROBE_ITERATIONS = 500


def fitted_probe(
    error: np.ndarray, right: np.ndarray, error_validation: np.ndarray, right_validation: np.ndarray
) -> Generator[None, None, Callable[[np.ndarray], np.ndarray]]:
    """Of rows (n, d_model) to the log-odds of an error (n,): the smallest C where several are as good, or where there
    is nothing to validate on. A fit a step."""
    x = np.concatenate([error, right])
    y = np.repeat([1, 0], [len(error), len(right)])
    probes: list[Callable[[np.ndarray], np.ndarray]] = []
    scores: list[float] = []
    for c in ERROR_PROBE_CS:
        logistic = LogisticRegression(C=c, max_iter=ERROR_PROBE_ITERATIONS, class_weight="balanced")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # few rows can be told apart as well as one likes
            probe = make_pipeline(StandardScaler(), logistic).fit(x, y).decision_function
        probes.append(probe)
        both = len(error_validation) and len(right_validation)
        scores.append((auroc(probe(error_validation), probe(right_validation)) or 0.0) if both else 0.0)
        yield None
    return probes[int(np.argmax(scores))]
