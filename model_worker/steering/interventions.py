"""From the interventions of a request to deltas (formula.py): at which positions, how large, along what.

A random target is the push that it is like, with a random direction of the same norm in place of `write`: what is read,
and so the size, stays. Knows nothing about passes or frames in flight.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from model_worker.model.loading import Loaded
from model_worker.steering.formula import FORMULAS, Delta, TargetReader
from model_worker.steering.random_directions import random_directions
from model_worker.steering.targets import read_of, target_of
from protocol.refusal import Refused
from protocol.steering import Held, LatentTarget, RandomTarget, Steering, Sweep, VectorTarget
from protocol.vocabulary import UNITS, Mode, Role, Scope, Unit
from protocol.worker.frames import Arm, SteeringUsed
from protocol.worker.tokens import EntityTokens, Token

Alpha = Callable[[float], float]
"""Of a strength."""


@dataclass(frozen=True)
class Intervention:
    """One intervention, resolved but for its strength. `direction` (d_model,) fp32 as stored."""

    role: Role
    label: str
    layer: int
    mode: Mode
    unit: Unit
    direction: Tensor
    write: Tensor
    reading: TargetReader
    residual_norm: float | None
    positions: tuple[int, ...]
    generated: bool

    @property
    def norm(self) -> float:
        return self.direction.norm().item()

    def alpha(self, strength: float) -> float:
        """The factor of d in mode add; in other modes the strength itself."""
        if self.unit != "residual_norm":
            return strength
        assert self.residual_norm is not None
        return strength * self.residual_norm / self.norm

    def delta(self, strength: float) -> Delta:
        constant, slope = FORMULAS[self.mode](self.alpha(strength))
        return Delta(self.layer, self.positions, self.generated, self.reading, constant, slope, self.write)

    def used(self) -> SteeringUsed:
        return SteeringUsed(
            role=self.role,
            label=self.label,
            layer=self.layer,
            paper_layer=self.layer + 1,
            norm=self.norm,
            residual_norm=self.residual_norm,
            positions=self.positions,
        )


def resolved_direction(
    loaded: Loaded, steering: Steering, entity: EntityTokens, tokens: Sequence[Token]
) -> Intervention:
    """Raises Refused for an unknown target, a unit that this model has no r for, or positions outside the prompt."""
    read = read_of(steering.target)
    assert isinstance(read, LatentTarget | VectorTarget), "neurons have no direction"
    target = target_of(loaded, read)
    layer, direction, reading = target.layer, target.direction, target.reading
    norms = loaded.card.residual_norm
    unit = steering.measured_in
    if unit == "residual_norm" and not norms:
        raise Refused(
            422,
            "no_residual_norm",
            "Strengths in multiples of the residual norm asked.",
            f"No residual norm was measured for {loaded.card.id}.",
            "Use the unit raw.",
        )
    if direction.norm() == 0:
        raise Refused(
            422,
            "no_direction",
            "Steering along a direction of norm 0 asked.",
            "This latent's decoder row is empty: it writes nothing.",
            "Choose another latent.",
        )
    chosen = pushed_positions(steering, entity, tokens)
    unit_direction = direction / direction.norm()
    of_its_own_length = read.kind == "latent" or UNITS[unit].is_length
    write = direction if of_its_own_length else unit_direction
    if steering.mode == "project_out":
        write, reading = unit_direction, TargetReader(unit_direction, 0.0, -torch.inf)
    if steering.to is not None:
        to = target_of(loaded, steering.to)
        if to.layer != layer:
            raise Refused(
                422,
                "two_sites",
                f"A swap from layer {layer} to layer {to.layer} asked.",
                "Both latents of a swap must be of the same layer.",
                "Choose a latent of the same layer.",
            )
        write = to.direction - direction
    label = ""
    if isinstance(steering.target, RandomTarget):
        drawn = steering.target
        write, label = random_directions(write, drawn.index + 1, drawn.seed)[-1], f"Random direction {drawn.index}"
    validated = (*loaded.card.directions, *loaded.card.more_directions)
    named = next((d for d in validated if d.target == steering.target), None)
    return Intervention(
        role=named.role if named else "other",
        label=named.label if named else label,
        layer=layer,
        mode=steering.mode,
        unit=unit,
        direction=direction,
        write=write,
        reading=reading,
        residual_norm=norms[layer] if norms else None,
        positions=chosen,
        generated=steering.generated,
    )


def pushed_positions(steering: Steering, entity: EntityTokens, tokens: Sequence[Token]) -> tuple[int, ...]:
    """Of the prompt. Raises Refused where no token at all would be steered."""
    chosen = positions(steering.scope, steering.positions, entity, tokens)
    if not chosen and not steering.generated:
        raise Refused(
            422,
            "nothing_to_steer",
            "Steering of tokens that are all BOS asked.",
            "BOS is never steered.",
            "Choose another scope or other positions.",
        )
    return chosen


def positions(scope: Scope, named: Sequence[int], entity: EntityTokens, tokens: Sequence[Token]) -> tuple[int, ...]:
    """Prompt positions of a scope; BOS is never among them. Raises Refused for a position outside the prompt."""
    end = len(tokens)
    chosen: Sequence[int]
    match scope:
        case "last_entity":
            chosen = range(entity.end - 1, entity.end)
        case "entity":
            chosen = range(entity.start, entity.end)
        case "entity_to_end":
            chosen = range(entity.start, end)
        case "last_entity_to_end":
            chosen = range(entity.end - 1, end)
        case "last_prompt":
            chosen = range(end - 1, end)
        case "prompt":
            chosen = range(end)
        case "positions":
            chosen = sorted(named)
            if chosen and chosen[-1] >= end:
                raise Refused(
                    422,
                    "no_such_position",
                    f"Position {chosen[-1]} asked.",
                    f"The prompt has tokens 0 to {end - 1}.",
                    "Choose positions of this prompt.",
                )
    return tuple(pos for pos in chosen if tokens[pos].role != "bos")


def arms_of(sweeps: Sequence[Sweep], alphas: Sequence[Alpha], hold: Sequence[Held]) -> tuple[Arm, ...]:
    """The baseline, what is held by itself if anything is, then every strength of every sweep as asked."""
    arms = [Arm(sweep=None, strength=0.0, alpha=0.0)]
    if hold:
        arms.append(Arm(sweep=None, strength=0.0, alpha=0.0, held=True))
    for index, (sweep, alpha) in enumerate(zip(sweeps, alphas, strict=True)):
        for strength in sweep.strengths:
            arms.append(Arm(sweep=index, strength=strength, alpha=alpha(strength), held=bool(hold)))
    return tuple(arms)
