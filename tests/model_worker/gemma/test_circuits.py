"""Circuits of the real Gemma 3: what adds up exactly does so there too, and the model does what the graph says.

Of weights stored in bf16 the same in fp32 from the same weights, which circuits are computed in; the engine's own
bf16 gives another m, within what its rounding is."""

from collections.abc import Iterator

import pytest
import torch

from model_worker.circuits.circuit import circuit
from model_worker.circuits.gradients import gradients
from model_worker.circuits.groups.roles import RoleBook
from model_worker.circuits.inquiry import Inquiry, read_inquiry
from model_worker.circuits.rule import PLAIN, RELP
from model_worker.circuits.totals import layer_total
from model_worker.decoding.states import read
from model_worker.engine import Engine
from protocol.worker.circuits import CircuitRequest, TokensTarget
from protocol.worker.frames import Frame
from tests.model_worker.driving import of_kind

OPPOSITE = CircuitRequest(
    model="real",
    prompt="The opposite of small is",
    format="base",
    target=TokensTarget(),
    basis="neurons",
    n_nodes=120,
    n_edges=400,
    n_checked=32,
    n_controls=0,
)
REFUSED = CircuitRequest(model="real", prompt="What sport does Michael Batkin play?", basis="neurons", n_controls=0)
LOGITS = {torch.float32: 1e-3, torch.bfloat16: 0.5}


@pytest.fixture(scope="module")
def inquiry(engine: Engine) -> Inquiry:
    reader = engine._reader_of(OPPOSITE)
    return read_inquiry(reader.loaded, reader.wide, OPPOSITE)


def test_the_pass_with_gradients_is_the_engines(inquiry: Inquiry) -> None:
    gemma = inquiry.loaded.gemma
    own = gemma.logits(read(gemma, inquiry.a.ids).residuals[-1][-1])
    up, against = inquiry.target.ids
    assert (own[up] - own[against]).item() == pytest.approx(inquiry.m[0], abs=LOGITS[gemma.dtype])


def test_relevance_of_the_input_is_m(inquiry: Inquiry) -> None:
    found = gradients(inquiry.a, inquiry.target, RELP)
    relevance = (inquiry.a.embedding[0] * found.embedding).sum().item()
    assert relevance == pytest.approx(inquiry.m[0], rel=1e-3, abs=1e-3)


def test_all_neurons_of_a_position_are_worth_nothing_together(inquiry: Inquiry) -> None:
    found = gradients(inquiry.a, inquiry.target, PLAIN)
    for z, slope in zip(inquiry.a.neurons, found.neurons, strict=True):
        assert (z * slope).sum(-1)[1:].abs().max() < 1e-2


@pytest.mark.parametrize("layer", [9, 14, 17])
def test_a_layers_neurons_are_what_it_does(inquiry: Inquiry, layer: int) -> None:
    def ended() -> Iterator[float]:
        yield (yield from layer_total(inquiry, layer)).total

    *_, total = ended()
    side, block = inquiry.a, inquiry.gemma.blocks[layer]
    with torch.no_grad():
        x = side.residuals[layer] - block.after_mlp(side.neurons[layer] @ block.down)
        without = inquiry.target(side.run(x.unsqueeze(0), first=layer + 1), PLAIN).item()
    assert total == pytest.approx(inquiry.m[0] - without, rel=0.05, abs=0.05)


def test_the_model_does_what_the_graph_says_and_edges_leave_nothing_over(inquiry: Inquiry) -> None:
    frames: list[Frame] = []
    for frame in circuit(inquiry.loaded, inquiry.gemma, RoleBook(most=4), OPPOSITE.model_copy(update={"midpoints": 8})):
        if frame is not None:
            frames.append(frame)
            if len(of_kind(frames, "edges")) == inquiry.gemma.n_layers - 1:
                break
    assert of_kind(frames, "checked")[-1].fit > 0.85
    assert max(frame.unexplained for frame in of_kind(frames, "edges")) < 1e-4


def test_the_log_odds_of_refusing_add_up_from_the_input_but_for_entropy(engine: Engine) -> None:
    """Of 262,144 tokens with their weights in bfloat16."""
    reader = engine._reader_of(REFUSED)
    inquiry = read_inquiry(reader.loaded, reader.wide, REFUSED)
    side, opens = inquiry.a, inquiry.loaded.opens_refusal
    p = side.logits.double().softmax(-1)
    assert inquiry.m[0] == pytest.approx(torch.logit(p[opens].sum()).item(), abs=1e-2)
    kinds = [p[mask] / p[mask].sum() for mask in (opens, ~opens)]
    entropies = [torch.special.entr(own).sum().item() for own in kinds]
    found = gradients(side, inquiry.target, RELP)
    relevance = (side.embedding[0] * found.embedding).sum().item()
    assert relevance == pytest.approx(inquiry.m[0] - entropies[0] + entropies[1], rel=1e-2, abs=1e-2)
