"""What the model does where it can't know whom it is asked about: the frame `defaults`.

    untouched           m as it is
    name_hidden         the last token may not look at the name, in any head; what is left of where it looks is
                        renormalised. Control: as many other tokens in a row, before the name or behind it
    name_neutral        at the name's last token the mean of known and unknown names of its type, after the layer where
                        a latent first tells them apart as well as any does. Control: a random push as long
    recognition_off     all that recognises, off. Control: random directions of equal norm at the same places
    not_recognised_on   all that doesn't, as it is on unknown names where it fires. Control: the same

What needs names of the model's world is left out where there is none, and without a role's nodes its tests. Knows
nothing about how roles are found.
"""

from collections.abc import Generator
from dataclasses import dataclass

import torch
from torch import Tensor

from model_worker.answering.entity import name_places
from model_worker.circuits.exact import rows_at_once
from model_worker.circuits.groups.clamp import Clamp, Ran
from model_worker.circuits.groups.roles import NAME_R, Roles
from model_worker.circuits.groups.said_next import said_next
from model_worker.circuits.inquiry import Inquiry, PromptSide
from model_worker.circuits.random_band import random_band
from model_worker.circuits.rule import PLAIN
from model_worker.circuits.sequence_pass import Taps
from model_worker.rounding import rounded
from protocol.circuit import DefaultTest
from protocol.spelling import fold
from protocol.worker.circuit_frames import DefaultResult, Defaults, RandomBand
from protocol.worker.frames import Frame

NEARLY_AS_WELL = 0.9
HIDDEN_ROWS = 8


@dataclass(frozen=True)
class DefaultTried:
    """A test on one side. m after it; x (d_model,) of the last token; controls (n,): m after each."""

    m: float
    x: Tensor
    controls: Tensor

    @property
    def band(self) -> RandomBand | None:
        return random_band(self.controls)


def defaults(inquiry: Inquiry, roles: Roles) -> Generator[Frame | None]:
    tried = yield from default_tests(inquiry, roles)
    results = []
    for test, sides in tried.items():
        top, _ = yield from said_next(inquiry, torch.stack([one.x for one in sides]))
        results.append(
            DefaultResult(
                test=test,
                m=tuple(rounded(one.m) for one in sides),
                control=tuple(one.band for one in sides),
                top=tuple(top),
            )
        )
    yield Defaults(seq=0, results=tuple(results))


def default_tests(inquiry: Inquiry, roles: Roles) -> Generator[None, None, dict[DefaultTest, list[DefaultTried]]]:
    """By test, a result a side. In short steps."""
    found: dict[DefaultTest, list[DefaultTried]] = {"untouched": [], "name_hidden": []}
    for which, side in enumerate(inquiry.sides):
        found["untouched"].append(DefaultTried(inquiry.m[which], side.residuals[-1][-1], torch.zeros(0)))
        found["name_hidden"].append((yield from _hidden(inquiry, which)))
    layer = neutral_layer(roles)
    if layer is not None:
        found["name_neutral"] = []
        for which in range(len(inquiry.sides)):
            found["name_neutral"].append((yield from _neutral(inquiry, roles, which, layer)))
    role_tests: tuple[tuple[DefaultTest, float], ...] = (("recognition_off", 1.0), ("not_recognised_on", -1.0))
    for test, sign in role_tests:
        clamps = [_role_clamp(inquiry, roles, which, sign) for which in range(len(inquiry.sides))]
        if all(clamp.sites for clamp in clamps):
            found[test] = []
            for clamp in clamps:
                found[test].append((yield from _clamped(clamp)))
    return found


def neutral_layer(roles: Roles) -> int | None:
    """The first at which a node's |r| at the name's last token is nearly the largest of all; not the last one that was
    read, behind which no token sees the name. None: nothing was read."""
    best = {layer: own.abs().max().item() for (place, layer), own in roles.r.items() if place == "name_last"}
    best.pop(max(best, default=-1), None)
    if not best:
        return None
    return min(layer for layer, own in best.items() if own >= NEARLY_AS_WELL * max(best.values()))


def type_of(inquiry: Inquiry, side: PromptSide) -> str | None:
    """Of the name that a prompt asks about: as the world has it, else as the card's question says."""
    loaded, text = inquiry.loaded, side.prompt.name or ""
    named = loaded.world.named(text)
    if named:
        return named[0].type
    around = fold("".join(token.text for token in side.prompt.tokens if token.role == "text"))
    fits = [
        one.type for one in name_places(loaded.card.attributes) if fold(" ".join((*one.before, *one.after))) == around
    ]
    return fits[0] if fits else None


