"""What a next-token distribution says, and which token is drawn from it.

A draw depends on the row's seed, its sample and the token's place in the answer, and on nothing else: batch mates
never change a text. One uniform number u decides: tokens are ordered by falling probability (ties by id), and the
one whose share of the cumulated probability holds u is chosen. Knows nothing about rows or caches.
"""

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from model_worker.model.head import largest
from protocol.worker.requests import Sampling


class Odds(NamedTuple):
    """Of a token under the model's own distribution, in nats; `margin` is between the two likeliest tokens, `peak` the
    log-probability of the likeliest."""

    logprob: float
    entropy: float
    margin: float
    peak: float


class Draw(NamedTuple):
    """How a row chooses at one place. temperature 0: greedy."""

    temperature: float
    top_p: float
    u: float


GREEDY_DRAW = Draw(0.0, 1.0, 0.0)
LIKELIEST = 64


def draw_at(sampling: Sampling, sample: int, place: int) -> Draw:
    """The draw of the answer's token number `place`."""
    if sampling.temperature == 0:
        return GREEDY_DRAW
    drawn = hashlib.blake2b(f"{sampling.seed} {sample} {place}".encode(), digest_size=8).digest()
    return Draw(sampling.temperature, sampling.top_p, int.from_bytes(drawn, "little") / 2**64)


def choose(logits: Tensor, draws: Sequence[Draw]) -> Tensor:
    """Token ids (batch,), from logits (batch, vocab), a draw a row."""
    chosen = logits.argmax(-1)
    sampled = [row for row, draw in enumerate(draws) if draw.temperature > 0]
    if not sampled:
        return chosen

    def column(values: list[float]) -> Tensor:
        return torch.tensor(values, dtype=torch.float64, device=logits.device).unsqueeze(-1)

    temperature = column([draws[row].temperature for row in sampled])
    top_p = column([draws[row].top_p for row in sampled])
    u = column([draws[row].u for row in sampled])
    probs = (logits[sampled].double() / temperature).softmax(-1)
    # Sorting a large vocabulary is dear, and the likeliest few nearly always decide.
    few = min(LIKELIEST, probs.shape[-1])
    tokens, decided = _drawn(probs, probs.topk(few).indices.sort(-1).values, top_p, u)
    if not decided.all():
        whole = torch.arange(probs.shape[-1], device=probs.device).expand_as(probs)
        tokens = torch.where(decided, tokens, _drawn(probs, whole, top_p, u)[0])
    chosen[sampled] = tokens
    return chosen


def _drawn(probs: Tensor, among: Tensor, top_p: Tensor, u: Tensor) -> tuple[Tensor, Tensor]:
    """The token drawn among the likeliest (batch, n), listed by id, and whether the others couldn't have changed it."""
    ordered, order = probs.gather(-1, among).sort(dim=-1, descending=True, stable=True)
    upto = ordered.cumsum(-1)
    kept = upto - ordered < top_p  # the smallest set of tokens that holds top_p; the first is always in it
    closed = (upto[:, -1:] >= top_p) & (top_p < 1)
    total = torch.where(closed, (ordered * kept).sum(-1, keepdim=True), 1.0)
    at = torch.searchsorted(upto, u * total, right=True)
    place = at.clamp(max=kept.sum(-1, keepdim=True) - 1).clamp(min=0)
    # a token as likely as the last of these may have been listed in the place of another
    decided = (closed | (u * total < upto[:, -1:]) & (top_p == 1)) & (ordered.gather(-1, place) > ordered[:, -1:])
    return among.gather(-1, order.gather(-1, place)).squeeze(-1), decided.squeeze(-1)


def missed_by(logits: Tensor, chosen: Tensor, wanted: Tensor, draws: Sequence[Draw]) -> list[float]:
    """How nearly a wanted token would have been chosen, in nats; 0 is as nearly as can be.

    greedy   what it lacks in log-probability to the chosen one
    sampled  the same, as two tokens that are as likely might be listed the other way round; or, where that is less, by
             how much the log-odds of the tokens listed before it would have to be other for the draw to fall into its
             share, at temperature 1 (what top_p leaves out taken as it is). As the temperature falls to 0 this becomes
             what it is for greedy.

    logits (batch, vocab); chosen, wanted (batch,)
    """
    if not draws:
        return []

    def of(table: Tensor, tokens: Tensor) -> Tensor:
        return table.gather(-1, tokens.unsqueeze(-1))

    logprobs = logits.log_softmax(-1)
    lacks = (of(logprobs, chosen) - of(logprobs, wanted)).abs()
    if all(draw.temperature == 0 for draw in draws):
        return lacks.squeeze(-1).tolist()
    temperature, top_p, u = torch.tensor(draws, dtype=torch.float64, device=logits.device).split(1, dim=-1)
    scaled = logits.double() / temperature.where(temperature > 0, 1.0)
    probs = scaled.softmax(-1)
    own, ids = of(probs, wanted), torch.arange(probs.shape[-1], device=probs.device)
    ordered = probs.sort(-1, descending=True).values
    kept = ordered.cumsum(-1) - ordered < top_p
    drawn = u * torch.where(top_p < 1, (ordered * kept).sum(-1, keepdim=True), 1.0)
    before = (probs > own) | ((probs == own) & (ids < wanted.unsqueeze(-1)))
    past = drawn >= (probs * before).sum(-1, keepdim=True)  # it counts as before too
    before |= past & (ids == wanted.unsqueeze(-1))
    edge = scaled.masked_fill(~before, -torch.inf).logsumexp(-1) - scaled.masked_fill(before, -torch.inf).logsumexp(-1)
    shift = temperature * (edge.unsqueeze(-1) - drawn.logit()).abs()
    return torch.where(temperature > 0, torch.minimum(lacks, shift), lacks).squeeze(-1).tolist()


def odds_of(logits: Tensor, tokens: Tensor) -> list[Odds]:
    """logits (batch, vocab) fp32, tokens (batch,)."""
    logprobs = logits.log_softmax(-1)
    entropy = -logprobs.exp().mul_(logprobs).sum(-1)
    best, _ = largest(logprobs, 2)
    own, peak = logprobs.gather(-1, tokens.unsqueeze(-1)).squeeze(-1), best[:, 0]
    columns = torch.stack([own, entropy, peak - best[:, 1], peak], -1)
    return [Odds(*row) for row in columns.tolist()]
