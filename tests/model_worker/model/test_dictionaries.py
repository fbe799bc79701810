"""A card may name dictionaries for every layer; only those that are asked for are loaded."""

import dataclasses
from pathlib import Path

import pytest

from model_worker.model.dictionaries import Dictionaries, in_use
from model_worker.model.loading import load
from model_worker.model.registry import card_folders, read_row
from protocol.worker.models import DictionaryCard
from tests.model_worker.random_gemma import write


@pytest.mark.core
def test_which_there_are_is_known_without_loading_any(tmp_path: Path) -> None:
    card = read_row(card_folders()[1]).card
    found = Dictionaries(card, tmp_path, "cpu")  # nothing is in this folder, and nobody goes to the hub
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
    with pytest.raises(FileNotFoundError):
        loaded.dictionaries["far"]
    with pytest.raises(KeyError):
        loaded.dictionaries["farther"]


def test_a_card_whose_own_latent_cannot_be_read_does_not_load(tmp_path: Path) -> None:
    row = read_row(write(tmp_path))
    (tmp_path / "dictionaries" / "layer_2" / "cfg.json").unlink()
    with pytest.raises(FileNotFoundError):
        load(row)
