"""The way through the blocks is written once, and may begin and end in the middle."""

import re
from pathlib import Path

import pytest
import torch

from model_worker.decoding.states import read
from model_worker.model.loading import Loaded
from model_worker.model.walk import sight, walk

MODEL_WORKER = Path(__file__).parents[3] / "model_worker"


@pytest.mark.core
def test_the_blocks_are_run_one_after_the_other_in_one_place() -> None:
    runs = [
        file.relative_to(MODEL_WORKER).as_posix()
        for file in MODEL_WORKER.rglob("*.py")
        if re.search(r"(?<!def )\brun_block\(", file.read_text())
    ]
    assert runs == ["model/walk.py"]


def test_a_walk_in_two_parts_ends_where_one_walk_does(random_model: Loaded) -> None:
    gemma, ids = random_model.gemma, tuple(range(5, 25))
    at = torch.arange(len(ids))
    seen, nothing_kept = sight(gemma, at.unsqueeze(0), at), lambda layer, keys, values: (keys, values)
    with torch.inference_mode():
        half = walk(gemma.shape, gemma.blocks[:2], gemma.embed(torch.tensor([ids])), seen, nothing_kept)
        end = walk(gemma.shape, gemma.blocks, half, seen, nothing_kept, first=2)
    state = read(gemma, ids)
    assert torch.equal(half[0], state.residuals[1])
    assert torch.equal(end[0], state.residuals[-1])
