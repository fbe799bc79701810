"""The ROC curve whose area is the AUROC inside strata.

False alarms are shares of the right answers of an error's own stratum, and an error weighs as much as that has right
answers: so every pair of one stratum counts once, and pairs across strata never. With one stratum it is the usual
curve. (Janes and Pepe 2009 call it covariate-adjusted; we differ in the weights.)
"""

from collections.abc import Hashable, Iterator, Sequence

import numpy as np


def within_roc(values: np.ndarray, is_error: np.ndarray, strata: Sequence[Hashable]) -> Iterator[tuple[float, float]]:
    """Its corners (false alarms, hits), from 0, 0 to 1, 1; nothing where no stratum has both. values (rows,), greater
    before errors. Values that tie are a slope."""
    keys = np.unique(np.array([str(one) for one in strata]), return_inverse=True)[1]
    above, ending, weights = [], [], []
    for key in range(keys.max() + 1 if len(keys) else 0):
        errors, right = values[(keys == key) & is_error], np.sort(values[(keys == key) & ~is_error])
        if len(errors) and len(right):
            above.append(1 - np.searchsorted(right, errors, "right") / len(right))
            ending.append(1 - np.searchsorted(right, errors, "left") / len(right))
            weights.append(np.full(len(errors), len(right)))
    if not weights:
        return
    low, high, weight = (np.concatenate(one) for one in (above, ending, weights))
    weight = weight / weight.sum()
    slope = high > low
    points = [(0.0, 0.0)]
    for at in np.unique(np.concatenate([low, high, [1.0]])).tolist():
        share = np.clip((at - low) / np.where(slope, high - low, 1.0), 0.0, 1.0)
        for passed in (low < at, low <= at):  # up to here, and with those that step up here
            points.append((at, float(weight @ np.where(slope, share, passed))))
    yield from _corners(points)


def _corners(points: Sequence[tuple[float, float]]) -> Iterator[tuple[float, float]]:
    """Without those that lie on the way from the one before to the one behind."""
    kept: list[tuple[float, float]] = []
    for x, y in points:
        while len(kept) > 1:
            (x0, y0), (x1, y1) = kept[-2:]
            if abs((x1 - x0) * (y - y0) - (x - x0) * (y1 - y0)) > 1e-12:
                break
            kept.pop()
        if not kept or (x, y) != kept[-1]:
            kept.append((x, y))
    yield from kept
