"""Heads' swaps against transformers with hooks, and against what must come out where nothing differs."""

from dataclasses import replace

import pytest
import torch

from model_worker.circuits.gradients import gradients
from model_worker.circuits.inquiry import Inquiry, read_inquiry
from model_worker.circuits.looking.head_rows import donated, head_rows, hidden
from model_worker.circuits.rule import PLAIN
from model_worker.model.gemma import projected
from model_worker.model.loading import Loaded
from protocol.worker.circuit_frames import HeadRow, Heads
from protocol.worker.circuits import Beside, CircuitRequest, OpeningTarget
from tests.model_worker.circuits.test_gradients import JORDAN, jordan


def rows_of(inquiry: Inquiry) -> Heads:
    slopes = [gradients(side, inquiry.target, PLAIN) for side in inquiry.sides]
    *waited, told = head_rows(inquiry, slopes)
    assert waited.count(None) == len(waited)
    return told


def letters(random_model: Loaded, second: str = "What is Zork?") -> Inquiry:
    request = CircuitRequest(
        model=random_model.card.id, prompt="What is Bork?", beside=Beside(prompt=second), target=OpeningTarget()
    )
    return read_inquiry(random_model, random_model.gemma, request)


def by_transformers(inquiry: Inquiry, which: int, layer: int, head: int, z: torch.Tensor) -> float:
    """The change of m where the head's z at the end is z (head_dim,)."""
    side, model = inquiry.sides[which], inquiry.loaded.model
    size = inquiry.gemma.shape.head_dim

    def put(_module: torch.nn.Module, arguments: tuple[torch.Tensor]) -> tuple[torch.Tensor]:
        changed = arguments[0].clone()
        changed[0, -1, head * size : (head + 1) * size] = z
        return (changed,)

    hook = model.model.layers[layer].self_attn.o_proj.register_forward_pre_hook(put)
    with torch.no_grad():
        logits = model(torch.tensor([side.ids])).logits[0, -1]
    hook.remove()
    up, against = inquiry.target.ids
    return (logits[up] - logits[against]).item() - inquiry.m[which]


def values(inquiry: Inquiry, which: int, layer: int) -> torch.Tensor:
    """(pos, n_kv_heads, head_dim), by the engine's own projection."""
    side, whole = inquiry.sides[which], inquiry.gemma
    rotation = side.whole.rotations[layer]
    return projected(whole.shape, whole.blocks[layer], side.into(layer), rotation)[2][0]


def check(inquiry: Inquiry, row: HeadRow) -> None:
    shape = inquiry.gemma.shape
    for which, output, pattern in ((0, row.output_a, row.pattern_a), (1, row.output_b, row.pattern_b)):
        other = inquiry.sides[1 - which].heads[row.layer][-1, row.head]
        assert output == pytest.approx(by_transformers(inquiry, which, row.layer, row.head, other), abs=2e-4)
        looks = donated(inquiry, which, row.layer)[row.head, -1]
        v = values(inquiry, which, row.layer)[:, row.head * shape.n_kv_heads // shape.n_heads]
        assert pattern == pytest.approx(by_transformers(inquiry, which, row.layer, row.head, looks @ v), abs=2e-4)


@pytest.mark.parametrize("second", ["What is Zork?", "What is Zorkon?"])
def test_a_swap_is_what_transformers_does_with_a_hook(random_model: Loaded, second: str) -> None:
    inquiry = letters(random_model, second)
    told = rows_of(inquiry)
    assert told.n_heads == 16
    for row in told.heads[::3]:
        check(inquiry, row)


def test_the_embedded_model_moves_values_and_looks_at_the_name_anyway(embedded: Loaded) -> None:
    inquiry = jordan(embedded)
    told = rows_of(inquiry)
    found = {(row.layer, row.head): row for row in told.heads}
    for which in ((3, 0), (3, 1), (3, 2), (3, 3), (4, 0), (4, 1), (5, 0)):
        row = found[which]
        assert min(row.attention_a, row.attention_b or 0.0) > 0.998
        assert max(abs(row.pattern_a or 0.0), abs(row.pattern_b or 0.0)) < 0.03
    check(inquiry, found[3, 0])
    check(inquiry, found[5, 0])
    assert found[3, 0].output_a == pytest.approx(6.63, abs=0.02)
    assert found[5, 0].output_b == pytest.approx(-2.38, abs=0.02)
    assert told.control_a is not None
    assert told.control_a.high < 2
    shares = {share.queries: share for share in told.patterns}
    assert shares["name"].in_a > 0.9 > shares["end"].in_a > 0.05
    assert abs(shares["elsewhere"].in_a) < 0.01


def test_where_nothing_differs_nothing_moves(embedded: Loaded) -> None:
    inquiry = jordan(embedded)
    told = rows_of(replace(inquiry, sides=(inquiry.a, inquiry.a)))
    for row in told.heads:
        assert (row.output_a, row.output_b) == pytest.approx((0, 0), abs=1e-4)
        assert (row.pattern_a, row.pattern_b) == pytest.approx((0, 0), abs=1e-4)


def test_patterns_stay_whole_where_names_differ_in_length(random_model: Loaded) -> None:
    inquiry = letters(random_model, "What is Zorkon?")
    for which in (0, 1):
        for layer in range(4):
            given = donated(inquiry, which, layer)
            torch.testing.assert_close(given.sum(-1), torch.ones_like(given.sum(-1)))
            assert (given.triu(1) == 0).all()


def test_one_prompt_alone_is_told_what_its_heads_write_and_where_the_name_is_hidden(embedded: Loaded) -> None:
    inquiry = read_inquiry(embedded, embedded.gemma, JORDAN.model_copy(update={"beside": None}))
    told = rows_of(inquiry)
    assert told.control_b is None
    row = max(told.heads, key=lambda one: abs(one.output_a or 0.0))
    zero = torch.zeros(embedded.gemma.shape.head_dim)
    assert row.output_a == pytest.approx(by_transformers(inquiry, 0, row.layer, row.head, zero), abs=2e-4)
    name = inquiry.a.prompt.entity
    for layer in range(6):
        assert (hidden(inquiry.a, layer)[:, name.end :, name.start : name.end].sum(-1) < 1e-6).all()
    assert [share.queries for share in told.patterns] == ["end", "elsewhere"]
