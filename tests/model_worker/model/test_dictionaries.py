"""A card may name dictionaries for every layer; only those that are asked for are loaded."""

import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from huggingface_hub.errors import EntryNotFoundError

from model_worker.engine import Engine
from model_worker.model.dictionaries.config import require_as_carded
from model_worker.model.dictionaries.held import Dictionaries, in_use
from model_worker.model.loading import load
from model_worker.model.registry import card_folders, read_row
from model_worker.model.sae import Dictionary, load_dictionary
from protocol.refusal import Refused
from protocol.steering import LatentTarget
from protocol.worker.models import DictionaryCard, VectorCard, Watched
from protocol.worker.requests import GenerateRequest, LatentRequest, LensRequest
from tests.model_worker.random_gemma import write


@pytest.mark.core
def test_which_there_are_is_known_without_loading_any() -> None:
    card = read_row(card_folders()[1]).card

    def unread(one: DictionaryCard) -> Dictionary:
        raise AssertionError(one.id)

    found = Dictionaries(card.dictionaries, unread)
    assert list(found) == [f"gemma-scope-2b-pt-res/layer_{layer}" for layer in range(26)] and len(found) == 26
    assert "gemma-scope-2b-pt-res/layer_25" in found and "gemma-scope-2b-pt-res/layer_26" not in found
    assert in_use(card) == {"gemma-scope-2b-pt-res/layer_12", "gemma-scope-2b-pt-res/layer_14"}


def test_a_model_is_ready_with_what_its_card_reads_and_loads_another_when_it_is_asked_for(tmp_path: Path) -> None:
    row = read_row(write(tmp_path))
    missing = DictionaryCard(id="far", layer=0, source="nowhere", d_sae=9, trained_on="base")
    card = row.card.model_copy(update={"dictionaries": (*row.card.dictionaries, missing)})
    loaded = load(dataclasses.replace(row, card=card))
    assert list(loaded.dictionaries) == ["layer_1", "layer_2", "far"] and loaded.layer_of["far"] == 0
    assert loaded.dictionaries["layer_1"] is loaded.dictionaries["layer_1"]
    with pytest.raises(Refused) as none:
        loaded.dictionaries["far"]
    assert none.value.refusal.code == "dictionary_unreadable" and "FileNotFoundError" in none.value.refusal.allowed
    with pytest.raises(KeyError):
        loaded.dictionaries["farther"]


def test_a_card_whose_own_latent_cannot_be_read_does_not_load(tmp_path: Path) -> None:
    row = read_row(write(tmp_path))
    (tmp_path / "dictionaries" / "layer_2" / "cfg.json").unlink()
    with pytest.raises(Refused, match=r"layer_2 asked\. It can't be read from dictionaries/layer_2: FileNotFoundError"):
        load(row)


CONFIG = {
    "architecture": "jumprelu",
    "d_in": 64,
    "d_sae": 96,
    "apply_b_dec_to_input": False,
    "normalize_activations": "none",
    "reshape_activations": "none",
    "metadata": {"hook_name": "blocks.2.hook_resid_post", "hook_head_index": None},
}
CARD = DictionaryCard(id="two", layer=2, source="here", d_sae=96, trained_on="nothing")


