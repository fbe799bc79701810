"""The capability `turn`: a group of a circuit, or chosen nodes, turned to many strengths at once.

1. both prompts, and the roles, if a group is named
2. what the graph predicts: the slope at 0, by RelP with the gradient through where heads look, times how far
3. every strength in the model, a row each, with every group's gauge                     (clamp.py)
4. random directions as long, at the same places, as many and the same as the circuit's: beside every strength, or
   beside a few of them where more would take seconds, the outermost among them
5.                                                                                       -> turned, done

Knows nothing about what a group is for.
"""

import time
from collections.abc import Generator, Sequence
from dataclasses import replace

from model_worker.circuits.groups.clamp import Clamp, Ran, added, clamp_flop, scaled, to_other
from model_worker.circuits.groups.gauges import RoleGauges
from model_worker.circuits.groups.node_sets import by_role, of_nodes
from model_worker.circuits.groups.roles import RoleBook
from model_worker.circuits.groups.said_next import said_next
from model_worker.circuits.groups.sites import Masks
from model_worker.circuits.inquiry import Inquiry, read_inquiry
from model_worker.circuits.random_band import random_band
from model_worker.model.gemma import Gemma
from model_worker.model.loading import Loaded
from model_worker.rounding import all_rounded, rounded
from protocol.circuit import GroupRole
from protocol.refusal import Refused
from protocol.worker.circuit_frames import Gauge, RandomBand, Turned
from protocol.worker.circuits import NodeRef, TurnRequest
from protocol.worker.frames import Done, Frame

CONTROLS_FLOP = 25e9
"""Of all controls of a turn: a second of a CPU."""


def turned(loaded: Loaded, gemma: Gemma, book: RoleBook, request: TurnRequest) -> Generator[Frame | None]:
    """loaded, gemma, book: as of `circuit`. Raises Refused before the first frame for what can't be turned."""
    began = time.perf_counter()
    inquiry = read_inquiry(loaded, gemma, request.circuit)
    roles = yield from book.roles(inquiry)
    sets = by_role(inquiry, roles)
    _require_nodes(inquiry, request.nodes)
    masks = of_nodes(inquiry, request.nodes) if request.group is None else _group(sets, request.group)
    clamp = _turning(inquiry, request, masks)
    clamp = replace(clamp, gauges=RoleGauges(inquiry, sets).of(clamp.which, clamp.first))
    moved = [one - 1.0 if request.mode == "scale" else one for one in request.strengths]
    slope = clamp.slope()
    yield None
    ran = yield from clamp.ran(moved)
    control = yield from _controls(clamp, ran, moved)
    top, refuses = yield from said_next(inquiry, ran.x)
    m = inquiry.m[clamp.which]
    yield Turned(
        seq=0,
        strengths=request.strengths,
        m=tuple(all_rounded(ran.m.tolist())),
        predicted=tuple(rounded(m + slope * one) for one in moved),
        control=tuple(control),
        top=tuple(top),
        refuses=tuple(refuses),
        gauges=tuple(Gauge(group=role, moved=tuple(all_rounded(own.tolist()))) for role, own in ran.moved.items()),
    )
    yield Done(seq=1, elapsed_s=round(time.perf_counter() - began, 4), n_tokens=0)


def _group(sets: dict[GroupRole, Masks], wanted: str) -> Masks:
    for role, masks in sets.items():
        if role == wanted:
            return masks
    raise Refused(
        422,
        "no_such_group",
        f"The group {wanted!r} asked.",
        f"This circuit has {', '.join(sets) or 'none'}.",
        "Name one of them, or give nodes.",
    )


def _require_nodes(inquiry: Inquiry, nodes: Sequence[NodeRef]) -> None:
    for node in nodes:
        own = inquiry.activations[0].get(node.layer)
        if own is None or node.column >= len(own) or node.index >= own.shape[1] or node.kind != inquiry.node_kind:
            layers = ", ".join(map(str, inquiry.activations[0]))
            raise Refused(
                422,
                "no_such_node",
                f"{node.kind} {node.index} of layer {node.layer} at column {node.column} asked.",
                f"This circuit has nodes of the kind {inquiry.node_kind} in the layers {layers}, at "
                f"{len(inquiry.columns)} columns.",
                "Choose one that its frames told of.",
            )


def _turning(inquiry: Inquiry, request: TurnRequest, masks: Masks) -> Clamp:
    which = 0 if request.side == "a" else 1
    if which >= len(inquiry.sides):
        raise Refused(
            422,
            "no_second_prompt",
            "A turn on the second prompt asked.",
            "This circuit is of one prompt.",
            "Turn it on side a, or give a second prompt.",
        )
    if request.mode == "add":
        return added(inquiry, which, masks)
    if request.mode == "scale":
        return scaled(inquiry, which, masks)
    if inquiry.b is None:
        off = scaled(inquiry, which, masks)
        return replace(off, toward={at: -own for at, own in off.toward.items()})
    return to_other(inquiry, which, masks)


def _controls(clamp: Clamp, ran: Ran, strengths: Sequence[float]) -> Generator[None, None, list[RandomBand | None]]:
    """[strength]; None where none was made."""
    found: list[RandomBand | None] = [None] * len(strengths)
    n = clamp.inquiry.request.n_controls
    if not n or not ran.norms:
        return found
    affordable = max(1, int(CONTROLS_FLOP / (n * clamp_flop(clamp.inquiry.gemma, clamp.n_pos, clamp.lowest))))
    for place in controlled_places(strengths, affordable):
        norms = {layer: own[place] for layer, own in ran.norms.items()}
        random = yield from clamp.controls(norms, n, clamp.inquiry.request.seed)
        found[place] = random_band(random.m)
    return found


def controlled_places(strengths: Sequence[float], most: int) -> list[int]:
    """Places of so many of them, evenly by size, the outermost first."""
    order = sorted(range(len(strengths)), key=lambda place: strengths[place])
    if len(order) <= most:
        return order
    if most == 1:
        return [max(order, key=lambda place: abs(strengths[place]))]
    return sorted({order[round(step * (len(order) - 1) / (most - 1))] for step in range(most)})
