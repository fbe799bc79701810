"""Heads of the real Gemma 3, whose queries and keys are normed: scores add up, and their softmax is the attention."""

import pytest
import torch

from model_worker.circuits.looking.look import why_it_looks
from model_worker.engine import Engine
from protocol.worker.circuits import LookRequest
from protocol.worker.looked import Looked
from tests.model_worker.gemma.test_circuits import OPPOSITE


@pytest.mark.parametrize("layer", [0, 5, 17])
def test_a_heads_parts_add_up_and_its_softmax_is_its_attention(engine: Engine, layer: int) -> None:
    reader = engine._reader_of(OPPOSITE)
    request = LookRequest(circuit=OPPOSITE, layer=layer, head=2, key=3, top=100)
    _, told, _ = why_it_looks(reader.loaded, reader.wide, request)
    assert isinstance(told, Looked)
    assert told.identity < 1e-4
    raw = torch.tensor([key.raw for key in told.keys], dtype=torch.float64)
    attention = torch.tensor([key.attention for key in told.keys], dtype=torch.float64)
    torch.testing.assert_close(raw.softmax(-1), attention, rtol=1e-3, atol=1e-5)
    pairs = sum(pair.score for pair in told.pairs if pair.query and pair.key)
    assert pairs + told.rest == pytest.approx(next(key.score for key in told.keys if key.column == 3), abs=3e-3)
