"""Base and chat model are one set of weights and a delta: each equals what it is without the other."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM, PreTrainedModel

from model_worker.decoding.states import read
from model_worker.engine import Engine
from model_worker.model import weights
from model_worker.model.loading import Loaded, load
from model_worker.model.registry import RegistryRow, read_row
from model_worker.store.place import HASHES, whole_sha256
from protocol.refusal import Refused
from tests.model_worker import random_gemma
from tests.model_worker.driving import TOLERANCE

TUNED = ("model.layers.0.self_attn.q_proj", "model.layers.3.mlp.down_proj", "model.layers.2.mlp.up_proj")
SCALE, RANK = 2.0, 3
IDS = (2, *range(20, 60))


@pytest.fixture
def row(tmp_path: Path) -> RegistryRow:
    """Random weights in a store, and a card that adds a delta to them."""
    card = random_gemma.write(tmp_path / "card", family="gemma3")
    store = tmp_path / "store"
    store.mkdir()
    (card / "weights").rename(store / "one")
    model = AutoModelForCausalLM.from_pretrained(store / "one")
    drawn = torch.Generator().manual_seed(5)
    thin = {}
    for name in TUNED:
        out, into = model.get_parameter(f"{name}.weight").shape
        thin[f"{name}.lora_A"] = torch.randn(RANK, into, generator=drawn).mul(0.1).bfloat16()
        thin[f"{name}.lora_B"] = torch.randn(out, RANK, generator=drawn).mul(0.1).bfloat16()
    save_file(thin, card / "delta.safetensors", metadata={"scale": str(SCALE), "rank": str(RANK)})
    keep_hashes(store / "one")
    told = json.loads((card / "model.json").read_text())
    told |= {"weights": "store:one", "base": "store:one", "delta": "delta.safetensors"}
    (card / "model.json").write_text(json.dumps(told))
    return RegistryRow(read_row(card).card, card, store)


def keep_hashes(folder: Path) -> None:
    files = {one.name: {"size_bytes": one.stat().st_size, "sha256": "not read"} for one in folder.iterdir()}
    (folder / HASHES).write_text(json.dumps({"sha256": whole_sha256(folder), "files": files}))


def logits_of(model: PreTrainedModel) -> torch.Tensor:
    with torch.no_grad():
        return model(torch.tensor([IDS])).logits[0, -1]


def merged_by_hand(row: RegistryRow) -> PreTrainedModel:
    from safetensors.torch import load_file

    thin = load_file(row.folder / "delta.safetensors")
    model = AutoModelForCausalLM.from_pretrained(row.store / "one", attn_implementation="eager").eval()
    with torch.no_grad():
        for name in TUNED:
            model.get_parameter(f"{name}.weight").add_(
                SCALE * thin[f"{name}.lora_B"].float() @ thin[f"{name}.lora_A"].float()
            )
    return model


def base_of(loaded: Loaded, row: RegistryRow):
    return Engine(loaded, row=RegistryRow(loaded.card, row.folder, row.store)).base.part()


def test_the_chat_model_is_the_base_with_the_delta_merged_by_hand(row: RegistryRow) -> None:
    loaded = load(row)
    expected = logits_of(merged_by_hand(row))
    untuned = logits_of(AutoModelForCausalLM.from_pretrained(row.store / "one", attn_implementation="eager").eval())
    assert (expected - untuned).abs().max() > 0.1, "a delta that nothing shows of"
    assert (read(loaded.gemma, IDS).logits - expected).abs().max() <= TOLERANCE * max(1.0, expected.abs().max())
    base = base_of(loaded, row)
    assert (read(base.gemma, IDS).logits - untuned).abs().max() <= TOLERANCE * max(1.0, untuned.abs().max())
    assert (read(loaded.gemma, IDS).logits - expected).abs().max() <= TOLERANCE * max(1.0, expected.abs().max())


def test_base_and_chat_model_share_what_the_delta_leaves_alone_and_nothing_is_read_twice(
    row: RegistryRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = load(row)
    monkeypatch.setattr(weights, "read_checkpoint", lambda *_, **__: pytest.fail("read a second time"))
    base_of(loaded, row)
    assert loaded.base is not None
    chat, base = loaded.checkpoint.tensors, loaded.base.checkpoint.tensors
    assert chat.keys() == base.keys()
    shared = {name for name, one in chat.items() if one.data_ptr() == base[name].data_ptr()}
    assert "model.embed_tokens.weight" in shared
    own = chat.keys() - shared
    assert {f"{name}.weight" for name in TUNED} <= own
    fused = ("q_proj", "k_proj", "v_proj", "gate_proj", "up_proj")  # each model keeps those side by side
    assert all(name.split(".")[-2] in (*fused, "down_proj") for name in own)
    assert f"{TUNED[1]}.weight".replace("layers.3", "layers.1") in shared


def test_a_model_that_is_its_own_base_is_there_once(row: RegistryRow, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = load(RegistryRow(row.card.model_copy(update={"delta": None}), row.folder, row.store))
    monkeypatch.setattr(weights, "read_checkpoint", lambda *_, **__: pytest.fail("read a second time"))
    base = base_of(loaded, row)
    assert base.gemma is loaded.gemma and base.used.sha256 == loaded.sha256


def test_the_hash_is_of_the_kept_one_and_the_deltas_and_the_weights_are_not_read_for_it(row: RegistryRow) -> None:
    loaded = load(row)
    kept = json.loads((row.store / "one" / HASHES).read_text())
    assert loaded.base is not None and loaded.base.sha256 == kept["sha256"] == whole_sha256(row.store / "one")
    assert loaded.sha256 not in (kept["sha256"], "unknown")
    (row.store / "one" / HASHES).write_text(json.dumps(kept | {"sha256": "another"}))
    again = load(row)
    assert again.base is not None and again.base.sha256 == "another" and again.sha256 != loaded.sha256
    file = row.folder / "delta.safetensors"
    from safetensors.torch import load_file

    save_file(load_file(file), file, metadata={"scale": "1.0"})
    assert load(row).sha256 not in (loaded.sha256, again.sha256)


def test_a_delta_for_another_model_or_of_another_base_does_not_load(row: RegistryRow) -> None:
    a, b = torch.zeros(2, 64), torch.zeros(64, 2)
    file = row.folder / "delta.safetensors"
    for thin, metadata, why in (
        (
            {"model.layers.9.x.lora_A": a, "model.layers.9.x.lora_B": b},
            {"scale": "1"},
            "has no model.layers.9.x.weight",
        ),
        ({f"{TUNED[0]}.lora_A": a}, {"scale": "1"}, "no lora_A and lora_B"),
        ({f"{TUNED[0]}.lora_A": a, f"{TUNED[0]}.lora_B": b}, {}, "does not say its scale"),
    ):
        save_file(thin, file, metadata=metadata)
        with pytest.raises(ValueError, match=why):
            load(row)
    other = RegistryRow(row.card.model_copy(update={"base": "google/another"}), row.folder, row.store)
    with pytest.raises(ValueError, match="a delta is added to its base google/another, not to store:one"):
        load(other)


def test_weights_that_are_not_in_the_store_or_not_whole_are_refused_with_the_command_that_fetches_them(
    row: RegistryRow,
) -> None:
    with pytest.raises(Refused, match="make run MODEL=one"):
        load(RegistryRow(row.card, row.folder, row.store / "elsewhere"))
    file = row.store / "one" / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(Refused, match="lacks some of it"):
        load(row)
