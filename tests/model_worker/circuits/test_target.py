"""The log-odds of refusing as m: what it is, its gradient, and what adds up to it."""

from dataclasses import replace

import pytest
import torch

from model_worker.circuits.gradients import gradients
from model_worker.circuits.inquiry import Inquiry, PromptSide, read_inquiry
from model_worker.circuits.rule import PLAIN, RELP, Rule
from model_worker.circuits.target import RefusalOdds, TwoTokens
from model_worker.model.loading import Loaded
from protocol.worker.circuits import CircuitRequest, OpeningTarget
from tests.model_worker.circuits.test_gradients import JORDAN

ALL = JORDAN.model_copy(update={"target": OpeningTarget(weighs="all")})


@pytest.fixture(params=[True, False], ids=["embedded", "random"])
def inquiry(request: pytest.FixtureRequest, embedded: Loaded, random_model: Loaded) -> Inquiry:
    loaded = embedded if request.param else random_model
    return read_inquiry(loaded, loaded.gemma, ALL.model_copy(update={"model": loaded.card.id}))


def test_a_request_that_names_no_target_asks_for_the_log_odds() -> None:
    asked = {"kind": "circuit", "model": "m", "prompt": "p"}
    assert CircuitRequest.model_validate(asked).target == ALL.target


def test_a_recorded_opening_is_of_two_tokens_still(embedded: Loaded) -> None:
    recorded = CircuitRequest.model_validate(JORDAN.model_dump() | {"target": {"kind": "opening"}})
    assert isinstance(read_inquiry(embedded, embedded.gemma, recorded).target, TwoTokens)


def test_m_is_the_log_odds_that_the_next_token_opens_a_refusal(inquiry: Inquiry) -> None:
    for side, m in zip(inquiry.sides, inquiry.m, strict=True):
        p = side.logits.double().softmax(-1)[inquiry.loaded.opens_refusal].sum()
        assert abs(torch.logit(p).item() - m) < 1e-4


@pytest.mark.parametrize("rule", [PLAIN, RELP])
def test_its_gradient_is_that_of_the_sums_written_out(inquiry: Inquiry, rule: Rule) -> None:
    """By autograd through every logit, which the target leaves out."""
    target, opens = inquiry.target, inquiry.loaded.opens_refusal
    x = inquiry.a.residuals[-1].unsqueeze(0).clone().requires_grad_()
    shown = rule.capped(rule.norm(target.head.norm, x[:, -1]) @ target.head.weight.float().T, target.head.cap)
    written = shown[:, opens].logsumexp(-1) - shown[:, ~opens].logsumexp(-1)
    (whole,) = torch.autograd.grad(written.sum(), x)
    (found,) = torch.autograd.grad(target(x, rule).sum(), x)
    torch.testing.assert_close(found, whole, atol=1e-5, rtol=1e-4)


def test_under_relp_all_adds_up_to_m_less_the_kinds_difference_in_entropy(inquiry: Inquiry) -> None:
    for side, m in zip(inquiry.sides, inquiry.m, strict=True):
        weighed = _weighed(inquiry, side)
        found = gradients(side, inquiry.target, RELP)
        for layer, residual in enumerate(side.residuals):
            assert abs((residual * found.residuals[layer]).sum().item() - weighed) < 2e-3 * max(1, abs(weighed))
        p = side.logits.double().softmax(-1)
        kinds = [p[mask] / p[mask].sum() for mask in (inquiry.target.opens, ~inquiry.target.opens)]
        entropy = [-(own * own.log()).sum().item() for own in kinds]
        assert abs(m - (entropy[0] - entropy[1]) - weighed) < 1e-3


def _weighed(inquiry: Inquiry, side: PromptSide) -> float:
    return (inquiry.target.shares(side.logits.unsqueeze(0))[0] * side.logits).sum().item()


def test_a_head_in_bfloat16_has_nearly_the_same_m_and_gradient(embedded: Loaded) -> None:
    """As wide as the weights are: the same ones, in either dtype."""
    inquiry = read_inquiry(embedded, embedded.gemma, ALL)
    assert isinstance(inquiry.target, RefusalOdds)
    rounded = inquiry.target.head.weight.bfloat16()
    both = [
        gradients(inquiry.a, replace(inquiry.target, head=replace(inquiry.target.head, weight=weight)), PLAIN)
        for weight in (rounded.float(), rounded)
    ]
    assert abs(both[0].m - both[1].m) < 1e-2
    wide, narrow = (one.residuals[2] for one in both)
    assert (wide - narrow).norm() < 1e-2 * wide.norm()
