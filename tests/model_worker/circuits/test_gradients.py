"""Node scores' gradients against differences of the model's own numbers, and the identities that hold exactly."""

import torch

from model_worker.circuits.gradients import gradients
from model_worker.circuits.inquiry import Inquiry, read_inquiry
from model_worker.circuits.rule import PLAIN, RELP
from model_worker.circuits.sequence_pass import Taps
from model_worker.model.loading import Loaded
from protocol.worker.circuits import Beside, CircuitRequest, OpeningTarget

JORDAN = CircuitRequest(
    model="tiny-gemma2-chat",
    prompt="What sport does Michael Jordan play?",
    beside=Beside(prompt="What sport does Michael Batkin play?"),
    target=OpeningTarget(weighs="two"),
)
"""Of two tokens, which a reference written out finds in the logits; test_target.py has those of all."""


def jordan(embedded: Loaded) -> Inquiry:
    return read_inquiry(embedded, embedded.gemma, JORDAN)


def test_the_known_name_answers_and_the_unknown_one_refuses(embedded: Loaded) -> None:
    inquiry = jordan(embedded)
    assert inquiry.m[0] < -5 < 5 < inquiry.m[1]
    for side, m in zip(inquiry.sides, inquiry.m, strict=True):
        assert (side.logits[inquiry.target.ids[0]] - side.logits[inquiry.target.ids[1]]).item() - m < 1e-4


def test_a_gradient_is_the_slope_of_a_small_step(embedded: Loaded) -> None:
    inquiry = jordan(embedded)
    side, found = inquiry.a, gradients(inquiry.a, inquiry.target, PLAIN)
    step = torch.randn(side.residuals[2].shape, generator=torch.Generator().manual_seed(0)) * 1e-3
    with torch.no_grad():
        ends = [inquiry.target(side.run(side.into(3) + sign * step, first=3), PLAIN).item() for sign in (1.0, -1.0)]
    assert abs((ends[0] - ends[1]) / 2 - (found.residuals[2] * step).sum().item()) < 2e-4


def test_relevance_at_the_embedding_is_m(embedded: Loaded) -> None:
    inquiry = jordan(embedded)
    for side, m in zip(inquiry.sides, inquiry.m, strict=True):
        found = gradients(side, inquiry.target, RELP)
        assert abs((side.embedding[0] * found.embedding).sum().item() - m) < 1e-3 * abs(m)
        for layer, residual in enumerate(side.residuals):
            assert abs((residual * found.residuals[layer]).sum().item() - m) < 2e-3 * abs(m)


def test_behind_a_post_norm_all_neurons_together_are_worth_nothing(embedded: Loaded) -> None:
    """The trap that every sum over neurons falls into: scaling all of them changes nothing."""
    inquiry = jordan(embedded)
    found = gradients(inquiry.a, inquiry.target, PLAIN)
    for layer, z in enumerate(inquiry.a.neurons):
        assert (z * found.neurons[layer]).sum(-1)[1:].abs().max() < 1e-2


def test_alignment_is_on_the_last_token_of_the_name(embedded: Loaded) -> None:
    request = JORDAN.model_copy(update={"beside": Beside(prompt="What sport does Eusebio play?")})
    inquiry = read_inquiry(embedded, embedded.gemma, request)
    last = next(column for column in inquiry.columns if column.place == "name_last")
    assert (last.a, last.b) == tuple(side.prompt.entity.end - 1 for side in inquiry.sides)
    assert inquiry.columns[-1].place == "end"
    assert (inquiry.columns[-1].a, inquiry.columns[-1].b) == tuple(side.n_pos - 1 for side in inquiry.sides)


def test_a_tap_sees_each_layer_once(embedded: Loaded) -> None:
    inquiry, seen = jordan(embedded), []
    inquiry.a.run(inquiry.a.embedding, taps=Taps(resid=lambda layer, x: (seen.append(layer), x)[1]))
    assert seen == list(range(embedded.gemma.n_layers))
