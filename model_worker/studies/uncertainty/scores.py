"""What an error is told by: the best latent, and beside it what needs no dictionary.

    entropy and -log p of the first token · a logistic probe and the difference of means of the residual that the best
    latent reads, fitted on the training half

Without a latent, of what needs none; without both sides, no directions. Knows nothing about figures.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass

import numpy as np

from model_worker.studies.uncertainty.error_probe import fitted_probe
from model_worker.studies.uncertainty.measure import ErrorReadings
from model_worker.studies.uncertainty.moments import MIN_EACH, Ranked
from model_worker.studies.uncertainty.sides import Sides
from protocol.worker.study_frames import Trial

FIRST_TOKEN = {"entropy": "first token, entropy", "surprise": "first token, −log p"}


@dataclass(frozen=True)
class ErrorScore:
    """A number for each question, greater before errors."""

    name: str
    role: str
    values: np.ndarray


def error_scores(
    readings: ErrorReadings, sides: Sides, trials: Sequence[Trial], best: Ranked | None, layer: int
) -> Generator[None, None, list[ErrorScore]]:
    """The latent's first. layer: whose residual the directions are of."""
    found = [] if best is None else [ErrorScore(f"latent {best.label}", "unknown", readings.values(best))]
    for name, words in FIRST_TOKEN.items():
        found.append(ErrorScore(words, "other", np.array([trial.numbers[name][0] for trial in trials])))
    x = readings.residuals(layer).cpu().double().numpy()
    error, right = sides.of(x, "train")
    if min(len(error), len(right)) >= MIN_EACH:
        means = x @ (error.mean(0) - right.mean(0))
        found.append(ErrorScore(f"difference of means, layer {layer}", "other", means))
        yield None
        probe = yield from fitted_probe(error, right, *sides.of(x, "validation"))
        found.append(ErrorScore(f"logistic probe, layer {layer}", "other", probe(x)))
    return found
