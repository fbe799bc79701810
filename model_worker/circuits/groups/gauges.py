"""How far groups moved while something else was clamped: a gauge under each, the number on an arrow.

Knows nothing about what moved them.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from torch import Tensor

from model_worker.circuits.groups.sites import ClampSite, Masks, node_weights, sites_of
from model_worker.circuits.inquiry import Inquiry
from protocol.circuit import GroupRole


@dataclass(frozen=True)
class Gauging:
    """How far nodes moved to the other side's values: Σ w (now − own)(other − own) / Σ w (other − own)², w = |d|².
    sites: as of a clamp, start their own values, toward the difference; weights by layer (k,)."""

    sites: Mapping[int, ClampSite]
    weights: Mapping[int, Tensor]
    whole: float

    def behind(self, first: int) -> "Gauging":
        """On a clamp that changes nothing before that position."""
        cut = {layer: site.behind(first) for layer, site in self.sites.items()}
        return replace(self, sites={layer: site for layer, site in cut.items() if len(site.positions)})


def gauging_of(inquiry: Inquiry, which: int, masks: Masks) -> Gauging | None:
    """None where the two sides don't differ, or without a second one."""
    if inquiry.b is None:
        return None
    own, other = inquiry.activations[which], inquiry.activations[1 - which]
    paired = inquiry.paired.unsqueeze(-1)
    both = {layer: mask & paired for layer, mask in masks.items()}
    sites = sites_of(inquiry, which, both, own, {layer: other[layer] - own[layer] for layer in both}, 0)
    weights = {layer: node_weights(inquiry, layer, site.nodes) for layer, site in sites.items()}
    whole = sum((weights[layer] * site.toward.square() * site.mask).sum().item() for layer, site in sites.items())
    return Gauging(sites, weights, whole) if whole > 0 else None


class RoleGauges:
    """Of each role's nodes, made once a side for the clamps of all."""

    def __init__(self, inquiry: Inquiry, sets: Mapping[GroupRole, Masks]) -> None:
        self._inquiry, self._sets = inquiry, sets
        self._made: dict[tuple[int, GroupRole], Gauging | None] = {}

    def of(self, which: int, first: int, apart: Collection[GroupRole] = ()) -> dict[str, Gauging]:
        """For a clamp on that side that changes nothing before `first`; without the roles apart."""
        found: dict[str, Gauging] = {}
        for role in self._sets:
            if role in apart:
                continue
            if (which, role) not in self._made:
                self._made[which, role] = gauging_of(self._inquiry, which, self._sets[role])
            if (gauge := self._made[which, role]) is not None:
                found[role] = gauge.behind(first)
        return found
