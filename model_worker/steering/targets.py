"""From the interventions of a request to what is added to the residual stream.

Every mode of protocol/steering.py is one formula, `delta = (constant + slope * a) * write`, with `a` one reading of
the residual x, `a = x . read + bias where that exceeds the threshold, else 0`:

    mode         constant   slope          write      read
    add          alpha      0              d          the latent's encoder, or d^ of a vector
    clamp        strength   -1             d, d^      the same
    scale        0          strength - 1   d, d^      the same
    ablate       0          -strength      d, d^      the same
    project_out  0          -strength      d^         d^, without threshold and offset
    swap         0          strength       d_to - d   the latent's encoder

A random target is the push that it is like, with a random direction of the same norm in place of `write`: what is read,
and so the size, stays.

Deltas are computed in fp32 and added, never substituted. Knows nothing about caches or frames in flight.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from model_worker.model.loading import Loaded
from protocol.refusal import Refused
from protocol.steering import Held, LatentTarget, RandomTarget, Steered, Steering, Sweep, Target
from protocol.vocabulary import Mode, Role, Scope, Unit
from protocol.worker.frames import Arm, EntityTokens, SteeringUsed, Token


@dataclass(frozen=True)
class TargetReader:
    """a = x . read + bias where that exceeds `threshold`, else 0. `read` (d_model,) fp32."""

    read: Tensor
    bias: float
    threshold: float


@dataclass(frozen=True)
class Aim:
    """A target of the model: `direction` (d_model,) fp32 as stored, and how its `a` is read."""

    layer: int
    direction: Tensor
    reading: TargetReader


@dataclass(frozen=True)
class Delta:
    """What is added after block `layer` at prompt `positions`, and at generated tokens if `generated`."""

    layer: int
    positions: tuple[int, ...]
    generated: bool
    reading: TargetReader
    constant: float
    slope: float
    write: Tensor


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
        constant, slope = {
            "add": (self.alpha(strength), 0.0),
            "clamp": (strength, -1.0),
            "scale": (0.0, strength - 1.0),
            "ablate": (0.0, -strength),
            "project_out": (0.0, -strength),
            "swap": (0.0, strength),
        }[self.mode]
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


def resolve(loaded: Loaded, steering: Steering, entity: EntityTokens, tokens: Sequence[Token]) -> Intervention:
    """Raises Refused for an unknown target, a unit that this model has no r for, or positions outside the prompt."""
    read = read_of(steering.target)
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
    chosen = positions(steering.scope, steering.positions, entity, tokens)
    if not chosen and not steering.generated:
        raise Refused(
            422,
            "nothing_to_steer",
            "Steering of tokens that are all BOS asked.",
            "BOS is never steered.",
            "Choose another scope or other positions.",
        )
    unit_direction = direction / direction.norm()
    reads = steering.mode not in ("add", "swap")
    write = unit_direction if reads and read.kind == "vector" else direction
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


def arms_of(sweeps: Sequence[Sweep], pushes: Sequence[Intervention], hold: Sequence[Held]) -> tuple[Arm, ...]:
    """The baseline, what is held by itself if anything is, then every strength of every sweep as asked."""
    arms = [Arm(sweep=None, strength=0.0, alpha=0.0)]
    if hold:
        arms.append(Arm(sweep=None, strength=0.0, alpha=0.0, held=True))
    for index, (sweep, push) in enumerate(zip(sweeps, pushes, strict=True)):
        for strength in sweep.strengths:
            arms.append(Arm(sweep=index, strength=strength, alpha=push.alpha(strength), held=bool(hold)))
    return tuple(arms)


class Site:
    """The deltas of all rows of one pass after one block: all readings come before any delta, and deltas add up."""

    def __init__(self, deltas: Sequence[tuple[int, Delta]], steered: Tensor) -> None:
        """deltas: with the batch row of each. steered (len(deltas), pos): 1 where it holds, else 0; pos in the pass."""

        def column(values: list[float]) -> Tensor:
            return torch.tensor(values, device=steered.device).unsqueeze(-1)

        self._rows = torch.tensor([row for row, _ in deltas], device=steered.device)
        self._read = torch.stack([delta.reading.read for _, delta in deltas])
        self._write = torch.stack([delta.write for _, delta in deltas])
        self._bias = column([delta.reading.bias for _, delta in deltas])
        self._threshold = column([delta.reading.threshold for _, delta in deltas])
        self._constant = column([delta.constant for _, delta in deltas])
        self._slope = column([delta.slope for _, delta in deltas])
        self._steered = steered

    def __call__(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """x (batch, pos, d_model) after the deltas, and each delta's `a` before and after, (len(deltas), pos)."""
        own = x[self._rows].float()
        before = self._a(own)
        size = (self._constant + self._slope * before) * self._steered
        added = torch.zeros(x.shape, device=x.device)
        added.index_add_(0, self._rows, size.unsqueeze(-1) * self._write.unsqueeze(1))
        x = (x.float() + added).to(x.dtype)
        return x, before, self._a(x[self._rows].float())

    def _a(self, x: Tensor) -> Tensor:
        pre = torch.einsum("npd,nd->np", x, self._read) + self._bias
        return torch.where(pre > self._threshold, pre, torch.zeros_like(pre))


