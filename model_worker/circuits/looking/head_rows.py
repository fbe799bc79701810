"""Heads at the end of the prompt: how much they look at the name, and whether their looking or what they move matters.

1. A score for every head: what moves its z at the end to the other side's, by the mean of both gradients.
2. The N_HEADS with the largest are measured, in both hosts: the output z swapped at the end; the pattern of that one
   query swapped, its values the host's own; and a random z as far away, the control.
3. Patterns of all heads of all layers swapped together, for the queries at the end, inside the name, and elsewhere: the
   last is the control of the others.

A donor's attention goes to the host's token of the same column. Tokens without a partner keep what the host gives them,
and the row is brought back to 1. One prompt alone: z is 0 in place of the other's, and the name is hidden in place of
looked at otherwise. Knows nothing about scores of latents or neurons, or why a head looks there: look.py.
"""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from model_worker.circuits.exact import rows_at_once
from model_worker.circuits.gradients import Gradients
from model_worker.circuits.inquiry import Inquiry, PromptSide, spans
from model_worker.circuits.random_band import random_band
from model_worker.circuits.rule import PLAIN
from model_worker.circuits.sequence_pass import Taps
from model_worker.rounding import rounded
from protocol.worker.circuit_frames import HeadRow, Heads, LookingTokens, PatternShare

N_HEADS = 12
_SEEN = 1e-30
"""Where a query gives no other token more than this, hiding the name leaves nothing to look at."""

SwapKind = tuple[str, int, int]
"""What is done, the layer, the head."""


@dataclass(frozen=True)
class _Host:
    """A side as it is, and what it is given: z (pos, n_heads, head_dim) and patterns (n_heads, pos, pos) by layer."""

    side: PromptSide
    m: float
    heads: tuple[Tensor, ...]
    patterns: tuple[Tensor, ...]


def head_rows(inquiry: Inquiry, slopes: Sequence[Gradients]) -> Generator[Heads | None]:
    """slopes: plain ones, by side. None between batches."""
    hosts = [_host(inquiry, which) for which in range(len(inquiry.sides))]
    chosen = _chosen(hosts, slopes)
    yield None
    measured, controls = [], []
    for host in hosts:
        changes: dict[SwapKind, float] = {}
        for layer in sorted({layer for layer, _ in chosen}):
            swaps = [
                (what, layer, head) for at, head in chosen if at == layer for what in ("output", "pattern", "random")
            ]
            for batch in spans(swaps, rows_at_once(inquiry, layer - 1, 1)):
                changes.update(zip(batch, _changes(inquiry, host, layer, batch), strict=True))
                yield None
        measured.append(changes)
        controls.append(random_band([change for (what, _, _), change in changes.items() if what == "random"]))
    shares: list[PatternShare] = []
    for queries, places in _queries(inquiry).items():
        of_host = []
        for which in range(len(hosts)):
            of_host.append(_share(inquiry, hosts, which, places))
            yield None
        shares.append(PatternShare(queries=queries, in_a=of_host[0], in_b=of_host[1] if len(of_host) > 1 else None))
    looks = [[_attention(host.side, layer, head) for layer, head in chosen] for host in hosts]
    rows = []
    for n, (layer, head) in enumerate(chosen):
        output = [rounded(changes["output", layer, head]) for changes in measured] + [None]
        pattern = [rounded(changes["pattern", layer, head]) for changes in measured] + [None]
        rows.append(
            HeadRow(
                layer=layer,
                head=head,
                attention_a=looks[0][n],
                attention_b=looks[1][n] if len(looks) > 1 else None,
                output_a=output[0],
                output_b=output[1],
                pattern_a=pattern[0],
                pattern_b=pattern[1],
            )
        )
    yield Heads(
        seq=0,
        heads=tuple(rows),
        n_heads=inquiry.target.depth * inquiry.gemma.shape.n_heads,
        control_a=controls[0],
        control_b=controls[1] if len(controls) > 1 else None,
        patterns=tuple(shares),
    )


def donated(inquiry: Inquiry, which: int, layer: int) -> Tensor:
    """The other side's pattern of a layer as side `which` can look, (n_heads, pos, pos). A query without a partner
    keeps its own."""
    host, donor = inquiry.sides[which], inquiry.sides[1 - which]
    pairs = [
        (own, other)
        for own, other in zip(inquiry.positions(which), inquiry.positions(1 - which), strict=True)
        if own >= 0 and other >= 0
    ]
    own = torch.tensor([pair[0] for pair in pairs])
    other = torch.tensor([pair[1] for pair in pairs])
    given = host.patterns[layer].clone()
    rows = given[:, own]
    rows[:, :, own] = donor.patterns[layer][:, other][:, :, other]
    given[:, own] = rows / rows.sum(-1, keepdim=True).clamp(min=1e-12)
    return given


