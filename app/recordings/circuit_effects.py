"""What was measured of a circuit's groups, and what each push came to: whether it left its random band, whether another
token comes first now, whether there is a gap to explain at all. What static/circuit/claim.js knows on the page.

Knows no words.
"""

import math
from dataclasses import dataclass
from statistics import median_high
from typing import Literal

from app.recordings.circuit import DrawnCircuit, SideName, other
from protocol.circuit import NAMED_ROLES
from protocol.claims import UNDECIDED_M, UNDECIDED_P
from protocol.enough import enough_controls, is_beyond
from protocol.worker.circuit_frames import MeasuredChange, NodeGroup, RandomBand
from protocol.worker.tokens import NextToken

NOTHING_MOVED = 1e-4  # logits: what rounding leaves of no push at all

Move = Literal["toward", "off"]
CameTo = Literal["nothing", "few", "inside", "undecided", "turns", "elsewhere", "stays"]


@dataclass(frozen=True)
class Pushed:
    """m on one side before and after a push. band: of m itself; top: the likeliest token after it."""

    side: SideName
    before: float
    after: float
    band: RandomBand | None
    top: NextToken | None


@dataclass(frozen=True)
class Lead:
    """A group's measured effect on one side: set to the other's values, or taken away."""

    group: NodeGroup
    side: SideName
    move: Move
    change: MeasuredChange


def leading(drawn: DrawnCircuit) -> Lead | None:
    """The effect that is told first: of those that go beyond their band, in the direction of what they explain, what
    turns an answer, then what is set rather than taken away, and then what leaves its band farthest behind. The
    first of equals. None where there is no gap to explain."""
    if gap_missing(drawn):
        return None

    def rank(lead: Lead) -> tuple[bool, bool, float]:
        pushed = pushed_by(drawn, lead.side, lead.change)
        band = lead.change.control
        beyond = max(lead.change.measured - band.high, band.low - lead.change.measured) if band else 0.0
        return came_to(drawn, pushed) == "turns", lead.move == "toward", beyond

    return max((lead for lead in measured_effects(drawn) if _explains(drawn, lead)), key=rank, default=None)


def measured_effects(drawn: DrawnCircuit) -> list[Lead]:
    """With enough controls, of groups that say what a name is to it; where no name was seen, of all."""
    moves: tuple[Move, ...] = ("toward", "off") if len(drawn.sides) > 1 else ("off",)
    return [
        Lead(group, side, move, change)
        for group in drawn.groups
        if is_nameless(drawn) or group.role in NAMED_ROLES
        for side in drawn.sides
        for move in moves
        if (change := moved_by(group, side, move)) is not None
        and change.control is not None
        and enough_controls(change.control.n)
    ]


def _explains(drawn: DrawnCircuit, lead: Lead) -> bool:
    """Beyond its band; of two prompts towards the other's m, of one back from what it says."""
    m = drawn.side(lead.side).m
    towards = drawn.side(other(lead.side)).m - m if len(drawn.sides) > 1 else -m
    moved, band = lead.change.measured, lead.change.control
    return band is not None and is_beyond(moved, band.low, band.high) and moved * towards > 0


def gap_missing(drawn: DrawnCircuit) -> Literal["refuses", "answers", "up", "against", "small"] | None:
    """Why two prompts leave nothing to explain: both open the same way, or (two tokens: both undecided, and) m differs
    by less than half of the random bands are wide. None: there is a gap, or one prompt alone."""
    if len(drawn.sides) < 2:
        return None
    a, b = (drawn.side(side).m for side in drawn.sides)
    n_undecided = is_undecided(drawn, a) + is_undecided(drawn, b)
    if is_of_two_tokens(drawn) and is_up(a) == is_up(b) and not n_undecided:
        return way_of(drawn, a)
    if is_of_two_tokens(drawn) and n_undecided < 2:
        return None
    bands = [lead.change.control for lead in measured_effects(drawn) if lead.move == "toward"]
    widths = [band.high - band.low for band in bands if band]
    return "small" if widths and abs(a - b) < median_high(widths) else None


def moved_by(group: NodeGroup, side: SideName, move: Move) -> MeasuredChange | None:
    if move == "off":
        return group.off_a if side == "a" else group.off_b
    return group.to_other_a if side == "a" else group.to_other_b


