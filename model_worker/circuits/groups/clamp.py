"""Nodes set to values, all of a group at once, in all its layers, in one pass; and random directions as a control.

At each layer, after the lower layers' changes:
    δ = Σ (target_i − a_i now) d_i        at its columns; of neurons (target_i − z_i now), in their place
    target = from + strength · toward
A control replaces each position's δ by a random vector of its norm, at the same places. What a strength predicts is
the slope of m there at 0, by a rule of gradients: one pass back through the same clamp, so what a lower node already
brings to a higher one isn't counted twice.

Knows nothing about roles.
"""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import torch
from torch import Tensor

from model_worker.circuits.basis.reading import seen_by
from model_worker.circuits.inquiry import Inquiry
from model_worker.circuits.rule import PLAIN, RELP_LOOKING, Rule
from model_worker.circuits.sequence_pass import Taps
from model_worker.model.gemma import Gemma

STEP_FLOP = 0.8e9
"""Of rows that go through the model together: some tens of milliseconds on a CPU."""

Masks = Mapping[int, Tensor]
"""Nodes by layer: (columns, n_nodes) bool; layers without any are left out."""
NodeValues = Mapping[int, Tensor]
"""By layer (columns, n_nodes)."""


@dataclass(frozen=True)
class ClampSite:
    """A layer's nodes: positions (p,) of the side; nodes (k,) that any of them has; mask, start, toward (p, k)."""

    positions: Tensor
    nodes: Tensor
    mask: Tensor
    start: Tensor
    toward: Tensor


@dataclass(frozen=True)
class Ran:
    """[row] m; x (rows, d_model), resid_post of the last block at the last token; moved: by gauge (rows,). norms: by
    layer (rows, p), of δ."""

    m: Tensor
    x: Tensor
    moved: dict[str, Tensor]
    norms: dict[int, Tensor]


@dataclass(frozen=True)
class Gauging:
    """How far nodes moved to the other side's values: Σ w (now − own)(other − own) / Σ w (other − own)², w = |d|².
    sites: as of a clamp, start their own values, toward the difference."""

    sites: Mapping[int, ClampSite]
    weights: Mapping[int, Tensor]
    whole: float


