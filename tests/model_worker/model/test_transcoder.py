"""A transcoder as sae-lens reads it, and refused where it isn't what its card says."""

import dataclasses
from pathlib import Path

import pytest
import torch

from model_worker.engine import Engine
from model_worker.model.dictionaries.config import require_transcoder_as_carded
from model_worker.model.dictionaries.transcoder import load_transcoder
from model_worker.model.loading import Loaded, load
from model_worker.model.registry import card_folders, read_row
from protocol.refusal import Refused
from protocol.worker.circuits import CircuitRequest
from protocol.worker.models import DictionaryCard
from tests.model_worker.random_gemma import Shape, write

CARD = DictionaryCard(id="two", layer=2, source="layer_2", d_sae=96, trained_on="nothing")
CONFIG = {
    "architecture": "jumprelu_transcoder",
    "d_in": 64,
    "d_out": 64,
    "d_sae": 96,
    "apply_b_dec_to_input": False,
    "normalize_activations": "none",
    "reshape_activations": "none",
    "metadata": {
        "hook_name": "blocks.2.ln2.hook_normalized",
        "hook_name_out": "blocks.2.hook_mlp_out",
        "hf_hook_name": "model.layers.2.pre_feedforward_layernorm",
    },
}


def at(site: str, out: str = "blocks.2.hook_mlp_out", hf: str | None = None) -> dict:
    return {"metadata": {"hook_name": site, "hook_name_out": out, "hf_hook_name": hf}}


@pytest.mark.core
@pytest.mark.parametrize(
    ("changed", "both"),
    [
        (at("blocks.3.ln2.hook_normalized"), "layer 2, its own config layer 3"),
        (at("blocks.2.hook_resid_mid"), "what the MLP of layer 2 reads, its own config the site blocks.2.hook_resid_m"),
        (at("blocks.2.ln2.hook_normalized", "blocks.2.hook_resid_post"), "adds, its own config blocks.2.hook_resid_p"),
        (
            at("blocks.2.hook_mlp_in"),
            "read behind its norm here (model.layers.2.pre_feedforward_layernorm.output); its",
        ),
        ({"d_out": None, "metadata": {"hook_name": "blocks.2.hook_resid_post"}}, "an SAE, at blocks.2.hook_resid_post"),
        ({"d_out": 32}, "64 wide, its own config says d_out 32"),
        ({"d_in": 32}, "64 wide, its own config says d_in 32"),
        ({"d_sae": 128}, "96 latents, its own config d_sae 128"),
        ({"architecture": "topk"}, "architecture jumprelu_transcoder; its own config says topk"),
        ({"hook_layer": 1}, "hook_name blocks.2.ln2.hook_normalized and hook_layer 1"),
        ({"hook_layer_out": 3}, "hook_name_out blocks.2.hook_mlp_out and hook_layer_out 3"),
        ({"hook_head_index": 3}, "its own config one head, 3"),
        ({"reshape_activations": "hook_z"}, "reshape_activations none; its own config says hook_z"),
        ({"finetuning_scaling_factor": True}, "finetuning_scaling_factor False; its own config says True"),
        ({"normalize_activations": "layer_norm"}, "its own config says layer_norm"),
    ],
)
def test_a_config_that_says_otherwise_than_its_card_is_refused_with_both_values(changed: dict, both: str) -> None:
    require_transcoder_as_carded(CONFIG, CARD, 64)
    behind = at("blocks.2.hook_mlp_in", hf="model.layers.2.pre_feedforward_layernorm.output")
    require_transcoder_as_carded(CONFIG | behind | {"architecture": "skip_transcoder"}, CARD, 64)
    with pytest.raises(Refused) as refused:
        require_transcoder_as_carded(CONFIG | changed, CARD, 64)
    assert refused.value.refusal.code == "dictionary_mismatch"
    assert refused.value.refusal.asked == "The transcoder two asked."
    assert both in refused.value.refusal.allowed


@pytest.mark.parametrize("behind_gain", [False, True])
def test_it_is_what_sae_lens_reads(tmp_path: Path, behind_gain: bool) -> None:
    from sae_lens import SAE  # 10-30 s

    write(tmp_path, shape=Shape(with_transcoder=(2,), behind_gain=behind_gain))
    ours = load_transcoder(CARD, tmp_path / "transcoders", 64, "cpu")
    theirs = SAE.load_from_disk(tmp_path / "transcoders" / "layer_2", device="cpu")
    u = torch.randn(5, 64)
    assert torch.equal(ours.encode(u), theirs.encode(u))
    assert ours.behind_gain == behind_gain
    skip = 0.0 if ours.W_skip is None else u @ ours.W_skip.T
    with torch.no_grad():
        torch.testing.assert_close(ours.encode(u) @ ours.W_dec + ours.b_dec + skip, theirs(u))


def test_a_card_names_transcoders_that_wait_until_they_are_asked_for(tmp_path: Path) -> None:
    row = read_row(write(tmp_path, shape=Shape(with_transcoder=(0, 3))))
    loaded = load(row)
    assert list(loaded.transcoders) == ["transcoder_0", "transcoder_3"]
    assert loaded.layer_of["transcoder_3"] == 3
    assert "transcoder_3" not in loaded.dictionaries
    swapped = tuple(one.model_copy(update={"layer": 3 - one.layer}) for one in row.card.transcoders)
    wrong = load(dataclasses.replace(row, card=row.card.model_copy(update={"transcoders": swapped})))
    with pytest.raises(Refused, match=r"transcoder_0 asked\. Its card says layer 3, its own config layer 0"):
        wrong.transcoders["transcoder_0"]
    asked = CircuitRequest(model=row.card.id, prompt="Ann", basis="transcoder")
    with pytest.raises(Refused, match="Its card says layer 0, its own config layer 3") as refused:
        next(Engine(wrong).circuit(asked))
    assert refused.value.status == 422, "before anything is told"


def test_those_that_ship_are_read() -> None:
    """A dictionary's own sites are refused as a transcoder, and the other way round."""
    row = read_row(card_folders()[0])
    for card in row.card.transcoders:
        assert load_transcoder(card, row.folder, row.card.d_model, "cpu").W_dec.shape == (card.d_sae, row.card.d_model)
    with pytest.raises(Refused, match="its own config an SAE, at blocks"):
        load_transcoder(row.card.dictionaries[0], row.folder, row.card.d_model, "cpu")


@torch.no_grad()
def test_it_reads_the_residual_at_its_root_mean_square_or_what_the_norm_puts_out(embedded: Loaded) -> None:
    """A trained norm, whose gain isn't 1."""
    block, h = embedded.gemma.blocks[2], embedded.gemma.embed(torch.tensor([5, 9, 40]))
    before = embedded.transcoders["transcoder/layer_2"]
    behind = dataclasses.replace(before, behind_gain=True)
    norm = embedded.model.model.layers[2].pre_feedforward_layernorm
    torch.testing.assert_close(behind.norm(block.before_mlp)(h), norm(h))
    torch.testing.assert_close(
        before.norm(block.before_mlp)(h), h * torch.rsqrt(h.square().mean(-1, keepdim=True) + norm.eps)
    )
    assert (norm.weight.abs() > 0.01).any()
