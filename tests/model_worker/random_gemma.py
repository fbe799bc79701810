"""A folder with a card, a Gemma with random weights, a byte-level tokenizer, two random SAEs and a random vector.

It stands for a model we can't have here: same classes, same code path, nothing trained.
Several tests need shapes that the embedded model doesn't have (a sliding window of 8, Gemma 3).
"""

import json
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, decoders, models, normalizers
from transformers import (
    Gemma2Config,
    Gemma2ForCausalLM,
    Gemma3Config,
    Gemma3ForCausalLM,
    Gemma3ForConditionalGeneration,
    Gemma3TextConfig,
    PreTrainedTokenizerFast,
)

from protocol.steering import LatentTarget
from protocol.worker.models import DictionaryCard, DirectionCard, ModelCard, VectorCard, Watched

CHAT_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}"
    "{{ '<start_of_turn>' + (message['role'] if message['role'] == 'user' else 'model') + '\n'"
    " + (message['content'] | trim) + '<end_of_turn>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{'<start_of_turn>model\n'}}{% endif %}"
)
SPECIALS = ["<pad>", "<eos>", "<bos>", "<unk>", "<start_of_turn>", "<end_of_turn>"]


@dataclass(frozen=True)
class Shape:
    """Sizes of the model and of its SAEs, and the layers that those, and transcoders, are on. behind_gain: transcoders
    read as Gemma Scope 2's, with a skip; else as Gemma Scope's."""

    d_model: int = 64
    n_layers: int = 4
    d_ff: int = 128
    head_dim: int = 16
    sliding_window: int = 8
    d_sae: int = 96
    with_sae: tuple[int, ...] = (1, 2)
    with_transcoder: tuple[int, ...] = ()
    behind_gain: bool = False


def tokenizer() -> PreTrainedTokenizerFast:
    """One token a letter, byte fallback for the rest."""
    letters = [chr(c) for c in range(33, 127)]
    pieces = SPECIALS + [f"<0x{byte:02X}>" for byte in range(256)] + letters + ["▁", "\n"]
    bpe = models.BPE(vocab={p: i for i, p in enumerate(pieces)}, merges=[], byte_fallback=True, unk_token="<unk>")
    raw = Tokenizer(bpe)
    raw.normalizer = normalizers.Replace(" ", "▁")
    raw.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    fast = PreTrainedTokenizerFast(
        tokenizer_object=raw,
        bos_token="<bos>",
        eos_token="<eos>",
        pad_token="<pad>",
        unk_token="<unk>",
        additional_special_tokens=["<start_of_turn>", "<end_of_turn>"],
    )
    fast.chat_template = CHAT_TEMPLATE
    return fast