@dataclass(frozen=True)
class Clamp:
    """adds: the strength is added to each node, whatever it is now."""

    inquiry: Inquiry
    which: int
    masks: Masks
    start: NodeValues
    toward: NodeValues
    adds: bool = False
    gauges: Mapping[str, Gauging] = field(default_factory=dict)

    @cached_property
    def sites(self) -> dict[int, ClampSite]:
        return sites_of(self.inquiry, self.which, self.masks, self.start, self.toward, self.first)

    @cached_property
    def first(self) -> int:
        """The first position that changes."""
        at = self.inquiry.positions(self.which)
        found = [at[column] for mask in self.masks.values() for column in mask.any(-1).nonzero().flatten().tolist()]
        return min((pos for pos in found if pos >= 0), default=0)

    @property
    def lowest(self) -> int:
        return min(self.sites, default=0)

    @property
    def device(self) -> torch.device:
        return self.inquiry.gemma.device

    @property
    def n_pos(self) -> int:
        """Positions that are computed."""
        return self.inquiry.sides[self.which].n_pos - self.first

    @property
    def at_once(self) -> int:
        return clamp_rows(self.inquiry.gemma, self.n_pos, self.lowest)

    def ran(self, strengths: Sequence[float]) -> Generator[None, None, Ran]:
        """A row each, in short steps."""
        found = []
        for first in range(0, len(strengths), self.at_once):
            found.append(self._run(torch.tensor(strengths[first : first + self.at_once], device=self.device)))
            yield None
        return _joined(found)

    def controls(self, norms: Mapping[int, Tensor], n: int, seed: int) -> Generator[None, None, Ran]:
        """norms: by layer (p,), of one row. n rows of random directions."""
        drawn = self._drawn(norms, n, seed)
        found = []
        for first in range(0, n, self.at_once):
            found.append(self._run_random({layer: own[first : first + self.at_once] for layer, own in drawn.items()}))
            yield None
        return _joined(found)

    def slope(self, rule: Rule = RELP_LOOKING) -> float:
        """∂m/∂strength at 0, by the rule."""
        if not self.sites:
            return 0.0
        with torch.enable_grad():
            strengths = torch.zeros(1, device=self.device, requires_grad=True)
            m = self._through(strengths, rule)[0]
            (found,) = torch.autograd.grad(m.sum(), strengths, allow_unused=True)
        return 0.0 if found is None else found.item()

    @torch.no_grad()
    def _run(self, strengths: Tensor) -> Ran:
        if not self.sites:
            return self._untouched(len(strengths))
        m, x, moved, norms = self._through(strengths, PLAIN)
        return Ran(m, x, moved, norms)

    @torch.no_grad()
    def _run_random(self, drawn: Mapping[int, Tensor]) -> Ran:
        n = len(next(iter(drawn.values()))) if drawn else 0
        m, x, moved, norms = self._through(torch.zeros(n, device=self.device), PLAIN, drawn)
        return Ran(m, x, moved, norms)

    def _untouched(self, n: int) -> Ran:
        side = self.inquiry.sides[self.which]
        m = torch.full((n,), self.inquiry.m[self.which], device=self.device)
        return Ran(
            m,
            side.residuals[-1][-1].expand(n, -1),
            {name: torch.zeros(n, device=self.device) for name in self.gauges},
            {},
        )

    def _drawn(self, norms: Mapping[int, Tensor], n: int, seed: int) -> dict[int, Tensor]:
        """By layer (n, p, width), each as long as its norm."""
        found = {}
        for layer, own in norms.items():
            generator = torch.Generator().manual_seed(seed * 1_000 + layer)
            width = self.inquiry.gemma.shape.d_model if self.inquiry.dictionaries else self._width(layer)
            drawn = torch.randn(n, len(own), width, generator=generator)
            found[layer] = torch.nn.functional.normalize(drawn, dim=-1).to(own.device) * own.view(1, -1, 1)
        return found

    def _width(self, layer: int) -> int:
        return self.inquiry.sides[self.which].neurons[layer].shape[-1]

    def _through(
        self, strengths: Tensor, rule: Rule, drawn: Mapping[int, Tensor] | None = None
    ) -> tuple[Tensor, Tensor, dict[str, Tensor], dict[int, Tensor]]:
        rows, target = len(strengths), self.inquiry.target
        moved = {name: torch.zeros(rows, device=self.device) for name in self.gauges}
        norms: dict[int, Tensor] = {}
        at_depth: list[Tensor] = []
        latents = bool(self.inquiry.dictionaries)
        mids: dict[int, Tensor] = {}

        def mid(layer: int, x: Tensor) -> Tensor:
            mids[layer] = x
            return x

        def seen(layer: int, x: Tensor) -> Tensor:
            if not latents:
                return x
            block = self.inquiry.gemma.blocks[layer]
            return seen_by(self.inquiry.dictionaries[layer], block, x, mids[layer], rule)

        def changed(layer: int, x: Tensor) -> Tensor:
            if (site := self.sites.get(layer)) is not None:
                if drawn is not None:
                    delta = drawn[layer]
                elif self.adds:
                    wide = strengths.view(-1, 1, 1) * site.mask
                    delta = self._written(layer, site, wide)
                else:
                    now = self._read(layer, site, seen(layer, x))
                    wide = (site.start + strengths.view(-1, 1, 1) * site.toward - now) * site.mask
                    delta = self._written(layer, site, wide)
                norms[layer] = delta.detach().norm(dim=-1)
                x = x.index_add(1, site.positions, delta)
            for name, gauge in self.gauges.items():
                if (site := gauge.sites.get(layer)) is not None:
                    now = self._read(layer, site, seen(layer, x).detach())
                    own = (now - site.start) * site.toward * site.mask * gauge.weights[layer]
                    moved[name] = moved[name] + own.sum((-1, -2)) / gauge.whole
            return x

        def resid(layer: int, x: Tensor) -> Tensor:
            if latents:
                x = changed(layer, x)
            if layer == target.depth - 1:
                at_depth.append(x)
            return x

        lowest, start, side = self.lowest, self.first, self.inquiry.sides[self.which]
        if latents:
            mids[lowest] = side.mids[lowest][start:].expand(rows, -1, -1)
            x = resid(lowest, side.residuals[lowest][start:].expand(rows, -1, -1))
            x = side.run(x, first=lowest + 1, start=start, rule=rule, taps=Taps(resid=resid, mid=mid))
        else:
            x = side.into(lowest)[:, start:].expand(rows, -1, -1)
            x = side.run(x, first=lowest, start=start, rule=rule, taps=Taps(resid=resid, neurons=changed))
        return target(at_depth[0], rule), x[:, -1], moved, norms

    def _read(self, layer: int, site: ClampSite, x: Tensor) -> Tensor:
        """NodeValues now, (rows, p, k), of what nodes read, or are, (rows, pos, width)."""
        own = x[:, site.positions]
        if not self.inquiry.dictionaries:
            return own[..., site.nodes]
        dictionary = self.inquiry.dictionaries[layer]
        pre = own @ dictionary.W_enc[:, site.nodes] + dictionary.b_enc[site.nodes]
        return torch.where(pre > dictionary.threshold[site.nodes], pre, 0.0)

    def _written(self, layer: int, site: ClampSite, values: Tensor) -> Tensor:
        """values (rows, p, k) as what is added, (rows, p, width)."""
        if self.inquiry.dictionaries:
            return values @ self.inquiry.dictionaries[layer].W_dec[site.nodes]
        wide = values.new_zeros(*values.shape[:2], self._width(layer))
        return wide.index_add(2, site.nodes, values)


