"""Which token is drawn, and what a distribution says."""

import pytest
import torch
from transformers import TopPLogitsWarper

from model_worker.decoding.odds import GREEDY_DRAW, Draw, choose, draw_at, odds_of
from protocol.worker.requests import Sampling

pytestmark = pytest.mark.core

LOGITS = torch.tensor([0.1, 0.2, 0.3, 0.4]).log()


def drawn(temperature: float, top_p: float, u: float, logits: torch.Tensor = LOGITS) -> int:
    return choose(logits.unsqueeze(0), [Draw(temperature, top_p, u)]).item()


def test_temperature_0_takes_the_likeliest() -> None:
    assert choose(LOGITS.repeat(2, 1), [GREEDY_DRAW, GREEDY_DRAW]).tolist() == [3, 3]


@pytest.mark.parametrize(("u", "token"), [(0.0, 3), (0.39, 3), (0.41, 2), (0.69, 2), (0.71, 1), (0.89, 1), (0.91, 0)])
def test_a_draw_falls_into_the_cumulated_share_of_its_token(u: float, token: int) -> None:
    assert drawn(1.0, 1.0, u) == token


def test_a_draw_just_below_one_takes_the_last_token_that_is_kept() -> None:
    below_one = 1 - 2**-53
    assert drawn(1.0, 1.0, below_one) == 0
    assert drawn(1.0, 0.65, below_one) == 2, "0.4 + 0.3 is the smallest set that holds 0.65"


def test_what_top_p_keeps_is_scaled_up_to_one() -> None:
    assert drawn(1.0, 0.65, 0.56) == 3, "0.56 of the 0.7 that is kept lies within the first 0.4"
    assert drawn(1.0, 0.65, 0.58) == 2


@pytest.mark.parametrize("spread", [0.0, 0.3, 3.0], ids=["all alike", "flat", "peaked"])
def test_looking_at_the_likeliest_first_changes_nothing(spread: float) -> None:
    torch.manual_seed(1)
    logits = (spread * torch.randn(500)).bfloat16().float()  # with ties
    for top_p in (1.0, 0.999, 0.4):
        us = torch.linspace(1e-4, 1 - 1e-4, 397, dtype=torch.double).tolist()
        ours = choose(logits.expand(397, -1), [Draw(1.0, top_p, u) for u in us]).tolist()
        probs, order = logits.double().softmax(-1).sort(descending=True, stable=True)
        kept = probs[probs.cumsum(-1) - probs < top_p]
        upto = kept.cumsum(-1) / (kept.sum() if top_p < 1 else 1.0)
        expected = [order[min(int((upto <= u).sum()), len(kept) - 1)].item() for u in us]
        assert sum(a != b for a, b in zip(ours, expected, strict=True)) <= 1, "but for a draw on the very edge"


def test_temperature_sharpens() -> None:
    weights = torch.tensor([0.1, 0.2, 0.3, 0.4]) ** 2  # temperature 0.5
    share = (weights[3] / weights.sum()).item()
    assert drawn(0.5, 1.0, share - 0.01) == 3 and drawn(0.5, 1.0, share + 0.01) == 2


def test_top_p_keeps_what_transformers_keeps() -> None:
    torch.manual_seed(0)
    for top_p in (0.05, 0.3, 0.62, 0.9, 0.999):
        logits = 3 * torch.randn(1, 50)
        warped = TopPLogitsWarper(top_p)(None, logits.clone())
        kept = {int(token) for token in (warped[0] > -torch.inf).nonzero()}
        us = torch.linspace(0, 1 - 1e-9, 5_000, dtype=torch.double).tolist()
        reached = set(choose(logits.expand(len(us), -1), [Draw(1.0, top_p, u) for u in us]).tolist())
        rare = {token for token in kept if logits.softmax(-1)[0, token] < 1e-3}
        assert kept - rare <= reached


def test_draws_of_many_seeds_follow_the_distribution() -> None:
    n = 4_000
    draws = [draw_at(Sampling(temperature=1.0, seed=seed), 0, 0) for seed in range(n)]
    counts = torch.bincount(choose(LOGITS.repeat(n, 1), draws), minlength=4).double()
    expected = n * LOGITS.double().exp()
    assert ((counts - expected) ** 2 / expected).sum() < 16.3, "chi-square, 3 degrees of freedom, p = .001"


def test_a_draw_depends_on_seed_sample_and_place_alone() -> None:
    sampling = Sampling(temperature=1.0, seed=1, n_samples=4)
    us = {
        draw_at(sampling.model_copy(update={"seed": s}), n, place).u for s in (1, 2) for n in (0, 1) for place in (0, 1)
    }
    assert len(us) == 8
    assert draw_at(sampling, 1, 1) == draw_at(sampling.model_copy(update={"n_samples": 2}), 1, 1)


def test_greedy_and_sampled_rows_share_a_batch() -> None:
    assert choose(LOGITS.repeat(3, 1), [Draw(1.0, 1.0, 0.95), GREEDY_DRAW, Draw(1.0, 1.0, 0.5)]).tolist() == [0, 3, 2]


def test_odds_of_a_token_are_worked_by_hand() -> None:
    odds = odds_of(LOGITS.unsqueeze(0), torch.tensor([1]))[0]
    p = torch.tensor([0.1, 0.2, 0.3, 0.4], dtype=torch.double)
    assert odds.logprob == pytest.approx(p[1].log().item(), abs=1e-6)
    assert odds.entropy == pytest.approx(-(p * p.log()).sum().item(), abs=1e-6)
    assert odds.margin == pytest.approx((p[3] / p[2]).log().item(), abs=1e-6)
