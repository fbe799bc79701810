"""A text model as it lies on the disk: its config, and its tensors by the names that transformers has for them.

1. transformers reads the config, and fills in what an old one leaves out
2. safetensors are opened, one file or the shards that an index names, of a folder or of a repository of the hub
3. what the text model has of them is copied, in one dtype; of a checkpoint that sees as well as reads (Gemma 3 from 4B
   on, Gemma3ForConditionalGeneration) the rest stays where it is: its text config stands under `text_config`, and its
   weights have had two layouts

transformers' classes of models are not needed for that, and not imported: they bring in the compiler, distributed
tensors and every loss there is, two of the four seconds in which a worker starts. Knows nothing about what is computed
from the tensors, nor about cards.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from torch import Tensor
from transformers import AutoConfig, GenerationConfig
from transformers.utils import SAFE_WEIGHTS_INDEX_NAME, SAFE_WEIGHTS_NAME, cached_file

TEXT_ALONE = (
    (re.compile(r"^language_model\.(model|lm_head)\."), r"\1."),  # as it is published, and as transformers writes it
    (re.compile(r"^model\.language_model\."), "model."),  # as transformers has it in memory since 4.52
)
"""From the names of weights in a checkpoint that sees to those of the text model."""

EMBED_TOKENS, LM_HEAD = "model.embed_tokens.weight", "lm_head.weight"

NORMS = ("input_layernorm", "post_attention_layernorm", "pre_feedforward_layernorm", "post_feedforward_layernorm")
PROJECTIONS = ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj")
MLP = ("mlp.gate_proj", "mlp.up_proj", "mlp.down_proj")
QK_NORMS = ("self_attn.q_norm", "self_attn.k_norm")  # Gemma 3's


@dataclass(frozen=True)
class Checkpoint:
    """`tensors` may be replaced by views of larger ones that hold the same numbers (`gemma.py` does), nothing else."""

    config: Any  # transformers' own, of the text model
    tensors: dict[str, Tensor]
    eos_ids: frozenset[int] = frozenset()  # where answers end, as its generation config says, or its config
    commit: str | None = None  # of the hub's repository

    @property
    def head(self) -> Tensor:
        return self.tensors[EMBED_TOKENS if self.config.tie_word_embeddings else LM_HEAD]

    def in_transformers(self) -> Any:
        """transformers' own model over the same tensors: what ours is held against. Nothing that answers needs it."""
        from transformers import MODEL_FOR_CAUSAL_LM_MAPPING

        model = MODEL_FOR_CAUSAL_LM_MAPPING[type(self.config)].from_pretrained(
            None, config=self.config, state_dict=dict(self.tensors), dtype=self.head.dtype, attn_implementation="eager"
        )
        taken = model.load_state_dict(self.tensors, strict=False, assign=True)  # a tied head isn't there twice
        assert not taken.unexpected_keys and set(taken.missing_keys) <= {LM_HEAD}, "it would be another model"
        model.tie_weights()
        return model.eval().requires_grad_(False)


def read_checkpoint(place: Path | str, dtype: torch.dtype, device: str) -> Checkpoint:
    """place: a folder, or a repository of the hub. Raises ValueError where weights are missing, and what transformers,
    the hub or the file system raise."""
    whole = AutoConfig.from_pretrained(place)
    config, commit = whole.get_text_config(), getattr(whole, "_commit_hash", None)
    wanted = weight_names(config)
    tensors: dict[str, Tensor] = {}
    for file in _files(place, commit):
        with safe_open(file, "pt") as opened:
            for name in opened.keys():  # noqa: SIM118
                if (own := _of_text(name)) in wanted:
                    tensors[own] = opened.get_tensor(name).to(device, dtype, copy=True)
    if missing := wanted - tensors.keys():
        raise ValueError(f"{len(missing)} weights are missing in {Path(place).name}, the first is {min(missing)}")
    return Checkpoint(config, tensors, _eos_ids(place, config), commit)


def weight_names(config: Any) -> set[str]:
    """Of all tensors that a Gemma 2 or 3 text model has."""
    in_block = (*NORMS, *PROJECTIONS, *MLP, *(QK_NORMS if has_qk_norms(config) else ()))
    of_blocks = {f"model.layers.{n}.{name}.weight" for n in range(config.num_hidden_layers) for name in in_block}
    return of_blocks | {EMBED_TOKENS, "model.norm.weight"} | (set() if config.tie_word_embeddings else {LM_HEAD})


def has_qk_norms(config: Any) -> bool:
    return bool(config.model_type == "gemma3_text")


def _files(place: Path | str, commit: str | None) -> list[str]:
    """In the order in which transformers looks for them."""
    whole = cached_file(place, SAFE_WEIGHTS_NAME, revision=commit, _raise_exceptions_for_missing_entries=False)
    if whole is not None:
        return [whole]
    index = Path(cached_file(place, SAFE_WEIGHTS_INDEX_NAME, revision=commit))
    shards = set(json.loads(index.read_text("utf-8"))["weight_map"].values())
    return [cached_file(place, shard, revision=commit) for shard in sorted(shards)]


def _of_text(name: str) -> str:
    for pattern, written in TEXT_ALONE:
        name = pattern.sub(written, name)
    return name


def _eos_ids(place: Path | str, config: Any) -> frozenset[int]:
    try:
        said = GenerationConfig.from_pretrained(place).eos_token_id
    except OSError:  # it has none of its own
        said = config.eos_token_id
    return frozenset(said if isinstance(said, list) else [] if said is None else [said])