def change_of(drawn: DrawnCircuit, group: NodeGroup, side: SideName) -> MeasuredChange | None:
    """Of two prompts: set to the other's values. Of one: taken away."""
    return moved_by(group, side, "off" if len(drawn.sides) == 1 else "toward")


def pushed_by(drawn: DrawnCircuit, side: SideName, change: MeasuredChange) -> Pushed:
    m, band = drawn.side(side).m, change.control
    of_m = band and band.model_copy(update={"low": m + band.low, "high": m + band.high})
    return Pushed(side, m, m + change.measured, of_m, change.top)


def came_to(drawn: DrawnCircuit, pushed: Pushed) -> CameTo:
    """turns: m went beyond its random band and changed its sign, and the token that then stands for it comes first now.
    few: too few random pushes to say. inside: it went no farther than they do."""
    before, band = pushed.before, pushed.band
    moved = pushed.after - before
    if abs(moved) < NOTHING_MOVED:
        return "nothing"
    if is_undecided(drawn, pushed.after, pushed.top):
        return "undecided"
    if band is not None and not enough_controls(band.n):
        return "few"
    if band is not None and not is_beyond(moved, band.low - before, band.high - before):
        return "inside"
    if not is_of_two_tokens(drawn) or band is None or is_up(pushed.before) == is_up(pushed.after):
        return "stays"
    return "turns" if _comes_first(drawn, pushed) else "elsewhere"


def _comes_first(drawn: DrawnCircuit, pushed: Pushed) -> bool:
    """Whether the likeliest token is one that m speaks for; a recording without it is believed, and log-odds speak for
    all."""
    if pushed.top is None or is_log_odds(drawn):
        return True
    if is_of_opening(drawn):
        return pushed.top.opens_refusal == is_up(pushed.after)
    up, against = drawn.opening.target.up, drawn.opening.target.against
    one = up if is_up(pushed.after) else against
    return one is not None and pushed.top.id == one.id


def is_undecided(drawn: DrawnCircuit, m: float, top: NextToken | None = None) -> bool:
    """Of two tokens: m near nought, or the likeliest token no likelier than a coin. Of a refusal and an answer: where
    that opens a refusal and has no more than a coin, or leaves a refusal room for as much. Of log-odds: a refusal is no
    likelier than a coin."""
    if not is_of_two_tokens(drawn):
        return False
    if is_log_odds(drawn):
        return UNDECIDED_P[0] <= odds_as_probability(m) <= UNDECIDED_P[1]
    if abs(m) < UNDECIDED_M:
        return True
    if top is None or not is_of_opening(drawn):
        return is_coin(top)
    low, high = UNDECIDED_P
    return top.prob <= high if top.opens_refusal else min(top.prob * math.exp(min(m, 0)), 1 - top.prob) >= low


def is_of_opening(drawn: DrawnCircuit) -> bool:
    return drawn.opening.request.target.kind == "opening"


def is_log_odds(drawn: DrawnCircuit) -> bool:
    """m is of all that open a refusal against all others, and says itself how likely a refusal is."""
    target = drawn.opening.request.target
    return target.kind == "opening" and target.weighs == "all"


def odds_as_probability(m: float) -> float:
    """Of log-odds, or of one of two tokens by themselves."""
    return 1 / (1 + math.exp(-m)) if m > -700 else 0.0


def is_coin(top: NextToken | None) -> bool:
    return top is not None and UNDECIDED_P[0] <= top.prob <= UNDECIDED_P[1]


def is_of_two_tokens(drawn: DrawnCircuit) -> bool:
    target = drawn.opening.target
    return target.up is not None and target.against is not None and not target.reads


def way_of(
    drawn: DrawnCircuit, m: float, top: NextToken | None = None
) -> Literal["refuses", "answers", "up", "against"]:
    """Of a refusal and an answer the likeliest token decides, where m speaks of two tokens alone and it is known."""
    if is_of_opening(drawn):
        return "refuses" if (is_up(m) if top is None or is_log_odds(drawn) else top.opens_refusal) else "answers"
    return "up" if is_up(m) else "against"


def is_up(m: float) -> bool:
    return m > 0


def is_nameless(drawn: DrawnCircuit) -> bool:
    """Whether no name was seen in any prompt."""
    return all(side.entity.found == "whole_prompt" for side in drawn.opening.sides)
