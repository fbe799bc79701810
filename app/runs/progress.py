"""How much of a run is whole: counts its frames' kinds against what its `start` said would come; of a study, what it
says itself of its steps; of a circuit, what its frames follow each other in.

Knows as much of frames as it must: newer workers may say more. A `start` that it can't read promises nothing.
"""

import contextlib
from dataclasses import dataclass

from pydantic import BaseModel, Field, ValidationError

from protocol.circuit import CIRCUIT_STAGES


class _SweepOfArm(BaseModel):
    sweep: int | None


class _Sweep(BaseModel):
    positions: tuple[int, ...]


class _Controls(BaseModel):
    n_directions: int


class _Sampling(BaseModel):
    n_samples: int = 1  # before protocol 2 there was no sampling


class _Request(BaseModel):
    controls: _Controls
    sampling: _Sampling = _Sampling()


class _Start(BaseModel):
    request: _Request
    sweeps: tuple[_Sweep, ...]
    arms: tuple[_SweepOfArm, ...]


class _Steps(BaseModel):
    """Of `study` the one, of `progress` the other; a database's integer holds both."""

    n_steps: int = Field(0, ge=0, lt=2**31)
    n_done: int = Field(0, ge=0, lt=2**31)


@dataclass
class RunProgress:
    """n_whole   verdicts and controls that have come, or steps of a study, or stages of a circuit that have begun
    n_expected  a verdict for every sample of every arm; a control for every arm that pushes prompt tokens; or all
                steps of the study, or stages of a circuit
    """

    n_whole: int = 0
    n_expected: int = 0

    def see(self, kind: str, line: bytes) -> None:
        if kind == "start":
            self.n_expected = _expected(line)
        elif kind in ("study", "progress"):
            self._hear(line)
        elif kind in ("verdict", "control"):
            self.n_whole += 1
        elif kind == "circuit":
            self.n_expected = len(CIRCUIT_STAGES)
        elif kind in CIRCUIT_STAGES:
            self.n_whole = max(self.n_whole, CIRCUIT_STAGES.index(kind))

    def _hear(self, line: bytes) -> None:
        with contextlib.suppress(ValidationError):
            told = _Steps.model_validate_json(line)
            self.n_whole, self.n_expected = told.n_done or self.n_whole, told.n_steps or self.n_expected


def share_done(n_whole: int, n_expected: int) -> float:
    """0 to 1; a run that has not said what will come has done nothing yet."""
    return min(1.0, n_whole / n_expected) if n_expected else 0.0


def _expected(line: bytes) -> int:
    try:
        start = _Start.model_validate_json(line)
    except ValidationError:
        return 0
    request, n_sweeps = start.request, len(start.sweeps)
    pushing = [arm for arm in start.arms if arm.sweep is not None and 0 <= arm.sweep < n_sweeps]
    n_controls = sum(bool(start.sweeps[arm.sweep or 0].positions) for arm in pushing)
    return len(start.arms) * request.sampling.n_samples + (n_controls if request.controls.n_directions else 0)
