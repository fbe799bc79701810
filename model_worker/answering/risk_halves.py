"""Which names the risk strip was fitted on and which it was tested on, where a model's answers are halved by unit.

A unit is an entity with all its questions; of invented names all that share a last word, since they were made as a
family. No unit is in both halves. Knows nothing about answers.
"""

from typing import Literal

from model_worker.draw import draw
from protocol.spelling import fold

RiskHalf = Literal["fit", "test"]
HALVES_SALT = 19


def risk_unit(kind: str, name: str, *, invented: bool) -> str:
    return f"{kind} family {fold(name).split()[-1]}" if invented else f"{kind} {fold(name)}"


def risk_half(unit: str) -> RiskHalf:
    return "fit" if draw(HALVES_SALT, "half", unit) < 0.5 else "test"
