"""What a dictionary's own config says of it, held against its card: where it reads, how wide, of which kind.

A dictionary at another layer gives numbers that look like any other's. So whatever the config says otherwise is refused
with both values, and a site that it doesn't name too. Configs are sae-lens': what is known about the site stands under
`metadata`, before version 6 at the top. Knows nothing about weights.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from protocol.refusal import Refused
from protocol.worker.models import DictionaryCard

_RESIDUAL = re.compile(r"blocks\.(\d+)\.hook_resid_(pre|post)")


def require_as_carded(config: Mapping[str, Any], card: DictionaryCard, d_model: int) -> None:
    """Raises Refused (422) where the two differ, or where the engine can't compute what the config describes."""
    found = tuple(_differences(config, card, d_model))
    if found:
        raise Refused(
            422,
            "dictionary_mismatch",
            f"The dictionary {card.id} asked.",
            " ".join(f"{one}." for one in found),
            "Correct the card, or name a dictionary that was trained there.",
        )


def layer_of_site(hook_name: str) -> int | None:
    """The block whose output is read there; None where no block's is. What goes into block n comes out of n - 1."""
    match = _RESIDUAL.fullmatch(hook_name)
    layer = int(match[1]) - (match[2] == "pre") if match else -1
    return None if layer < 0 else layer


def _differences(config: Mapping[str, Any], card: DictionaryCard, d_model: int) -> Iterator[str]:
    told = {**config, **(config.get("metadata") or {})}
    site, block = told.get("hook_name"), told.get("hook_layer")
    if site is None:
        yield f"Its card says layer {card.layer}, its own config names no site (hook_name)"
    elif (layer := layer_of_site(site)) is None:
        yield f"Its card says the output of layer {card.layer}, its own config the site {site}"
    elif layer != card.layer:
        yield f"Its card says layer {card.layer}, its own config layer {layer} ({site})"
    elif block is not None and not site.startswith(f"blocks.{block}."):
        yield f"Its own config says hook_name {site} and hook_layer {block}"
    if told.get("hook_name_out") is not None or told.get("d_out") is not None:
        yield f"Its card says an SAE, its own config a transcoder, to {told.get('hook_name_out') or 'another site'}"
    if told.get("d_sae") != card.d_sae:
        yield f"Its card says {card.d_sae} latents, its own config d_sae {told.get('d_sae')}"
    if told.get("d_in") != d_model:
        yield f"The model's residual stream is {d_model} wide, its own config says d_in {told.get('d_in')}"
    if told.get("hook_head_index") is not None:
        yield f"Its card says the whole residual stream, its own config one head, {told['hook_head_index']}"
    for key, allowed in _PLAIN.items():
        if (value := told.get(key)) not in allowed:
            yield f"Plain JumpReLU dictionaries are read here, {key} {allowed[0]}; its own config says {value}"


_PLAIN: dict[str, tuple[object, ...]] = {
    "architecture": ("jumprelu",),
    "apply_b_dec_to_input": (False,),
    "normalize_activations": ("none", None),
    "reshape_activations": ("none", None),
    "finetuning_scaling_factor": (False, None),
}
"""By key of a config: what the engine computes; None: the config doesn't say it."""
