"""A request's arms as deltas, and which of them can share a pass over the prompt.

Knows nothing about frames or passes.
"""

from collections.abc import Iterator, Sequence

from model_worker.answering.prompt import PromptTokens
from model_worker.model.loading import Loaded
from model_worker.steering.interventions import arms_of
from model_worker.steering.resolved import AnyIntervention, resolve
from model_worker.steering.sites import AnyDelta, first_changed
from model_worker.steering.targets import read_of
from protocol.steering import LatentTarget
from protocol.worker.requests import GenerateRequest

FORK_ROWS = 16  # of a step over the prompt, so that it stays short


class ArmPlan:
    """held: with strengths. deltas: by arm, those that are held first."""

    def __init__(self, loaded: Loaded, request: GenerateRequest, prompt: PromptTokens) -> None:
        """Raises Refused for what this model can't do."""
        self.sweeps = tuple(resolve(loaded, sweep, prompt.entity, prompt.tokens) for sweep in request.sweeps)
        self.held: tuple[tuple[AnyIntervention, float], ...] = tuple(
            (resolve(loaded, held, prompt.entity, prompt.tokens), held.strength) for held in request.hold
        )
        self.arms = arms_of(request.sweeps, [push.alpha for push in self.sweeps], request.hold)
        self.dictionaries = _in_use(loaded, request)
        always = [push.delta(strength) for push, strength in self.held]
        self.deltas: list[list[AnyDelta]] = [
            (always if arm.held else []) + ([] if arm.sweep is None else [self.sweeps[arm.sweep].delta(arm.strength)])
            for arm in self.arms
        ]

    def forks(self, most: int) -> Iterator[list[int]]:
        yield from forks_of(self.deltas, most)


def forks_of(arms: Sequence[Sequence[AnyDelta]], most: int) -> Iterator[list[int]]:
    """Numbers of arms whose steering begins at the same layer and position, at most so many together."""
    alike: dict[object, list[int]] = {}
    for arm, deltas in enumerate(arms):
        steered = [delta for delta in deltas if delta.positions]
        begins = (first_changed(steered), min(d.positions[0] for d in steered)) if steered else None
        alike.setdefault(begins, []).append(arm)
    for own in alike.values():
        for first in range(0, len(own), most):
            yield own[first : first + most]


def numbering(parts: Sequence[Sequence[int]], n_samples: int) -> list[tuple[int, int]]:
    """(arm, sample) of every row in the order of their numbers: part by part, arm by arm, each arm's samples together.
    parts: arms, as `ArmPlan.forks` groups them."""
    return [(arm, sample) for arms in parts for arm in arms for sample in range(n_samples)]


def _in_use(loaded: Loaded, request: GenerateRequest) -> tuple[str, ...]:
    """Dictionaries that the request reads or pushes along, in the card's order."""
    steerings = [*request.hold, *request.sweeps]
    targets = [*(request.watch or ()), *(read_of(s.target) for s in steerings), *(s.to for s in steerings if s.to)]
    named = {target.dictionary for target in targets if isinstance(target, LatentTarget)}
    named |= {whole.dictionary for whole in request.read}
    return tuple(name for name in loaded.dictionaries if name in named)
