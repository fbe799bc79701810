"""A card's weights as a model that runs: the chat model's and its base's, read by one function. Where the chat model is
its base and a delta, both share every tensor that the delta leaves alone.

Of a checkpoint that sees as well as reads (Gemma 3 from 4B on, Gemma3ForConditionalGeneration) the text model alone is
loaded: its config stands under `text_config`, and its weights have had two layouts. Knows nothing about tokenizers,
dictionaries or requests.
"""

from dataclasses import dataclass
from pathlib import Path

import torch
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedModel

from model_worker.model.delta import LowRankDelta
from model_worker.model.gemma import Gemma
from model_worker.model.registry import RegistryRow
from model_worker.store.place import kept_sha256, whole_sha256
from protocol.vocabulary import MAX_NEW_TOKENS
from protocol.worker.models import ModelCard

TEXT_ALONE = {
    r"^language_model\.(model|lm_head)\.": r"\1.",  # as it is published, and as transformers writes it
    r"^model\.language_model\.": "model.",  # as transformers has it in memory since 4.52
}
"""From the names of weights in a checkpoint that sees to those of the text model."""


@dataclass(frozen=True)
class Untuned:
    """Weights as they were fetched, not yet ready to run."""

    model: PreTrainedModel  # transformers' own
    sha256: str  # of the files; of a published model, its commit


@dataclass(frozen=True)
class Weights:
    model: PreTrainedModel  # transformers' own: the reference that `gemma` equals, and whose weights it shares
    gemma: Gemma
    sha256: str
    base: Untuned | None = None  # where it is read with it: shares with `model` what the delta leaves alone


def load_weights(row: RegistryRow, device: str) -> Weights:
    """The chat model. Raises Refused or ValueError where weights are missing, and what transformers or the file system
    raise."""
    card = row.card
    found = _read(row, card.weights, device)
    if card.delta is None:
        itself = found if card.base == card.weights else None
        return Weights(found.model, runnable(found.model, card), found.sha256, itself)
    if card.base not in (None, card.weights):
        raise ValueError(f"{card.id}: a delta is added to its base {card.base}, not to {card.weights}")
    delta = LowRankDelta(row.folder / card.delta)
    model = delta.added_to(found.model)
    return Weights(model, runnable(model, card), delta.sha256_with(found.sha256), found)


def load_base(row: RegistryRow, device: str) -> Untuned:
    """What a card calls its base, read by itself. Raises as `load_weights`."""
    if row.card.base is None:
        raise ValueError(f"{row.card.id} names no base")
    return _read(row, row.card.base, device)


def runnable(model: PreTrainedModel, card: ModelCard) -> Gemma:
    return Gemma(model, card.max_prompt_tokens + MAX_NEW_TOKENS)


def _read(row: RegistryRow, source: str, device: str) -> Untuned:
    place = row.place_of(source)
    config = AutoConfig.from_pretrained(place)
    # Gemma 2 needs eager attention: the fused kernels drop its logit soft-capping.
    model, info = AutoModelForCausalLM.from_pretrained(
        place,
        config=config.get_text_config(),
        key_mapping=TEXT_ALONE,
        dtype=getattr(torch, row.card.dtype),
        attn_implementation="eager",
        output_loading_info=True,
    )
    if info["missing_keys"]:  # transformers draws them at random, and goes on
        raise ValueError(
            f"{row.card.id}: {len(info['missing_keys'])} weights are missing in {source}, the first is "
            f"{min(info['missing_keys'])}"
        )
    model.to(device).eval().requires_grad_(False)
    if isinstance(place, Path):
        return Untuned(model, kept_sha256(place) or whole_sha256(place))
    return Untuned(model, str(getattr(config, "_commit_hash", "unknown")))