@pytest.mark.core
@pytest.mark.parametrize(
    ("changed", "both"),
    [
        ({"metadata": {"hook_name": "blocks.3.hook_resid_post"}}, "layer 2, its own config layer 3"),
        ({"metadata": {"hook_name": "blocks.2.hook_resid_pre"}}, "layer 2, its own config layer 1"),
        (
            {"metadata": {"hook_name": "blocks.2.hook_mlp_out"}},
            "layer 2, its own config the site blocks.2.hook_mlp_out",
        ),
        ({"metadata": {"hook_name": "blocks.2.attn.hook_z"}}, "layer 2, its own config the site blocks.2.attn.hook_z"),
        ({"metadata": {"hook_name": "hook_embed"}}, "layer 2, its own config the site hook_embed"),
        ({"metadata": {"hook_name": "blocks.0.hook_resid_pre"}}, "the site blocks.0.hook_resid_pre"),
        ({"metadata": {}}, "layer 2, its own config names no site"),
        ({"metadata": None, "hook_name": "blocks.3.hook_resid_post", "hook_layer": 3}, "its own config layer 3"),
        ({"hook_layer": 1}, "hook_name blocks.2.hook_resid_post and hook_layer 1"),
        ({"d_sae": 128}, "96 latents, its own config d_sae 128"),
        ({"d_in": 32}, "64 wide, its own config says d_in 32"),
        ({"reshape_activations": "hook_z"}, "reshape_activations none; its own config says hook_z"),
        ({"hook_head_index": 3, "metadata": {"hook_name": "blocks.2.hook_resid_post"}}, "one head, 3"),
        ({"d_out": 64, "hook_name_out": "blocks.2.hook_mlp_out"}, "an SAE, its own config a transcoder, to blocks.2"),
        ({"architecture": "topk"}, "architecture jumprelu; its own config says topk"),
        ({"apply_b_dec_to_input": True}, "apply_b_dec_to_input False; its own config says True"),
        ({"finetuning_scaling_factor": True}, "finetuning_scaling_factor False; its own config says True"),
        ({"normalize_activations": "layer_norm"}, "normalize_activations none; its own config says layer_norm"),
    ],
)
def test_a_config_that_says_otherwise_than_its_card_is_refused_with_both_values(changed: dict, both: str) -> None:
    require_as_carded(CONFIG, CARD, 64)
    with pytest.raises(Refused) as refused:
        require_as_carded(CONFIG | changed, CARD, 64)
    assert refused.value.refusal.code == "dictionary_mismatch" and refused.value.refusal.asked.startswith(
        "The dictionary two"
    )
    assert both in refused.value.refusal.allowed


@pytest.mark.core
def test_what_goes_into_a_block_is_what_comes_out_of_the_one_before() -> None:
    require_as_carded(CONFIG | {"metadata": {"hook_name": "blocks.3.hook_resid_pre"}}, CARD, 64)
    old = {"hook_name": "blocks.2.hook_resid_post", "hook_layer": 2, "normalize_activations": None}
    require_as_carded({key: value for key, value in CONFIG.items() if key != "metadata"} | old, CARD, 64)


def test_a_reader_who_asks_for_a_dictionary_at_the_wrong_layer_is_told_which_and_why(tmp_path: Path) -> None:
    row = read_row(write(tmp_path))
    elsewhere = row.card.dictionaries[1].model_copy(update={"id": "moved", "layer": 3})
    card = row.card.model_copy(update={"dictionaries": (*row.card.dictionaries, elsewhere)})
    engine = Engine(load(dataclasses.replace(row, card=card)))  # nothing of the card itself reads it
    target = LatentTarget(dictionary="moved", latent=1)
    asked = [
        engine.generate(GenerateRequest(model=card.id, prompt="Ann", watch=(target,))),
        engine.latent(LatentRequest(model=card.id, target=target)),
        engine.lens(LensRequest(model=card.id, target=target)),
    ]
    for frames in asked:
        with pytest.raises(Refused, match=r"moved asked\. Its card says layer 3, its own config layer 2") as refused:
            next(frames)
        assert refused.value.status == 422
    used = card.model_copy(update={"watch": (*card.watch, Watched(target=target, role="other", label="moved"))})
    with pytest.raises(Refused, match="Its card says layer 3, its own config layer 2"):
        load(dataclasses.replace(row, card=used))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"n_layers": 5}, "the card says n_layers 5, its weights have 4"),
        ({"d_model": 32}, "the card says d_model 32, its weights have 64"),
        ({"residual_norm": (1.0,)}, "residual_norm has 1 numbers for 4 layers"),
        ({"vectors": (VectorCard(name="mean", layer=4, made_by="chance"),)}, "layer 4 of mean, its last layer is 3"),
        (
            {"vectors": (VectorCard(name="other", layer=1, made_by="chance"),)},
            "other in directions.safetensors is no such",
        ),
    ],
)
def test_a_card_of_another_shape_than_its_weights_does_not_load(random_card: Path, changed: dict, said: str) -> None:
    row = read_row(random_card)
    with pytest.raises(ValueError, match=said):
        load(dataclasses.replace(row, card=row.card.model_copy(update=changed)))


