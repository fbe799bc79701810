"""From the sweeps of a request to what is added to the residual stream.

add:  delta = alpha * d  at every position of the scope, alpha = m * r / |d| or raw (DESIGN section 3).
A delta is added, never substituted: the SAE's reconstruction error survives.
Knows nothing about hooks or batches in flight.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from model_worker.loading import Loaded
from protocol.frames import Arm, EntityTokens, SweepUsed, Token
from protocol.models import Role
from protocol.refusal import Refused
from protocol.steering import LatentTarget, Scope, Sweep, Target


@dataclass(frozen=True)
class Push:
    """One sweep, resolved: `direction` (d_model,) fp32 as stored, added at `positions` after block `layer`."""

    role: Role
    label: str
    layer: int
    direction: Tensor
    residual_norm: float | None
    positions: tuple[int, ...]

    @property
    def norm(self) -> float:
        return self.direction.norm().item()

    def used(self) -> SweepUsed:
        return SweepUsed(
            role=self.role,
            label=self.label,
            layer=self.layer,
            paper_layer=self.layer + 1,
            norm=self.norm,
            residual_norm=self.residual_norm,
            positions=self.positions,
        )


def resolve(loaded: Loaded, sweep: Sweep, entity: EntityTokens, tokens: Sequence[Token]) -> Push:
    """Raises Refused for an unknown target, or a unit that this model has no r for."""
    layer, direction = _target(loaded, sweep.target)
    norms = loaded.card.residual_norm
    if sweep.unit == "residual_norm" and not norms:
        raise Refused(
            422,
            "no_residual_norm",
            "Strengths in multiples of the residual norm asked.",
            f"No residual norm was measured for {loaded.card.id}.",
            "Use the unit raw.",
        )
    named = next((d for d in loaded.card.directions if d.target == sweep.target), None)
    return Push(
        role=named.role if named else "other",
        label=named.label if named else "",
        layer=layer,
        direction=direction,
        residual_norm=norms[layer] if norms else None,
        positions=positions(sweep.scope, entity, tokens),
    )


def positions(scope: Scope, entity: EntityTokens, tokens: Sequence[Token]) -> tuple[int, ...]:
    """Prompt positions of a scope; BOS is never among them."""
    match scope:
        case "last_entity":
            chosen = range(entity.end - 1, entity.end)
        case "entity":
            chosen = range(entity.start, entity.end)
        case "entity_to_end":
            chosen = range(entity.start, len(tokens))
    return tuple(pos for pos in chosen if tokens[pos].role != "bos")


def arms_of(sweeps: Sequence[Sweep], pushes: Sequence[Push]) -> tuple[Arm, ...]:
    """The baseline, then every strength of every sweep, in the order of the request."""
    arms = [Arm(sweep=None, strength=0.0, alpha=0.0)]
    for index, (sweep, push) in enumerate(zip(sweeps, pushes, strict=True)):
        for strength in sweep.strengths:
            raw = strength if sweep.unit == "raw" else strength * push.residual_norm / push.norm
            arms.append(Arm(sweep=index, strength=strength, alpha=raw))
    return tuple(arms)


def deltas(rows: Sequence[tuple[Push, Tensor] | None], n_prompt: int) -> dict[int, Tensor]:
    """By layer, what to add to resid_post of the prompt: (batch, n_prompt, d_model), fp32.

    `rows` has, for each batch row, None or a push and the vector alpha * d (d_model,) to add at its positions.
    A layer that no row steers is left out.
    """
    by_layer: dict[int, Tensor] = {}
    for row, steered in enumerate(rows):
        if steered is None:
            continue
        push, vector = steered
        if push.layer not in by_layer:
            by_layer[push.layer] = torch.zeros(len(rows), n_prompt, vector.shape[0], device=vector.device)
        by_layer[push.layer][row, list(push.positions)] = vector
    return by_layer


def random_directions(n: int, d_model: int, seed: int, device: str) -> Tensor:
    """(n, d_model) unit vectors, uniform on the sphere; drawn on the CPU, so equal on every device."""
    drawn = torch.randn(n, d_model, generator=torch.Generator().manual_seed(seed))
    return (drawn / drawn.norm(dim=-1, keepdim=True)).to(device)


def _target(loaded: Loaded, target: Target) -> tuple[int, Tensor]:
    if isinstance(target, LatentTarget):
        require_latent(loaded, target)
        return loaded.layer_of[target.dictionary], loaded.dictionaries[target.dictionary].W_dec[target.latent]
    if target.name not in loaded.vectors:
        raise Refused(
            422,
            "unknown_vector",
            f"The direction {target.name} asked.",
            f"This model has: {', '.join(loaded.vectors) or 'none'}.",
            "Choose one of them.",
        )
    return loaded.layer_of[target.name], loaded.vectors[target.name]


def require_latent(loaded: Loaded, target: LatentTarget) -> None:
    """Raises Refused (422) if the dictionary or the latent doesn't exist."""
    dictionary = loaded.dictionaries.get(target.dictionary)
    if dictionary is None:
        raise Refused(
            422,
            "unknown_dictionary",
            f"The dictionary {target.dictionary} asked.",
            f"This model has: {', '.join(loaded.dictionaries)}.",
            "Choose one of them.",
        )
    if target.latent >= dictionary.d_sae:
        raise Refused(
            422,
            "unknown_latent",
            f"Latent {target.latent} of {target.dictionary} asked.",
            f"It has latents 0 to {dictionary.d_sae - 1}.",
            "Choose one of them.",
        )