def hidden(side: PromptSide, layer: int) -> Tensor:
    """The side's own pattern with the name hidden from what comes after it, (n_heads, pos, pos), rows at 1."""
    name = side.prompt.entity
    given = side.patterns[layer].clone()
    given[:, name.end :, name.start : name.end] = 0.0
    total = given.sum(-1, keepdim=True)
    return torch.where(total > _SEEN, given / total.clamp(min=_SEEN), side.patterns[layer])


def _host(inquiry: Inquiry, which: int) -> _Host:
    side = inquiry.sides[which]
    layers = range(inquiry.target.depth)
    if inquiry.b is None:
        zeros = tuple(torch.zeros_like(side.heads[layer]) for layer in layers)
        return _Host(side, inquiry.m[which], zeros, tuple(hidden(side, layer) for layer in layers))
    ends = []
    for layer in layers:
        given = side.heads[layer].clone()
        given[-1] = inquiry.sides[1 - which].heads[layer][-1]
        ends.append(given)
    return _Host(side, inquiry.m[which], tuple(ends), tuple(donated(inquiry, which, layer) for layer in layers))


def _chosen(hosts: Sequence[_Host], slopes: Sequence[Gradients]) -> list[tuple[int, int]]:
    """Layer and head, in that order: those that by the gradients move m most, by what they write at the end."""
    layers = range(len(hosts[0].heads))
    scores = []
    for layer in layers:
        moved = hosts[0].heads[layer][-1] - hosts[0].side.heads[layer][-1]
        slope = torch.stack([one.heads[layer][-1] for one in slopes]).mean(0)
        scores.append((moved * slope).sum(-1).abs())
    flat = torch.stack(scores)
    best = flat.flatten().topk(min(N_HEADS, flat.numel())).indices.tolist()
    return sorted(divmod(one, flat.shape[1]) for one in best)


@torch.no_grad()
def _changes(inquiry: Inquiry, host: _Host, layer: int, swaps: Sequence[SwapKind]) -> list[float]:
    """Of m, a row for each swap of the layer."""

    def heads(at: int, z: Tensor) -> Tensor:
        if at == layer:
            for row, (what, _, head) in enumerate(swaps):
                if what == "output":
                    z[row, -1, head] = host.heads[layer][-1, head]
                elif what == "random":
                    away = host.heads[layer][-1, head] - host.side.heads[layer][-1, head]
                    z[row, -1, head] += _random(away, inquiry.request.seed + 1_000 * layer + head)
        return z

    def pattern(at: int, own: Tensor) -> Tensor:
        if at == layer:
            for row, (what, _, head) in enumerate(swaps):
                if what == "pattern":
                    own[row, head, -1] = host.patterns[layer][head, -1]
        return own

    end = host.side.n_pos - 1  # what is before it can't see it
    return _moved(inquiry, host, len(swaps), (layer, end), Taps(heads=heads, pattern=pattern))


@torch.no_grad()
def _share(inquiry: Inquiry, hosts: Sequence[_Host], which: int, places: Callable[[PromptSide], Tensor]) -> float:
    """Of the gap, or of m where there is no other side."""
    host = hosts[which]
    at = places(host.side)

    start = int(at.min())

    def pattern(layer: int, own: Tensor) -> Tensor:
        own[:, :, at - start] = host.patterns[layer][:, at]
        return own

    change = _moved(inquiry, host, 1, (0, start), Taps(pattern=pattern))[0]
    whole = (hosts[1 - which].m if len(hosts) > 1 else 0.0) - host.m
    return rounded(change / whole) if abs(whole) > 1e-6 else 0.0


def _moved(inquiry: Inquiry, host: _Host, n_rows: int, begins: tuple[int, int], taps: Taps) -> list[float]:
    """begins: block and position from which on anything can differ."""
    (first, start), target = begins, inquiry.target
    x = host.side.into(first)[:, start:].expand(n_rows, -1, -1)
    return (target(host.side.run(x, first=first, end=target.depth, start=start, taps=taps), PLAIN) - host.m).tolist()


def _queries(inquiry: Inquiry) -> dict[LookingTokens, Callable[[PromptSide], Tensor]]:
    """By which tokens look: their positions on a side. `name` of a prompt alone: nothing behind it hides from it, so it
    stays out."""

    def name(side: PromptSide) -> Tensor:
        return torch.arange(side.prompt.entity.start, side.prompt.entity.end)

    def end(side: PromptSide) -> Tensor:
        return torch.tensor([side.n_pos - 1])

    def elsewhere(side: PromptSide) -> Tensor:
        taken = {*name(side).tolist(), side.n_pos - 1}
        return torch.tensor([pos for pos in range(side.n_pos) if pos not in taken])

    if inquiry.b is None:
        return {"end": end, "elsewhere": elsewhere}
    return {"end": end, "name": name, "elsewhere": elsewhere}


def _attention(side: PromptSide, layer: int, head: int) -> float:
    name = side.prompt.entity
    return rounded(side.patterns[layer][head, -1, name.start : name.end].sum().item())


def _random(away: Tensor, seed: int) -> Tensor:
    drawn = torch.randn(away.shape, generator=torch.Generator().manual_seed(seed)).to(away.device)
    return drawn / drawn.norm() * away.norm()
