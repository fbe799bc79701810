"""Which dictionaries read a circuit, a layer each: of residuals, or transcoders. Knows nothing about prompts."""

from collections.abc import Mapping

import torch

from model_worker.model.dictionaries.transcoder import no_transcoder
from model_worker.model.loading import Loaded
from model_worker.model.sae import Dictionary
from model_worker.steering.targets import require_dictionary
from protocol.circuit import Basis
from protocol.refusal import Refused
from protocol.worker.circuits import CircuitRequest


def named_dictionaries(loaded: Loaded, request: CircuitRequest) -> dict[int, str]:
    """By layer: those that are named, or those trained on the base model where there are, else the others.

    The paper's way: what is found on the base model steers the chat model. A chat model's own dictionaries miss less of
    its residual, but in the embedded one none of their latents is recognition (docs/LOG.md, Circuits)."""
    if request.basis == "neurons":
        return {}
    transcodes = request.basis == "transcoder"
    cards = loaded.card.transcoders if transcodes else loaded.card.dictionaries
    if not cards:
        raise _none_of(loaded, transcodes)
    if request.dictionaries:
        found: dict[int, str] = {}
        for name in request.dictionaries:
            if transcodes:
                _require_transcoder(loaded, name)
            else:
                require_dictionary(loaded, name)
            layer = loaded.layer_of[name]
            if layer in found:
                raise Refused(
                    422,
                    "two_dictionaries",
                    f"{found[layer]} and {name} asked, both of layer {layer}.",
                    "A layer has one dictionary at most.",
                    "Leave one of them out.",
                )
            found[layer] = name
        return dict(sorted(found.items()))
    by_layer: dict[int, str] = {}
    for of_base in (False, True):
        for card in cards:
            if card.trained_on.endswith("base") == of_base:
                by_layer[card.layer] = card.id
    return dict(sorted(by_layer.items()))


def held_dictionaries(loaded: Loaded, basis: Basis, named: Mapping[int, str]) -> dict[int, Dictionary]:
    """Of transcoders one for every layer: all that an MLP without one adds is error."""
    if basis != "transcoder":
        return {layer: loaded.dictionaries[name] for layer, name in named.items()}
    d_model, n_layers = loaded.card.d_model, loaded.card.n_layers
    none = no_transcoder(d_model, torch.device(loaded.device))
    return {layer: loaded.transcoders[named[layer]] if layer in named else none for layer in range(n_layers)}


def _require_transcoder(loaded: Loaded, name: str) -> None:
    if name not in loaded.transcoders:
        raise Refused(
            422,
            "unknown_dictionary",
            f"The transcoder {name} asked.",
            f"This model has: {', '.join(loaded.transcoders)}.",
            "Choose one of them, or name none.",
        )


def _none_of(loaded: Loaded, transcodes: bool) -> Refused:
    if not transcodes:
        return Refused(
            422,
            "no_dictionaries",
            f"A circuit of {loaded.card.id} by latents asked.",
            "Its card names no dictionary.",
            "Use the basis neurons, which needs none.",
        )
    others = (
        "latents, or neurons, which need no transcoder" if loaded.card.dictionaries else "neurons, which needs none"
    )
    return Refused(
        422,
        "no_transcoders",
        f"A circuit of {loaded.card.id} by transcoders asked.",
        "Its card names no transcoder.",
        f"Use the basis {others}.",
    )