def write(folder: Path, *, family: str = "gemma2", seed: int = 0, shape: Shape = Shape()) -> Path:
    """Write everything into `folder` and return it."""
    torch.manual_seed(seed)
    fast = tokenizer()
    sizes = dict(
        vocab_size=len(fast),
        hidden_size=shape.d_model,
        intermediate_size=shape.d_ff,
        num_hidden_layers=shape.n_layers,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=shape.head_dim,
        sliding_window=shape.sliding_window,
        initializer_range=0.2,
        max_position_embeddings=512,
        pad_token_id=0,
        eos_token_id=1,
        bos_token_id=2,
        tie_word_embeddings=False,  # tied random weights say one token for ever
        layer_types=["sliding_attention", "full_attention"] * (shape.n_layers // 2),
    )
    if family == "gemma2":
        model = Gemma2ForCausalLM(Gemma2Config(**sizes, query_pre_attn_scalar=shape.head_dim))
    elif family == "gemma3":
        model = Gemma3ForCausalLM(Gemma3TextConfig(**sizes, query_pre_attn_scalar=shape.head_dim))
    else:
        model = _that_sees(sizes | {"query_pre_attn_scalar": shape.head_dim})
    model.save_pretrained(folder / "weights")
    fast.save_pretrained(folder / "weights")
    for layer in shape.with_sae:
        write_sae(folder / "dictionaries" / f"layer_{layer}", layer, shape, seed + layer)
    for layer in shape.with_transcoder:
        write_transcoder(folder / "transcoders" / f"layer_{layer}", layer, shape, seed + layer)
    vector = torch.randn(shape.d_model, generator=torch.Generator().manual_seed(seed + 9))
    save_file({"mean": vector}, folder / "directions.safetensors")
    targets = [LatentTarget(dictionary=f"layer_{layer}", latent=3 * layer) for layer in shape.with_sae]
    card = ModelCard(
        id=f"random-{family}",
        title="Random weights",
        note="Nothing was trained.",
        licence="none",
        weights="weights",
        dtype="float32",
        n_layers=shape.n_layers,
        d_model=shape.d_model,
        max_prompt_tokens=256,
        dictionaries=tuple(
            DictionaryCard(
                id=f"layer_{layer}",
                layer=layer,
                source=f"dictionaries/layer_{layer}",
                d_sae=shape.d_sae,
                trained_on="nothing",
            )
            for layer in shape.with_sae
        ),
        transcoders=tuple(
            DictionaryCard(
                id=f"transcoder_{layer}",
                layer=layer,
                source=f"transcoders/layer_{layer}",
                d_sae=shape.d_sae,
                trained_on="nothing",
            )
            for layer in shape.with_transcoder
        ),
        vectors=(VectorCard(name="mean", layer=1, made_by="chance", offset=0.7),),
        directions=(
            DirectionCard(
                role="known",
                label="Known",
                target=targets[0],
                scope="entity_to_end",
                strengths=(-1.0, 1.0, 2.0),
                evidence="none: random weights",
            ),
        ),
        watch=tuple(Watched(target=target, role="other", label="latent") for target in targets),
        residual_norm=tuple(8.0 + layer for layer in range(shape.n_layers)),
        refusal_openings=("I",),
        examples=(),
    )
    (folder / "model.json").write_text(card.model_dump_json(indent=1))
    return folder


def _that_sees(sizes: dict) -> Gemma3ForConditionalGeneration:
    """As Gemma 3 from 4B on: vision beside the text model, whose rope is stretched in full attention."""
    ropes = {
        "full_attention": {"rope_type": "linear", "factor": 8.0, "rope_theta": 1e6},
        "sliding_attention": {"rope_type": "default", "rope_theta": 1e4},
    }
    seen = dict(hidden_size=16, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2)
    config = Gemma3Config(
        text_config=sizes | {"rope_parameters": ropes},
        vision_config=seen | {"image_size": 28, "patch_size": 14},
        mm_tokens_per_image=4,
        tie_word_embeddings=sizes["tie_word_embeddings"],
    )
    return Gemma3ForConditionalGeneration(config)


def write_transcoder(folder: Path, layer: int, shape: Shape, seed: int) -> None:
    folder.mkdir(parents=True)
    drawn = torch.Generator().manual_seed(100 + seed)
    weights = {
        "W_enc": torch.randn(shape.d_model, shape.d_sae, generator=drawn) / shape.d_model**0.5,
        "b_enc": torch.randn(shape.d_sae, generator=drawn) * 0.1,
        "W_dec": torch.randn(shape.d_sae, shape.d_model, generator=drawn) * 0.2,
        "b_dec": torch.randn(shape.d_model, generator=drawn) * 0.1,
        "threshold": torch.full((shape.d_sae,), 0.5),
    }
    site, behind = f"blocks.{layer}.ln2.hook_normalized", f"model.layers.{layer}.pre_feedforward_layernorm.output"
    config = {
        "architecture": "jumprelu_skip_transcoder" if shape.behind_gain else "jumprelu_transcoder",
        "d_in": shape.d_model,
        "d_out": shape.d_model,
        "d_sae": shape.d_sae,
        "dtype": "float32",
        "device": "cpu",
        "apply_b_dec_to_input": False,
        "normalize_activations": "none",
        "reshape_activations": "none",
        "metadata": {
            "hook_name": f"blocks.{layer}.hook_mlp_in" if shape.behind_gain else site,
            "hook_name_out": f"blocks.{layer}.hook_mlp_out",
            "hf_hook_name": behind if shape.behind_gain else behind.removesuffix(".output"),
        },
    }
    if shape.behind_gain:
        weights["W_skip"] = torch.randn(shape.d_model, shape.d_model, generator=drawn) / shape.d_model
    save_file(weights, folder / "sae_weights.safetensors")
    (folder / "cfg.json").write_text(json.dumps(config))


def write_sae(folder: Path, layer: int, shape: Shape, seed: int) -> None:
    folder.mkdir(parents=True)
    drawn = torch.Generator().manual_seed(seed)
    decoder = torch.randn(shape.d_sae, shape.d_model, generator=drawn)
    weights = {
        "W_dec": decoder,  # rows of any norm: published SAEs aren't folded either
        "W_enc": (decoder / decoder.norm(dim=-1, keepdim=True)).T.contiguous(),
        "b_enc": torch.zeros(shape.d_sae),
        "b_dec": torch.randn(shape.d_model, generator=drawn) * 0.1,
        "threshold": torch.full((shape.d_sae,), 0.5),
    }
    save_file(weights, folder / "sae_weights.safetensors")
    config = {
        "architecture": "jumprelu",
        "d_in": shape.d_model,
        "d_sae": shape.d_sae,
        "dtype": "float32",
        "device": "cpu",
        "apply_b_dec_to_input": False,
        "normalize_activations": "none",
        "reshape_activations": "none",
        "metadata": {"sae_lens_version": "6.0.0", "hook_name": f"blocks.{layer}.hook_resid_post"},
    }
    (folder / "cfg.json").write_text(json.dumps(config))
