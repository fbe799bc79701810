"""A card's weights as a model that runs: the chat model's and its base's, by one function.

Of a checkpoint that sees as well as reads (Gemma 3 from 4B on, Gemma3ForConditionalGeneration) the text model alone is
loaded: its config stands under `text_config`, and its weights have had two layouts. Knows nothing about tokenizers,
dictionaries or requests.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import torch
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedModel

from model_worker.model.gemma import Gemma
from protocol.vocabulary import MAX_NEW_TOKENS
from protocol.worker.models import ModelCard

TEXT_ALONE = {
    r"^language_model\.(model|lm_head)\.": r"\1.",  # as it is published, and as transformers writes it
    r"^model\.language_model\.": "model.",  # as transformers has it in memory since 4.52
}
"""From the names of weights in a checkpoint that sees to those of the text model."""


@dataclass(frozen=True)
class Weights:
    model: PreTrainedModel  # transformers' own: the reference that `gemma` equals, and whose weights it shares
    gemma: Gemma
    sha256: str  # of the files; of a published model, its commit


def load_weights(source: str, card: ModelCard, folder: Path, device: str) -> Weights:
    """source: `weights` or `base` of the card. Raises ValueError where weights are missing, and what transformers or
    the file system raise."""
    name = name_of(source, folder)
    config = AutoConfig.from_pretrained(name)
    # Gemma 2 needs eager attention: the fused kernels drop its logit soft-capping.
    model, info = AutoModelForCausalLM.from_pretrained(
        name,
        config=config.get_text_config(),
        key_mapping=TEXT_ALONE,
        dtype=getattr(torch, card.dtype),
        attn_implementation="eager",
        output_loading_info=True,
    )
    if info["missing_keys"]:  # transformers draws them at random, and goes on
        raise ValueError(
            f"{card.id}: {len(info['missing_keys'])} weights are missing in {source}, the first is "
            f"{min(info['missing_keys'])}"
        )
    model.to(device).eval().requires_grad_(False)
    local = folder / source
    digest = weights_sha256(local) if local.is_dir() else str(getattr(config, "_commit_hash", "unknown"))
    return Weights(model, Gemma(model, card.max_prompt_tokens + MAX_NEW_TOKENS), digest)


def name_of(source: str, folder: Path) -> str:
    """What transformers calls it: a folder beside the card, or a published model."""
    local = folder / source
    return str(local) if local.is_dir() else source


def weights_sha256(folder: Path) -> str:
    """One hash over the weight and tokenizer files, by name."""
    digest = hashlib.sha256()
    for file in sorted([*folder.glob("*.safetensors"), *folder.glob("tokenizer*.json"), folder / "config.json"]):
        digest.update(file.name.encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()
