"""Every group of a circuit clamped, beside random directions of equal norm. Knows nothing about frames."""

from collections.abc import Generator, Mapping
from dataclasses import dataclass

from model_worker.circuits.groups.clamp import Clamp, Gauging, Masks, Ran, gauging_of, scaled, to_other
from model_worker.circuits.inquiry import Inquiry
from protocol.circuit import GroupRole


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


def group_runs(inquiry: Inquiry, role: GroupRole, sets: Mapping[GroupRole, Masks]) -> Generator[None, None, GroupRuns]:
    """In short steps."""
    masks = sets[role]
    others, off = [], []
    for which in range(len(inquiry.sides)):
        if inquiry.b is not None:
            gauges = _gauges(inquiry, which, {one: sets[one] for one in sets if one != role}, masks)
            others.append((yield from _clamped(inquiry, to_other(inquiry, which, masks, gauges), 1.0)))
        off.append((yield from _clamped(inquiry, scaled(inquiry, which, masks), -1.0)))
    return GroupRuns(role, masks, tuple(others), tuple(off))


def _gauges(inquiry: Inquiry, which: int, sets: Mapping[GroupRole, Masks], clamped: Masks) -> dict[str, Gauging]:
    first = to_other(inquiry, which, clamped).first
    found = {role: gauging_of(inquiry, which, masks, first) for role, masks in sets.items()}
    return {role: gauge for role, gauge in found.items() if gauge is not None}


def _clamped(inquiry: Inquiry, clamp: Clamp, strength: float) -> Generator[None, None, GroupRun]:
    ran = yield from clamp.ran([strength])
    random = None
    n = inquiry.request.n_controls
    if n and ran.norms:
        random = yield from clamp.controls({layer: own[0] for layer, own in ran.norms.items()}, n, inquiry.request.seed)
    predicted = clamp.slope() * strength
    yield None
    return GroupRun(clamp.which, ran, random, predicted)
