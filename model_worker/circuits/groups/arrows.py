"""What a group does to the others and to m: how far each went to the other prompt's values when it alone was set to
them, beside random directions. Knows nothing about how a group is clamped.
"""

from collections.abc import Iterator, Sequence

from torch import Tensor

from model_worker.circuits.groups.clamp import Ran
from model_worker.circuits.groups.group_runs import NO_ARROWS, GroupRun, GroupRuns
from model_worker.circuits.inquiry import Inquiry
from model_worker.circuits.random_band import random_band
from model_worker.rounding import rounded
from protocol.worker.circuit_frames import Arrow, RandomBand


def arrows_of(inquiry: Inquiry, runs: Sequence[GroupRuns]) -> Iterator[Arrow]:
    """Of two prompts. To m last of each source."""
    roles = [one.role for one in runs if one.role not in NO_ARROWS]
    for source in runs:
        if source.role in NO_ARROWS or not all(one.ran.norms for one in source.to_other):
            continue
        in_a, in_b = source.to_other
        for target in (*(role for role in roles if role != source.role), None):
            if target is not None and not all(target in one.ran.moved for one in source.to_other):
                continue
            yield Arrow(
                source=source.role,
                target=target,
                in_a=rounded(way_to_other(inquiry, in_a, in_a.ran, target)[0].item()),
                in_b=rounded(way_to_other(inquiry, in_b, in_b.ran, target)[0].item()),
                control_a=_band(inquiry, in_a, target),
                control_b=_band(inquiry, in_b, target),
            )


def way_to_other(inquiry: Inquiry, run: GroupRun, ran: Ran, target: str | None) -> Tensor:
    """(rows,) share of the way to the other side, of the run's clamp or of its controls; target None: of m."""
    if target is not None:
        return ran.moved[target]
    m = inquiry.m
    return (ran.m - m[run.which]) / (m[1 - run.which] - m[run.which])


def _band(inquiry: Inquiry, run: GroupRun, target: str | None) -> RandomBand | None:
    return None if run.random is None else random_band(way_to_other(inquiry, run, run.random, target))