class TestPublished:
    """By a stand-in for the hub: the published layouts, without their contents."""

    @pytest.fixture
    def hub(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        from sae_lens.loading import pretrained_sae_loaders  # 10-30 s

        def at_hand(repo_id: str, filename: str, subfolder: str = "", **_: object) -> str:
            file = tmp_path / repo_id / subfolder / filename
            if not file.is_file():
                raise EntryNotFoundError(f"no {file}")
            return str(file)

        monkeypatch.setattr(pretrained_sae_loaders, "hf_hub_download", at_hand)
        return tmp_path

    def test_in_sae_lens_layout_it_is_read_where_its_config_says_and_nowhere_else(self, hub: Path) -> None:
        folder = hub / "jbloom/GPT2-Small-SAEs-Reformatted/blocks.0.hook_resid_pre"
        card = CARD.model_copy(update={"source": "sae-lens:gpt2-small-res-jb/blocks.0.hook_resid_pre"})
        local = write(hub / "local") / "dictionaries" / "layer_2"
        shutil.copytree(local, folder)
        ours = load_dictionary(CARD.model_copy(update={"source": "layer_2"}), local.parent, 64, "cpu")
        theirs = load_dictionary(card, hub, 64, "cpu")
        x = torch.randn(5, 64)
        assert torch.equal(theirs.encode(x), ours.encode(x)) and theirs.fvu(x) == ours.fvu(x)
        for changed in ({"layer": 1}, {"d_sae": 97}):
            with pytest.raises(Refused, match="its own config"):
                load_dictionary(card.model_copy(update=changed), hub, 64, "cpu")

    def test_of_gemma_scope_it_is_read_from_its_archive(self, hub: Path) -> None:
        folder = hub / "google/gemma-scope-2b-pt-res/layer_12/width_16k/average_l0_82"
        folder.mkdir(parents=True)
        b_enc = np.arange(16384, dtype=np.float32)
        some = {"b_enc": b_enc, "b_dec": np.zeros(2304, np.float32), "threshold": b_enc - 1}
        np.savez(
            folder / "params.npz", W_enc=np.zeros((2304, 16384), "f4"), W_dec=np.zeros((16384, 2304), "f4"), **some
        )
        card = next(one for one in read_row(card_folders()[1]).card.dictionaries if one.layer == 12)
        loaded = load_dictionary(card, hub, 2304, "cpu")
        assert loaded.d_sae == 16384 and loaded.threshold[0] == 0 and loaded.encode(torch.ones(1, 2304))[0, 9] == 9

    @pytest.mark.parametrize(
        ("source", "both"),
        [
            ("gemma-scope-2b-pt-res-canonical/layer_13/width_16k/canonical", "layer 12, its own config layer 13"),
            (
                "gemma-scope-2b-pt-res-canonical/layer_12/width_65k/canonical",
                "16384 latents, its own config d_sae 65536",
            ),
            (
                "gemma-scope-9b-pt-res-canonical/layer_12/width_16k/canonical",
                "2304 wide, its own config says d_in 3584",
            ),
            ("gemma-scope-2b-pt-att-canonical/layer_12/width_16k/canonical", "the site blocks.12.attn.hook_z"),
            ("gemma-scope-2b-pt-mlp-canonical/layer_12/width_16k/canonical", "the site blocks.12.hook_mlp_out"),
            ("gemma-scope-2b-pt-res/embedding/width_4k/average_l0_6", "the site hook_embed"),
            (
                "gemma-scope-2b-pt-transcoders/layer_12/width_16k/average_l0_6",
                "a transcoder, to blocks.12.hook_mlp_out",
            ),
        ],
    )
    def test_of_gemma_scope_another_is_refused_before_it_is_fetched(self, hub: Path, source: str, both: str) -> None:
        card = DictionaryCard(id="twelve", layer=12, source=f"sae-lens:{source}", d_sae=16384, trained_on="base")
        with pytest.raises(Refused) as refused:
            load_dictionary(card, hub, 2304, "cpu")
        assert both in refused.value.refusal.allowed
