"""Every group of a circuit clamped, beside random directions of equal norm. Knows nothing about frames."""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace

from model_worker.circuits.groups.clamp import Clamp, Ran, scaled, to_other
from model_worker.circuits.groups.gauges import RoleGauges
from model_worker.circuits.groups.sites import Masks
from model_worker.circuits.inquiry import Inquiry
from protocol.circuit import GroupRole

NO_ARROWS: tuple[GroupRole, ...] = ("rest",)
"""Roles that differ between the prompts by what rounding does alone."""


@dataclass(frozen=True)
class GroupRun:
    """A group clamped on one side. ran: one row; random: of the controls; predicted: of the change of m."""

    which: int
    ran: Ran
    random: Ran | None
    predicted: float


@dataclass(frozen=True)
class GroupRuns:
    """[side] set to the other prompt's values, and off."""

    role: GroupRole
    masks: Masks
    to_other: tuple[GroupRun, ...]
    off: tuple[GroupRun, ...]


def group_runs(
    inquiry: Inquiry, role: GroupRole, sets: Mapping[GroupRole, Masks], gauges: RoleGauges
) -> Generator[None, None, GroupRuns]:
    """In short steps."""
    masks = sets[role]
    others, off = [], []
    for which in range(len(inquiry.sides)):
        if inquiry.b is not None:
            clamp = to_other(inquiry, which, masks)
            if role not in NO_ARROWS:
                clamp = replace(clamp, gauges=gauges.of(which, clamp.first, apart=(role, *NO_ARROWS)))
            others.append((yield from _clamped(inquiry, clamp, 1.0)))
        off.append((yield from _clamped(inquiry, scaled(inquiry, which, masks), -1.0)))
    return GroupRuns(role, masks, tuple(others), tuple(off))


def _clamped(inquiry: Inquiry, clamp: Clamp, strength: float) -> Generator[None, None, GroupRun]:
    ran = yield from clamp.ran([strength])
    random = None
    n = inquiry.request.n_controls
    if n and ran.norms:
        random = yield from clamp.controls({layer: own[0] for layer, own in ran.norms.items()}, n, inquiry.request.seed)
    predicted = clamp.slope() * strength
    yield None
    return GroupRun(clamp.which, ran, random, predicted)
