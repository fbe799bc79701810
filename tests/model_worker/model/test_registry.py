"""Which models there are follows from the folders that hold a card."""

import shutil
from pathlib import Path

import pytest

from model_worker.model.registry import CARDS, card_folders, read_registry, read_row

pytestmark = pytest.mark.core


def test_whoever_adds_a_folder_with_a_card_adds_a_model(tmp_path: Path) -> None:
    for name in ("a-model", "no-model"):
        (tmp_path / name).mkdir()
    card = read_row(card_folders()[-1]).card.model_copy(update={"id": "a-model"})
    (tmp_path / "a-model" / "model.json").write_text(card.model_dump_json())
    assert card_folders(tmp_path) == (tmp_path / "a-model",)
    assert list(read_registry(card_folders(tmp_path))) == ["a-model"]


def test_the_default_is_one_that_holds_its_weights_whatever_it_is_called(tmp_path: Path) -> None:
    for folder in card_folders():
        (tmp_path / folder.name).mkdir()
        shutil.copy(folder / "model.json", tmp_path / folder.name)
    by_name = card_folders(tmp_path)
    assert [folder.name for folder in by_name] == sorted(folder.name for folder in card_folders())
    (by_name[-1] / read_row(by_name[-1]).card.weights).mkdir(parents=True)
    assert card_folders(tmp_path)[0] == by_name[-1]
    first = next(iter(read_registry().values()))
    assert first.folder.parent == CARDS and (first.folder / first.card.weights).is_dir()
