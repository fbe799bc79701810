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
_MLP_IN = re.compile(r"blocks\.(\d+)\.(ln2\.hook_normalized|hook_mlp_in)")
_BEHIND_GAIN = re.compile(r"model\.layers\.(\d+)\.pre_feedforward_layernorm\.output")


def require_as_carded(config: Mapping[str, Any], card: DictionaryCard, d_model: int) -> None:
    """Of an SAE. Raises Refused (422) where the two differ, or where the engine can't compute what the config
    describes."""
    told = told_by(config)
    _require_none(card, "dictionary", (*_residual_site(told, card), *_differences(told, card, d_model, _PLAIN)))


def require_transcoder_as_carded(config: Mapping[str, Any], card: DictionaryCard, d_model: int) -> None:
    """Of a transcoder, as require_as_carded."""
    told = told_by(config)
    _require_none(
        card, "transcoder", (*_mlp_site(told, card, d_model), *_differences(told, card, d_model, _TRANSCODERS))
    )


def told_by(config: Mapping[str, Any]) -> dict[str, Any]:
    """With what stands under `metadata`."""
    return {**config, **(config.get("metadata") or {})}


def reads_behind_gain(told: Mapping[str, Any]) -> bool:
    """Of a transcoder: it reads what the norm before the MLP puts out, its gain included. Else the residual stream
    divided by its root mean square alone."""
    return str(told.get("hook_name")).endswith("hook_mlp_in")


def _require_none(card: DictionaryCard, what: str, differences: tuple[str, ...]) -> None:
    if differences:
        raise Refused(
            422,
            "dictionary_mismatch",
            f"The {what} {card.id} asked.",
            " ".join(f"{one}." for one in differences),
            f"Correct the card, or name a {what} that was trained there.",
        )


def layer_of_site(hook_name: str) -> int | None:
    """The block whose output is read there; None where no block's is. What goes into block n comes out of n - 1."""
    match = _RESIDUAL.fullmatch(hook_name)
    layer = int(match[1]) - (match[2] == "pre") if match else -1
    return None if layer < 0 else layer


def _residual_site(told: Mapping[str, Any], card: DictionaryCard) -> Iterator[str]:
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


def _mlp_site(told: Mapping[str, Any], card: DictionaryCard, d_model: int) -> Iterator[str]:
    site, to = told.get("hook_name"), told.get("hook_name_out")
    match = _MLP_IN.fullmatch(str(site))
    behind = _BEHIND_GAIN.fullmatch(str(told.get("hf_hook_name")))
    if to is None and told.get("d_out") is None:
        yield f"Its card says a transcoder, its own config an SAE, at {site or 'no site'}"
    elif match is None:
        yield f"Its card says what the MLP of layer {card.layer} reads, its own config the site {site}"
    elif int(match[1]) != card.layer:
        yield f"Its card says layer {card.layer}, its own config layer {match[1]} ({site})"
    elif (block := told.get("hook_layer")) not in (None, card.layer):
        yield f"Its own config says hook_name {site} and hook_layer {block}"
    elif to == f"blocks.{card.layer}.hook_mlp_out" and (block := told.get("hook_layer_out")) not in (None, card.layer):
        yield f"Its own config says hook_name_out {to} and hook_layer_out {block}"
    elif to != f"blocks.{card.layer}.hook_mlp_out":
        yield f"Its card says what the MLP of layer {card.layer} adds, its own config {to or 'no site (hook_name_out)'}"
    elif reads_behind_gain(told) and (behind is None or int(behind[1]) != card.layer):
        yield (
            f"{site} is read behind its norm here (model.layers.{card.layer}.pre_feedforward_layernorm.output); its "
            f"own config says hf_hook_name {told.get('hf_hook_name')}"
        )
    if told.get("d_out", d_model) != d_model:
        yield f"The model's residual stream is {d_model} wide, its own config says d_out {told.get('d_out')}"


def _differences(
    told: Mapping[str, Any], card: DictionaryCard, d_model: int, allowed: Mapping[str, tuple[object, ...]]
) -> Iterator[str]:
    if told.get("d_sae") != card.d_sae:
        yield f"Its card says {card.d_sae} latents, its own config d_sae {told.get('d_sae')}"
    if told.get("d_in") != d_model:
        yield f"The model's residual stream is {d_model} wide, its own config says d_in {told.get('d_in')}"
    if told.get("hook_head_index") is not None:
        yield f"Its card says the whole residual stream, its own config one head, {told['hook_head_index']}"
    for key, values in allowed.items():
        if (value := told.get(key)) not in values:
            yield f"Plain JumpReLU dictionaries are read here, {key} {values[0]}; its own config says {value}"


_PLAIN: dict[str, tuple[object, ...]] = {
    "architecture": ("jumprelu",),
    "apply_b_dec_to_input": (False,),
    "normalize_activations": ("none", None),
    "reshape_activations": ("none", None),
    "finetuning_scaling_factor": (False, None),
}
"""By key of a config: what the engine computes; None: the config doesn't say it."""
_TRANSCODERS = _PLAIN | {
    "architecture": ("jumprelu_transcoder", "jumprelu_skip_transcoder", "transcoder", "skip_transcoder")
}
