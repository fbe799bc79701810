"""A checkpoint that sees as well as reads loads as the text model that it holds, in every layout it was written in."""

import re
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, Gemma3ForConditionalGeneration

from model_worker.answering.prompt import read_prompt
from model_worker.decoding.states import read
from model_worker.model.checkpoint import read_checkpoint
from model_worker.model.loading import load
from model_worker.model.registry import read_row
from protocol.worker.requests import GenerateRequest
from tests.model_worker.driving import TOLERANCE
from tests.model_worker.random_gemma import write

LAYOUTS = ("published", "in memory")


@pytest.fixture(scope="module")
def sees(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("sees"), family="gemma3-sees")


@pytest.fixture(scope="module")
def expected(sees: Path) -> tuple[list[int], torch.Tensor]:
    """Tokens past the window, and transformers' own logits after them from the whole checkpoint."""
    ids = [2, *torch.randint(10, 300, (40,), generator=torch.Generator().manual_seed(0)).tolist()]
    whole = Gemma3ForConditionalGeneration.from_pretrained(sees / "weights", attn_implementation="eager").eval()
    with torch.no_grad():
        return ids, whole(torch.tensor([ids])).logits[0, -1]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_checkpoint_that_sees_loads_as_a_text_model_equal_to_transformers(
    sees: Path, expected: tuple[list[int], torch.Tensor], layout: str
) -> None:
    file = sees / "weights" / "model.safetensors"
    written = load_file(file)
    renamed = {_in_memory(name) if layout == "in memory" else name: one for name, one in written.items()}
    assert (renamed.keys() == written.keys()) == (layout == "published")
    save_file(renamed, file, metadata={"format": "pt"})
    try:
        loaded = load(read_row(sees))
    finally:
        save_file(written, file, metadata={"format": "pt"})
    ids, logits = expected
    assert (read(loaded.gemma, tuple(ids)).logits - logits).abs().max() <= TOLERANCE * max(1.0, logits.abs().max())
    assert not [name for name in loaded.checkpoint.tensors if "vision" in name]
    assert loaded.stop_ids == {1, 5} and loaded.opens_refusal.any()
    asked = GenerateRequest(model=loaded.card.id, prompt="Who is Ann?")
    assert read_prompt(loaded, asked).tokens[0].role == "bos"


def test_what_is_read_is_what_transformers_reads(random_card: Path, tmp_path: Path) -> None:
    """In one file and in shards: every tensor bit for bit, config and ends of answers."""
    whole = random_card / "weights"
    theirs = AutoModelForCausalLM.from_pretrained(whole)
    theirs.save_pretrained(tmp_path, max_shard_size="100KB")
    assert len(list(tmp_path.glob("*.safetensors"))) > 1
    expected = dict(theirs.named_parameters())
    for place in (whole, tmp_path):
        ours = read_checkpoint(place, torch.float32, "cpu")
        assert ours.tensors.keys() == expected.keys()
        assert all(torch.equal(one, expected[name]) for name, one in ours.tensors.items())
        assert ours.eos_ids == {theirs.generation_config.eos_token_id}
        of_no_place = {"_name_or_path": ""}
        assert ours.config.to_dict() | of_no_place == theirs.config.to_dict() | of_no_place


def test_a_checkpoint_that_lacks_weights_does_not_load(tmp_path: Path) -> None:
    file = write(tmp_path) / "weights" / "model.safetensors"
    save_file({k: v for k, v in load_file(file).items() if "layers.3.mlp.up" not in k}, file, metadata={"format": "pt"})
    with pytest.raises(
        ValueError, match=r"1 weights are missing in weights, the first is model\.layers\.3\.mlp\.up_proj"
    ):
        load(read_row(tmp_path))


def _in_memory(name: str) -> str:
    if name.startswith("language_model.lm_head"):
        return name.removeprefix("language_model.")
    return (
        re.sub(r"^language_model\.model\.", "model.language_model.", name)
        if "language_model" in name
        else f"model.{name}"
    )
