"""A score's threshold, and F1 at it. Knows nothing about where scores come from."""

import numpy as np

F1_NOTE = (
    "F1 at the threshold that is best on the validation tenth (on the training half where that has too few), errors "
    "and right answers weighed alike: to call every answer an error has 0.67."
)


def balanced_f1(error: np.ndarray, right: np.ndarray, threshold: float) -> float:
    """Of calling an error what is at the threshold or above, if there were as many of both."""
    hits, alarms = (error >= threshold).mean(), (right >= threshold).mean()
    return float(2 * hits / (hits + alarms + 1))


def best_threshold(error: np.ndarray, right: np.ndarray) -> float:
    """The one with the greatest balanced F1; of equals the least."""
    thresholds = np.unique(np.concatenate([error, right]))
    return float(max(thresholds, key=lambda one: balanced_f1(error, right, one)))