def clamp_flop(gemma: Gemma, n_pos: int, layer: int) -> float:
    """Of one row of n_pos tokens through the blocks from `layer` on."""
    block = gemma.blocks[0]
    weights = sum(one.numel() for one in (block.qkv, block.out, block.gate_up, block.down))
    return 2 * weights * n_pos * (gemma.n_layers - layer)


def clamp_rows(gemma: Gemma, n_pos: int, layer: int) -> int:
    """Rows that make one step."""
    return max(1, int(STEP_FLOP / clamp_flop(gemma, n_pos, layer)))


def sites_of(
    inquiry: Inquiry, which: int, masks: Masks, start: NodeValues, toward: NodeValues, first: int
) -> dict[int, ClampSite]:
    """Positions count from `first`; columns before it, and those that the side lacks, are left out."""
    at = torch.tensor(inquiry.positions(which), device=inquiry.gemma.device)
    found = {}
    for layer, mask in sorted(masks.items()):
        columns = (mask.any(-1) & (at >= first)).nonzero().flatten()
        nodes = mask[columns].any(0).nonzero().flatten()
        if len(nodes):
            cut = (columns.unsqueeze(-1), nodes)
            found[layer] = ClampSite(
                at[columns] - first, nodes, mask[cut].float(), start[layer][cut], toward[layer][cut]
            )
    return found


def gauging_of(inquiry: Inquiry, which: int, masks: Masks, first: int) -> Gauging | None:
    """None where the two sides don't differ, or without a second one. first: as of the clamp that it is laid on."""
    if inquiry.b is None:
        return None
    own, other = inquiry.activations[which], inquiry.activations[1 - which]
    paired = inquiry.paired.unsqueeze(-1)
    both = {layer: mask & paired for layer, mask in masks.items()}
    apart = {layer: other[layer] - own[layer] for layer in both}
    weights = {layer: node_weights(inquiry, layer) for layer in both}
    whole = sum((weights[layer] * apart[layer].square() * mask).sum().item() for layer, mask in both.items())
    if whole <= 0:
        return None
    sites = sites_of(inquiry, which, both, own, apart, first)
    return Gauging(sites, {layer: weights[layer][site.nodes] for layer, site in sites.items()}, whole)


def node_weights(inquiry: Inquiry, layer: int) -> Tensor:
    """|d|² (n_nodes,) of what each writes."""
    rows = inquiry.dictionaries[layer].W_dec if inquiry.dictionaries else inquiry.gemma.blocks[layer].down
    return rows.square().sum(-1)


def to_other(inquiry: Inquiry, which: int, masks: Masks, gauges: Mapping[str, Gauging] | None = None) -> Clamp:
    """Strength 0: as it is; 1: the other prompt's values. Columns without a partner stay."""
    paired = inquiry.paired.unsqueeze(-1)
    own, other = inquiry.activations[which], inquiry.activations[1 - which]
    both = {layer: mask & paired for layer, mask in masks.items() if (mask & paired).any()}
    return Clamp(inquiry, which, both, own, {layer: other[layer] - own[layer] for layer in both}, gauges=gauges or {})


def scaled(inquiry: Inquiry, which: int, masks: Masks, gauges: Mapping[str, Gauging] | None = None) -> Clamp:
    """Strength 0: as it is; −1: off."""
    own = inquiry.activations[which]
    return Clamp(inquiry, which, masks, own, own, gauges=gauges or {})


def added(inquiry: Inquiry, which: int, masks: Masks, gauges: Mapping[str, Gauging] | None = None) -> Clamp:
    own = inquiry.activations[which]
    return Clamp(inquiry, which, masks, own, own, adds=True, gauges=gauges or {})


def _joined(parts: Sequence[Ran]) -> Ran:
    return Ran(
        torch.cat([one.m for one in parts]),
        torch.cat([one.x for one in parts]),
        {name: torch.cat([one.moved[name] for one in parts]) for name in parts[0].moved},
        {layer: torch.cat([one.norms[layer] for one in parts]) for layer in parts[0].norms},
    )
