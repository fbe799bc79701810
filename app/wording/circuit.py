"""What a circuit amounts to in words, from measured frames with their control in the same sentence: what
static/circuit/claim.js says on the page. The sentences are protocol/claims.py's.

Tells nothing that was not measured. Knows nothing about pages.
"""

import math
from dataclasses import dataclass

from app.recordings.circuit import DrawnCircuit, SideName, other
from app.wording.numbers import sig3
from protocol.amounts import MINUS
from protocol.circuit import DEFAULT_TESTS, GROUP_ROLES, DefaultTest, GroupRole
from protocol.claims import (
    CIRCUIT_CONTROL,
    CIRCUIT_FIRES,
    CIRCUIT_NO_CONTROL,
    CIRCUIT_OFF,
    CIRCUIT_OUTCOMES,
    CIRCUIT_TEST,
    CIRCUIT_TOWARD,
    CIRCUIT_TURNS,
)
from protocol.worker.circuit_frames import MeasuredChange, NodeGroup, RandomBand

NARROW: tuple[GroupRole, ...] = ("not_recognised", "recognised", "cant_answer", "say_answer")
"""Roles that say what a name is to it."""


@dataclass(frozen=True)
class Lead:
    """A group's measured effect on one side, with its control."""

    group: NodeGroup
    side: SideName
    change: MeasuredChange
    control: RandomBand


def leading(drawn: DrawnCircuit) -> Lead | None:
    """The effect that is told first: of those with a control, what turns an answer, and then what leaves its band
    farthest behind. The first of equals."""
    found = [
        Lead(group, side, change, change.control)
        for group in drawn.groups
        if group.role in NARROW
        for side in drawn.sides
        if (change := change_of(drawn, group, side)) is not None and change.control is not None
    ]

    def rank(lead: Lead) -> tuple[bool, float]:
        before, moved = drawn.side(lead.side).m, lead.change.measured
        beyond = max(moved - lead.control.high, lead.control.low - moved)
        return _is_up(before) != _is_up(before + moved), beyond

    return max(found, key=rank, default=None)


def change_of(drawn: DrawnCircuit, group: NodeGroup, side: SideName) -> MeasuredChange | None:
    """Of two prompts: set to the other's values. Of one: taken away."""
    if len(drawn.sides) == 1:
        return group.off_a
    return group.to_other_a if side == "a" else group.to_other_b


def circuit_claim(drawn: DrawnCircuit) -> str:
    """The sentence on top; "" before anything was measured."""
    lead = leading(drawn)
    return group_claim(drawn, lead.group, lead.side) if lead else ""


def group_claim(drawn: DrawnCircuit, group: NodeGroup, side: SideName) -> str:
    """What was measured of a group on one side; "" where nothing was."""
    change = change_of(drawn, group, side)
    if change is None:
        return ""
    before, alone = drawn.side(side).m, len(drawn.sides) == 1
    after = before + change.measured
    return (CIRCUIT_OFF if alone else CIRCUIT_TOWARD).format(
        who=who_is(drawn, side),
        other="" if alone else who_is(drawn, other(side)),
        group=GROUP_ROLES[group.role].name,
        fires=fires(drawn, group, side),
        before=m_text(before),
        after=m_text(after),
        so=_turned(drawn, before, after),
        control=_control(change.control, before),
    )


def default_claim(drawn: DrawnCircuit, test: DefaultTest, side: SideName) -> str:
    """What a default test did on one side; "" where it was not made."""
    at = 0 if side == "a" else 1
    result = next((one for one in drawn.defaults if one.test == test), None)
    if result is None or at >= len(result.m):
        return ""
    before = drawn.side(side).m
    return CIRCUIT_TEST.format(
        who=who_is(drawn, side),
        test=DEFAULT_TESTS[test],
        before=m_text(before),
        after=m_text(result.m[at]),
        so=_turned(drawn, before, result.m[at]),
        control=_control(result.control[at] if at < len(result.control) else None, 0.0),
    )


def outcome_of(drawn: DrawnCircuit, m: float) -> str:
    """What an m says of a prompt: "refuses", "says “Paris”"."""
    target = drawn.opening.target
    if target.reads or target.up is None:
        return CIRCUIT_OUTCOMES["reads"].format(value=sig3(m))
    if drawn.opening.request.target.kind == "opening":
        return CIRCUIT_OUTCOMES["refuses" if _is_up(m) else "answers"]
    up, against = target.up.text.strip(), target.against.text.strip() if target.against else ""
    return CIRCUIT_OUTCOMES["up" if _is_up(m) else "against"].format(up=up, against=against)


def fires(drawn: DrawnCircuit, group: NodeGroup, side: SideName) -> str:
    """What a group's strongest told member does, here and there."""
    node = drawn.strongest(group)
    if node is None:
        return CIRCUIT_FIRES["untold"]
    values = {"a": node.a, "b": node.b or 0.0}
    here, there = values[side], values[other(side)]
    alone = len(drawn.sides) == 1
    key = "alone" if alone else "both" if here and there else "here" if here else "there"
    return CIRCUIT_FIRES[key].format(  # type: ignore[index]
        here=sig3(here), there=sig3(there), other="" if alone else who_is(drawn, other(side))
    )


def who_is(drawn: DrawnCircuit, side: SideName) -> str:
    """What a prompt is called: by its name, where the two have different ones."""
    names = [one.entity.text.strip() for one in drawn.opening.sides]
    own = names[0 if side == "a" else 1]
    if own and names.count(own) == 1:
        return own
    if len(names) == 1:
        return "this prompt"
    return "first prompt" if side == "a" else "second prompt"


def m_text(m: float) -> str:
    """With its sign and three digits."""
    return f"+{sig3(m)}" if m > 0 else sig3(m)


def _percent(share: float) -> str:
    """In whole _percent, "< 1 %" for what is too small to print."""
    x = 100 * share
    if x and abs(x) < 1:
        return "< 1 %"
    return f"{math.floor(x + 0.5)} %".replace("-", MINUS)


def _is_up(m: float) -> bool:
    return m > 0


def _control(band: RandomBand | None, before: float) -> str:
    """band: of changes of m from `before`."""
    if band is None:
        return CIRCUIT_NO_CONTROL
    return CIRCUIT_CONTROL.format(n=band.n, low=m_text(before + band.low), high=m_text(before + band.high))


def _turned(drawn: DrawnCircuit, before: float, after: float) -> str:
    """ ": it refuses" where another token comes first now, else the share of the gap."""
    target = drawn.opening.target
    if target.up and target.against and _is_up(before) != _is_up(after):
        if drawn.opening.request.target.kind == "opening":
            return CIRCUIT_TURNS["refuses" if _is_up(after) else "answers"]
        slots = {"up": target.up.text.strip(), "against": target.against.text.strip()}
        return CIRCUIT_TURNS["up" if _is_up(after) else "against"].format(**slots)
    if len(drawn.sides) < 2 or not drawn.gap:
        return CIRCUIT_TURNS["stays"]
    return CIRCUIT_TURNS["share"].format(share=_percent(abs((after - before) / drawn.gap)))
