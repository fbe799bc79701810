"""Totals of layers against what the model does where all of a layer goes at once."""

import pytest
import torch

from model_worker.circuits.inquiry import Inquiry, read_inquiry
from model_worker.circuits.rule import PLAIN
from model_worker.circuits.totals import LayerTotal, layer_total
from model_worker.model.loading import Loaded
from protocol.worker.circuits import Beside, CircuitRequest
from tests.model_worker.circuits.test_gradients import JORDAN


def asked(embedded: Loaded, **changed: object) -> Inquiry:
    return read_inquiry(embedded, embedded.gemma, CircuitRequest.model_validate(JORDAN.model_dump() | changed))


def total_of(inquiry: Inquiry, layer: int) -> LayerTotal:
    steps = layer_total(inquiry, layer)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def test_what_is_between_two_prompts_adds_up_to_the_gap(embedded: Loaded) -> None:
    inquiry = asked(embedded)
    gap = inquiry.m[0] - inquiry.m[1]
    for layer in range(6):
        assert abs(total_of(inquiry, layer).total - gap) < abs(gap) * (0.05 if layer < 2 else 0.02)


def test_a_name_without_a_partner_hands_over_the_gap_from_the_third_layer_on(embedded: Loaded) -> None:
    inquiry = asked(embedded, beside=Beside(prompt="What sport does Marta Quintero play?"))
    assert not inquiry.paired.all()
    gap = inquiry.m[0] - inquiry.m[1]
    assert all(0.9 < total_of(inquiry, layer).total / gap < 1.1 for layer in (3, 4, 5))


@pytest.mark.parametrize("layer", [1, 3, 5])
def test_one_prompts_latents_and_its_error_add_up_to_m(embedded: Loaded, layer: int) -> None:
    inquiry = asked(embedded, beside=None, midpoints=64)
    found = total_of(inquiry, layer)
    assert abs(found.total - inquiry.m[0]) < 0.02 * abs(inquiry.m[0])
    assert found.total == pytest.approx(found.error + found.shares.sum().item(), abs=1e-4)


@pytest.mark.parametrize("layer", [1, 3, 5])
def test_one_prompts_neurons_add_up_to_what_their_layer_does(embedded: Loaded, layer: int) -> None:
    """With the norm behind the MLP held, that is m without the MLP at all: another way to leave it out."""
    inquiry = asked(embedded, beside=None, midpoints=64, basis="neurons")
    side, block = inquiry.a, embedded.gemma.blocks[layer]
    with torch.no_grad():
        x = side.residuals[layer] - block.after_mlp(side.neurons[layer] @ block.down)
        without = inquiry.target(side.run(x.unsqueeze(0), first=layer + 1), PLAIN).item()
    assert total_of(inquiry, layer).total == pytest.approx(inquiry.m[0] - without, rel=0.02, abs=0.02)
