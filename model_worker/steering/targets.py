"""What a request points at, in the model: a latent or a named direction, at which site, and how its `a` is read.

Knows nothing about modes, strengths or positions.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from model_worker.model.loading import Loaded
from model_worker.steering.formula import TargetReader
from protocol.refusal import Refused
from protocol.steering import LatentTarget, NeuronSetTarget, NeuronTarget, PlainTarget, RandomTarget, Steered


@dataclass(frozen=True)
class Aim:
    """A target of the model: `direction` (d_model,) fp32 as stored, and how its `a` is read."""

    layer: int
    direction: Tensor
    reading: TargetReader


def read_of(target: Steered) -> PlainTarget:
    """Whose `a`, site and norm hold: the target's own, or of what a random one is like."""
    return target.like if isinstance(target, RandomTarget) else target


def target_of(loaded: Loaded, target: PlainTarget) -> Aim:
    """Raises Refused (422) if the model has no such latent or direction, and for neurons, which have none."""
    if isinstance(target, NeuronTarget | NeuronSetTarget):
        raise Refused(
            422,
            "no_direction",
            f"The direction of {target.words} asked.",
            "Neurons are scaled, not pushed along a direction.",
            "Choose a latent or a named direction; of neurons' controls, the random ones.",
        )
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
