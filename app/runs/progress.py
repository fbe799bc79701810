"""How much of a run is whole: counts its frames' kinds against what its `start` said would come.

Knows as much of `start` as it must: newer workers may say more. A `start` that it can't read promises nothing.
"""

from pydantic import BaseModel, ValidationError


class _Arm(BaseModel):
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
    arms: tuple[_Arm, ...]


class Progress:
    """n_whole   verdicts and controls that have come
    n_expected  a verdict for every sample of every arm; a control for every arm that pushes prompt tokens
    """

    def __init__(self) -> None:
        self.n_whole = 0
        self.n_expected = 0

    def see(self, kind: str, line: bytes) -> None:
        if kind == "start":
            self.n_expected = _expected(line)
        elif kind in ("verdict", "control"):
            self.n_whole += 1


def share(n_whole: int, n_expected: int) -> float:
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