def _hidden(inquiry: Inquiry, which: int) -> Generator[None, None, DefaultTried]:
    side = inquiry.sides[which]
    start, end = side.prompt.entity.start, min(side.prompt.entity.end, side.n_pos - 1)
    n = end - start
    windows = [first for first in range(1, side.n_pos - n) if first + n <= start or first >= end]
    n_controls = min(inquiry.request.n_controls, len(windows))
    spread = [windows[place * len(windows) // n_controls] for place in range(n_controls)]
    m, x = [], []
    rows = [start, *spread]
    for first in range(0, len(rows), HIDDEN_ROWS):
        found = _looking_away(inquiry, side, rows[first : first + HIDDEN_ROWS], n)
        m.append(found[0])
        x.append(found[1])
        yield None
    all_m = torch.cat(m)
    return DefaultTried(all_m[0].item(), x[0][0], all_m[1:])


@torch.no_grad()
def _looking_away(inquiry: Inquiry, side: PromptSide, firsts: list[int], n: int) -> tuple[Tensor, Tensor]:
    """m and the last residual where the last token doesn't see n tokens from each first on."""
    seen = torch.ones(len(firsts), side.n_pos, device=side.embedding.device)
    for row, first in enumerate(firsts):
        seen[row, first : first + n] = 0.0
    at_depth: list[Tensor] = []

    def pattern(_layer: int, own: Tensor) -> Tensor:
        kept = own * seen.view(len(firsts), 1, 1, -1)
        return kept / kept.sum(-1, keepdim=True).clamp(min=1e-30)

    def resid(layer: int, x: Tensor) -> Tensor:
        if layer == inquiry.target.depth - 1:
            at_depth.append(x)
        return x

    x = side.embedding[:, -1:].expand(len(firsts), -1, -1)
    x = side.run(x, start=side.n_pos - 1, taps=Taps(pattern=pattern, resid=resid))
    return inquiry.target(at_depth[0], PLAIN), x[:, -1]


def _neutral(inquiry: Inquiry, roles: Roles, which: int, layer: int) -> Generator[None, None, DefaultTried]:
    side = inquiry.sides[which]
    last = side.prompt.entity.end - 1
    kind = type_of(inquiry, side)
    wanted = [own for one, own in roles.residual.items() if one == kind] or list(roles.residual.values())
    delta = torch.stack([one[layer] for one in wanted]).mean(0) - side.residuals[layer][last]
    n = inquiry.request.n_controls
    drawn = torch.randn(n, len(delta), generator=torch.Generator().manual_seed(inquiry.request.seed * 1_000 + layer))
    random = torch.nn.functional.normalize(drawn, dim=-1).to(delta.device) * delta.norm()
    rows = torch.cat([delta.unsqueeze(0), random])
    m, x = [], []
    for some in rows.split(rows_at_once(inquiry, layer, side.n_pos - last)):
        found = _pushed(inquiry, side, layer, some)
        m.append(found[0])
        x.append(found[1])
        yield None
    all_m = torch.cat(m)
    return DefaultTried(all_m[0].item(), x[0][0], all_m[1:])


@torch.no_grad()
def _pushed(inquiry: Inquiry, side: PromptSide, layer: int, deltas: Tensor) -> tuple[Tensor, Tensor]:
    """deltas (rows, d_model), added after the layer at the name's last token."""
    at_depth: list[Tensor] = []

    def resid(at: int, x: Tensor) -> Tensor:
        if at == inquiry.target.depth - 1:
            at_depth.append(x)
        return x

    start = side.prompt.entity.end - 1
    first = torch.zeros(1, dtype=torch.long, device=deltas.device)
    x = side.residuals[layer][start:].expand(len(deltas), -1, -1).index_add(1, first, deltas.unsqueeze(1))
    x = side.run(resid(layer, x), first=layer + 1, start=start, taps=Taps(resid=resid), last_only=True)
    return inquiry.target(at_depth[0], PLAIN), x[:, -1]


def _role_clamp(inquiry: Inquiry, roles: Roles, which: int, sign: float) -> Clamp:
    """At the name's last token: what has r of that sign, off where it is 1, and as on unknown names where it is −1."""
    column = next((n for n, one in enumerate(inquiry.columns) if one.place == "name_last"), None)
    masks, start, toward = {}, {}, {}
    for layer, own in inquiry.activations[which].items():
        r = roles.r.get(("name_last", layer))
        if r is None or column is None or not (sign * r > NAME_R).any():
            continue
        masks[layer] = torch.zeros_like(own, dtype=torch.bool)
        masks[layer][column] = sign * r > NAME_R
        target = torch.zeros_like(own)
        if sign < 0:
            target[column] = roles.where_it_fires("unknown", layer, bool(inquiry.dictionaries))
        start[layer], toward[layer] = own, target - own
    return Clamp(inquiry, which, masks, start, toward)


def _clamped(clamp: Clamp) -> Generator[None, None, DefaultTried]:
    ran: Ran = yield from clamp.ran([1.0])
    request = clamp.inquiry.request
    controls = torch.zeros(0)
    if request.n_controls:
        norms = {layer: own[0] for layer, own in ran.norms.items()}
        controls = (yield from clamp.controls(norms, request.n_controls, request.seed)).m
    return DefaultTried(ran.m[0].item(), ran.x[0], controls)
