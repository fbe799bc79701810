"""Our forward pass is transformers' own, on every model we can have."""

from pathlib import Path

import pytest
import torch
from transformers import (
    Gemma2Config,
    Gemma2ForCausalLM,
    Gemma3ForCausalLM,
    Gemma3TextConfig,
    LlamaConfig,
    LlamaForCausalLM,
)

from model_worker.decoding.states import read
from model_worker.model.checkpoint import Checkpoint, read_checkpoint
from model_worker.model.gemma import Gemma
from model_worker.model.loading import Loaded
from tests.model_worker.driving import TOLERANCE


def check(model: torch.nn.Module, gemma: Gemma, ids: list[int], tolerance: float) -> None:
    with torch.no_grad():
        before = model(torch.tensor([ids]), output_hidden_states=True)
    state = read(gemma, tuple(ids))
    scale = max(1.0, before.logits.float().abs().max().item())
    assert (state.logits - before.logits[0, -1].float()).abs().max() <= tolerance * scale
    for layer, hidden in enumerate(before.hidden_states[1:-1]):  # the last one of transformers is normed
        size = hidden.float().abs().max().item()
        assert (state.residuals[layer].float() - hidden[0].float()).abs().max() <= 10 * tolerance * size


def test_logits_and_residuals_past_the_window_equal_transformers(random_model: Loaded) -> None:
    ids = torch.randint(10, 300, (50,), generator=torch.Generator().manual_seed(0)).tolist()
    check(random_model.model, random_model.gemma, [2, *ids], TOLERANCE)


@pytest.mark.core
def test_the_embedded_model_equals_transformers_past_its_window(embedded: Loaded) -> None:
    ids = torch.randint(10, 4000, (150,), generator=torch.Generator().manual_seed(0)).tolist()
    check(embedded.model, embedded.gemma, [2, *ids], TOLERANCE)


def checkpoint_of(model: torch.nn.Module) -> Checkpoint:
    return Checkpoint(model.config, {name: one.detach() for name, one in model.named_parameters()})


def real_shape(family: str, dtype: torch.dtype) -> torch.nn.Module:
    """gemma-2-2b's and gemma-3-1b's own sizes; two blocks and 2,000 tokens of them, random weights."""
    torch.manual_seed(0)
    common = dict(
        vocab_size=2_000, num_hidden_layers=2, head_dim=256, layer_types=["sliding_attention", "full_attention"]
    )
    if family == "gemma2":
        config = Gemma2Config(
            hidden_size=2304, intermediate_size=9216, num_attention_heads=8, num_key_value_heads=4,
            query_pre_attn_scalar=256, sliding_window=4096, **common,
        )  # fmt: skip
        return Gemma2ForCausalLM(config).to(dtype).eval()
    config = Gemma3TextConfig(
        hidden_size=1152, intermediate_size=6912, num_attention_heads=4, num_key_value_heads=1,
        query_pre_attn_scalar=256, sliding_window=512,
        rope_parameters={
            "sliding_attention": {"rope_type": "default", "rope_theta": 10_000.0},
            "full_attention": {"rope_type": "linear", "factor": 8.0, "rope_theta": 1_000_000.0},
        },
        **common,
    )  # fmt: skip
    return Gemma3ForCausalLM(config).to(dtype).eval()


@pytest.mark.parametrize(
    ("dtype", "tolerance"), [(torch.float32, TOLERANCE), (torch.bfloat16, 3e-2)], ids=["fp32", "bf16"]
)
@pytest.mark.parametrize("family", ["gemma2", "gemma3"])
def test_the_real_shapes_equal_transformers(family: str, dtype: torch.dtype, tolerance: float) -> None:
    """bf16 has 8 bits: about 2^-8 of the largest value is lost at each of some 20 roundings."""
    model = real_shape(family, dtype)
    model.config._attn_implementation = "eager"
    length = 530 if family == "gemma3" and dtype == torch.float32 else 40  # once past Gemma 3's window of 512
    ids = torch.randint(10, 2_000, (length,), generator=torch.Generator().manual_seed(0)).tolist()
    check(model, Gemma(checkpoint_of(model), length), ids, tolerance)


def test_weights_are_held_once_and_sharing_them_changes_nothing(random_card: Path) -> None:
    checkpoint = read_checkpoint(random_card / "weights", torch.float32, "cpu")
    ids = torch.arange(10, 40).unsqueeze(0)
    with torch.no_grad():
        before = checkpoint.in_transformers()(ids).logits
        gemma = Gemma(checkpoint, 30)
        model = checkpoint.in_transformers()
        assert torch.equal(model(ids).logits, before)
    attention = model.model.layers[0].self_attn
    fused = gemma.blocks[0].qkv.untyped_storage().data_ptr()
    theirs = {p.weight.untyped_storage().data_ptr() for p in (attention.q_proj, attention.k_proj, attention.v_proj)}
    assert theirs == {fused}


def test_another_family_is_refused_when_it_is_loaded() -> None:
    config = LlamaConfig(
        vocab_size=20, hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2
    )
    with pytest.raises(TypeError, match="llama"):
        Gemma(checkpoint_of(LlamaForCausalLM(config)), 8)
