"""A card's weights as a model that runs: the chat model's and its base's, by one function.

Knows nothing about tokenizers, dictionaries or requests.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, PreTrainedModel

from model_worker.model.gemma import Gemma
from protocol.vocabulary import MAX_NEW_TOKENS
from protocol.worker.models import ModelCard


@dataclass(frozen=True)
class Weights:
    model: PreTrainedModel  # transformers' own: the reference that `gemma` equals, and whose weights it shares
    gemma: Gemma
    sha256: str  # of the files; of a published model, its commit


def load_weights(source: str, card: ModelCard, folder: Path, device: str) -> Weights:
    """source: `weights` or `base` of the card. Raises what transformers or the file system raise."""
    # Gemma 2 needs eager attention: the fused kernels drop its logit soft-capping.
    model = AutoModelForCausalLM.from_pretrained(
        name_of(source, folder), dtype=getattr(torch, card.dtype), attn_implementation="eager"
    )
    model.to(device).eval().requires_grad_(False)
    local = folder / source
    digest = weights_sha256(local) if local.is_dir() else str(getattr(model.config, "_commit_hash", "unknown"))
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