def prompt_sites(rows: Sequence[Sequence[Delta]], first: int, n_prompt: int, device: torch.device) -> dict[int, Site]:
    """By layer, for a pass over prompt positions `first` to n_prompt of these rows."""
    by_layer: dict[int, list[tuple[int, Delta]]] = {}
    for row, deltas in enumerate(rows):
        for delta in deltas:
            if delta.positions:
                by_layer.setdefault(delta.layer, []).append((row, delta))
    sites = {}
    for layer, found in by_layer.items():
        steered = torch.zeros(len(found), n_prompt)
        for place, (_, delta) in enumerate(found):
            steered[place, list(delta.positions)] = 1.0
        sites[layer] = Site(found, steered[:, first:].to(device))
    return sites


def decode_sites(rows: Sequence[Sequence[Delta]], device: torch.device) -> dict[int, Site]:
    """By layer, for a pass over one generated token of these rows, which all deltas are for."""
    by_layer: dict[int, list[tuple[int, Delta]]] = {}
    for row, deltas in enumerate(rows):
        for delta in deltas:
            by_layer.setdefault(delta.layer, []).append((row, delta))
    return {layer: Site(found, torch.ones(len(found), 1, device=device)) for layer, found in by_layer.items()}


def random_controls(delta: Delta, n: int, seed: int) -> list[Delta]:
    """The same push along n random directions of the norm that it writes with."""
    return [replace(delta, write=direction) for direction in random_directions(delta.write, n, seed)]


def random_directions(write: Tensor, n: int, seed: int) -> Tensor:
    """(n, d_model), uniform on the sphere that `write` (d_model,) is on. Drawn on the CPU, so equal on every device.
    Each is the same however many are drawn: torch draws by blocks of 16, and every Gemma's d_model is made of those."""
    drawn = torch.randn(n, write.shape[0], generator=torch.Generator().manual_seed(seed))
    return (drawn / drawn.norm(dim=-1, keepdim=True)).to(write.device) * write.norm()


def read_of(target: Steered) -> Target:
    """Whose `a`, site and norm hold: the target's own, or of what a random one is like."""
    return target.like if isinstance(target, RandomTarget) else target


def target_of(loaded: Loaded, target: Target) -> Aim:
    """Raises Refused (422) if the model has no such latent or direction."""
    if isinstance(target, LatentTarget):
        require_latent(loaded, target)
        dictionary, latent = loaded.dictionaries[target.dictionary], target.latent
        bias, threshold = dictionary.b_enc[latent].item(), dictionary.threshold[latent].item()
        reading = TargetReader(dictionary.W_enc[:, latent], bias, threshold)
        return Aim(loaded.layer_of[target.dictionary], dictionary.W_dec[latent], reading)
    if target.name not in loaded.vectors:
        raise Refused(
            422,
            "unknown_vector",
            f"The direction {target.name} asked.",
            f"This model has: {', '.join(loaded.vectors) or 'none'}.",
            "Choose one of them.",
        )
    vector = loaded.vectors[target.name]
    offset = next(card.offset for card in loaded.card.vectors if card.name == target.name)
    return Aim(loaded.layer_of[target.name], vector, TargetReader(vector / vector.norm(), -offset, -torch.inf))


def require_dictionary(loaded: Loaded, name: str) -> None:
    """Raises Refused (422) if the model has no such dictionary."""
    if name not in loaded.dictionaries:
        raise Refused(
            422,
            "unknown_dictionary",
            f"The dictionary {name} asked.",
            f"This model has: {', '.join(loaded.dictionaries)}.",
            "Choose one of them.",
        )


def require_latent(loaded: Loaded, target: LatentTarget) -> None:
    """Raises Refused (422) if the dictionary or the latent doesn't exist."""
    require_dictionary(loaded, target.dictionary)
    d_sae = loaded.dictionaries[target.dictionary].d_sae
    if target.latent >= d_sae:
        raise Refused(
            422,
            "unknown_latent",
            f"Latent {target.latent} of {target.dictionary} asked.",
            f"It has latents 0 to {d_sae - 1}.",
            "Choose one of them.",
        )
