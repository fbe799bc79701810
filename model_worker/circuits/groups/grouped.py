"""Groups of a circuit, what each does in the model, and what it does to the others: the frames `groups` and `arrows`.

Each group, all its nodes in all layers at once (clamp.py), set to the other prompt's values on both sides, and off:
what m does, what the graph predicts, random directions of equal norm at the same places. What the other groups did
meanwhile are the arrows. `groups` is told anew after each, for a large model measures one in seconds.

Its share of the gap is the integral of m's slope along the path on which the group alone goes from one prompt's values
to the other's. Such an integral is the difference between the ends of its path, so it is taken from them, the mean of
both sides. Knows nothing about how roles are found.
"""

from collections.abc import Generator

import torch

from model_worker.circuits.groups.arrows import arrows_of
from model_worker.circuits.groups.evidence import evidence_of, strongest_of, written_by
from model_worker.circuits.groups.gauges import RoleGauges
from model_worker.circuits.groups.group_runs import GroupRun, GroupRuns, group_runs
from model_worker.circuits.groups.node_sets import by_role, n_nodes
from model_worker.circuits.groups.roles import Roles
from model_worker.circuits.groups.said_next import said_next
from model_worker.circuits.groups.sites import Masks
from model_worker.circuits.inquiry import Inquiry
from model_worker.circuits.nodes import Told, ToldNode
from model_worker.circuits.random_band import random_band
from model_worker.rounding import rounded
from protocol.worker.circuit_frames import Arrows, MeasuredChange, NodeGroup, NodeGroups
from protocol.worker.frames import Frame
from protocol.worker.tokens import NextToken


def grouped(inquiry: Inquiry, roles: Roles, told: Told) -> Generator[Frame | None]:
    sets = by_role(inquiry, roles)
    gauges = RoleGauges(inquiry, sets)
    runs, groups = [], list[NodeGroup]()
    for role in sets:
        runs.append((yield from group_runs(inquiry, role, sets, gauges)))
        groups.append((yield from _told(inquiry, roles, told, runs[-1])))
        yield NodeGroups(
            seq=0, groups=tuple(groups), named_by=(roles.n_known, roles.n_unknown), n_to_come=len(sets) - len(groups)
        )
    if inquiry.b is not None:
        yield Arrows(seq=0, arrows=tuple(arrows_of(inquiry, runs)))


def _told(inquiry: Inquiry, roles: Roles, told: Told, runs: GroupRuns) -> Generator[None, None, NodeGroup]:
    both = (*runs.to_other, *runs.off)
    top, _ = yield from said_next(inquiry, torch.cat([one.ran.x for one in both]))
    changes = [_change(inquiry, one, token) for one, token in zip(both, top, strict=True)]
    n = len(runs.to_other)
    others, off = changes[:n], changes[n:]
    gap = inquiry.m[-1] - inquiry.m[0]
    share = (others[0].measured - others[1].measured) / 2 / gap if n and gap else None
    strongest = strongest_of(inquiry, runs.masks)
    members = [node.number for node in told if node.kind == inquiry.node_kind and _holds(runs.masks, node)]
    return NodeGroup(
        id=runs.role,
        role=runs.role,
        members=tuple(sorted(members)),
        n_members=n_nodes(runs.masks),
        layers=(min(runs.masks), max(runs.masks)),
        share=None if share is None else rounded(share),
        to_other_a=others[0] if n else None,
        to_other_b=others[1] if n else None,
        off_a=off[0],
        off_b=off[1] if len(off) > 1 else None,
        writes=written_by(inquiry, strongest),
        evidence=tuple(evidence_of(inquiry, roles, strongest)),
    )


def _holds(masks: Masks, node: ToldNode) -> bool:
    return node.layer in masks and bool(masks[node.layer][node.column, node.index])


def _change(inquiry: Inquiry, run: GroupRun, top: NextToken) -> MeasuredChange:
    m = inquiry.m[run.which]
    return MeasuredChange(
        measured=rounded(run.ran.m[0].item() - m),
        predicted=rounded(run.predicted),
        control=None if run.random is None else random_band(run.random.m - m),
        top=top,
    )
