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
from model_worker.circuits.exact import rows_at_once
from model_worker.circuits.groups.gauges import Gauging
from model_worker.circuits.groups.sites import ClampSite, Masks, NodeValues, sites_of
from model_worker.circuits.inquiry import Inquiry
from model_worker.circuits.rule import PLAIN, RELP_LOOKING, Rule
from model_worker.circuits.sequence_pass import Taps
from model_worker.model.gemma import Gemma


@dataclass(frozen=True)
class Ran:
    """[row] m; x (rows, d_model), resid_post of the last block at the last token; moved: by gauge (rows,). norms: by
    layer (rows, p), of δ."""

    m: Tensor
    x: Tensor
    moved: dict[str, Tensor]
    norms: dict[int, Tensor]


@dataclass(frozen=True)
class Clamp:
    """adds: the strength is added to each node, whatever it is now. begins: positions before it stay as they are."""

    inquiry: Inquiry
    which: int
    masks: Masks
    start: NodeValues
    toward: NodeValues
    adds: bool = False
    begins: int = 0
    gauges: Mapping[str, Gauging] = field(default_factory=dict)

    @cached_property
    def sites(self) -> dict[int, ClampSite]:
        return sites_of(self.inquiry, self.which, self.masks, self.start, self.toward, self.first)

    @cached_property
    def first(self) -> int:
        """The first position that changes; where none does, the first that is asked to."""
        at = self.inquiry.positions(self.which)
        found = {at[column] for mask in self.masks.values() for column in mask.any(-1).nonzero().flatten().tolist()}
        return min((pos for pos in found if pos >= self.begins), default=min(found - {-1}, default=0))

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
        """Rows of a step. Neurons are changed inside their block, latents behind it."""
        behind = self.lowest if self.inquiry.dictionaries else self.lowest - 1
        return rows_at_once(self.inquiry, behind, self.n_pos)

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
            m = self._through(strengths, rule, gauges={})[0]
            (found,) = torch.autograd.grad(m.sum(), strengths, allow_unused=True)
        return 0.0 if found is None else found.item()

    @torch.no_grad()
    def _run(self, strengths: Tensor) -> Ran:
        if not self.sites:
            return self._untouched(len(strengths))
        m, x, moved, norms = self._through(strengths, PLAIN, gauges=self.gauges)
        return Ran(m, x, moved, norms)

    @torch.no_grad()
    def _run_random(self, drawn: Mapping[int, Tensor]) -> Ran:
        n = len(next(iter(drawn.values()))) if drawn else 0
        m, x, moved, norms = self._through(torch.zeros(n, device=self.device), PLAIN, drawn, gauges=self.gauges)
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
            n_skipped = self.sites[layer].n_skipped
            drawn = torch.randn(n, n_skipped + len(own), width, generator=generator)[:, n_skipped:]
            found[layer] = torch.nn.functional.normalize(drawn, dim=-1).to(own.device) * own.view(1, -1, 1)
        return found

    def _width(self, layer: int) -> int:
        return self.inquiry.sides[self.which].neurons[layer].shape[-1]

    def _through(
        self,
        strengths: Tensor,
        rule: Rule,
        drawn: Mapping[int, Tensor] | None = None,
        *,
        gauges: Mapping[str, Gauging],
    ) -> tuple[Tensor, Tensor, dict[str, Tensor], dict[int, Tensor]]:
        rows, target = len(strengths), self.inquiry.target
        moved = {name: torch.zeros(rows, device=self.device) for name in gauges}
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
                    now = site.read(seen(layer, x))
                    wide = (site.start + strengths.view(-1, 1, 1) * site.toward - now) * site.mask
                    delta = self._written(layer, site, wide)
                norms[layer] = delta.detach().norm(dim=-1)
                x = x.index_add(1, site.positions, delta)
            for name, gauge in gauges.items():
                if (site := gauge.sites.get(layer)) is not None:
                    now = site.read(seen(layer, x).detach())
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
        top = side.whole.gemma.n_layers - 1
        last_only = all(top not in sites for sites in (self.sites, *(own.sites for own in gauges.values())))
        if latents:
            mids[lowest] = side.mids[lowest][start:].expand(rows, -1, -1)
            x = resid(lowest, side.residuals[lowest][start:].expand(rows, -1, -1))
            taps = Taps(resid=resid, mid=mid)
            x = side.run(x, first=lowest + 1, start=start, rule=rule, taps=taps, last_only=last_only)
        else:
            x = side.into(lowest)[:, start:].expand(rows, -1, -1)
            taps = Taps(resid=resid, neurons=changed)
            x = side.run(x, first=lowest, start=start, rule=rule, taps=taps, last_only=last_only)
        return target(at_depth[0], rule), x[:, -1], moved, norms

    def _written(self, layer: int, site: ClampSite, values: Tensor) -> Tensor:
        """values (rows, p, k) as what is added, (rows, p, width)."""
        if site.latents is not None:
            return values @ site.latents.W_dec
        wide = values.new_zeros(*values.shape[:2], self._width(layer))
        return wide.index_add(2, site.nodes, values)


def clamp_flop(gemma: Gemma, n_pos: int, layer: int) -> float:
    """Of one row of n_pos tokens through the blocks from `layer` on."""
    block = gemma.blocks[0]
    weights = sum(one.numel() for one in (block.qkv, block.out, block.gate_up, block.down))
    return 2 * weights * n_pos * (gemma.n_layers - layer)


def to_other(inquiry: Inquiry, which: int, masks: Masks) -> Clamp:
    """Strength 0: as it is; 1: the other prompt's values. Columns without a partner stay, and so does the beginning
    that both prompts share."""
    paired = inquiry.paired.unsqueeze(-1)
    own, other = inquiry.activations[which], inquiry.activations[1 - which]
    both = {layer: mask & paired for layer, mask in masks.items() if (mask & paired).any()}
    toward = {layer: other[layer] - own[layer] for layer in both}
    return Clamp(inquiry, which, both, own, toward, begins=inquiry.begins)


def scaled(inquiry: Inquiry, which: int, masks: Masks) -> Clamp:
    """Strength 0: as it is; −1: off."""
    own = inquiry.activations[which]
    return Clamp(inquiry, which, masks, own, own)


def added(inquiry: Inquiry, which: int, masks: Masks) -> Clamp:
    own = inquiry.activations[which]
    return Clamp(inquiry, which, masks, own, own, adds=True)


def _joined(parts: Sequence[Ran]) -> Ran:
    return Ran(
        torch.cat([one.m for one in parts]),
        torch.cat([one.x for one in parts]),
        {name: torch.cat([one.moved[name] for one in parts]) for name in parts[0].moved},
        {layer: torch.cat([one.norms[layer] for one in parts]) for layer in parts[0].norms},
    )
