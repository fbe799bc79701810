"""What a circuit amounts to in words, from measured frames with their control in the same sentence: what
static/circuit/claim.js says on the page. The sentences are protocol/claims.py's.

Tells nothing that was not measured. Knows nothing about pages.
"""

import math
from typing import Literal

from app.recordings.circuit import DrawnCircuit, SideName, other
from app.recordings.circuit_effects import (
    Lead,
    Pushed,
    came_to,
    change_of,
    gap_missing,
    is_coin,
    is_log_odds,
    is_nameless,
    is_of_opening,
    is_of_two_tokens,
    is_undecided,
    is_up,
    leading,
    measured_effects,
    moved_by,
    odds_as_probability,
    pushed_by,
    way_of,
)
from app.wording.numbers import sig3
from protocol.amounts import MINUS
from protocol.circuit import DEFAULT_TESTS, GROUP_ROLES, DefaultTest
from protocol.claims import (
    CIRCUIT_BACK,
    CIRCUIT_BACK_OFF,
    CIRCUIT_CONTROL,
    CIRCUIT_FIRES,
    CIRCUIT_NAMED_GROUPS,
    CIRCUIT_NO_GAP,
    CIRCUIT_NO_PUSH,
    CIRCUIT_NO_PUSH_BETWEEN,
    CIRCUIT_NOTHING,
    CIRCUIT_OFF,
    CIRCUIT_OUTCOMES,
    CIRCUIT_TEST,
    CIRCUIT_TOWARD,
    CIRCUIT_TURNS,
    UNDECIDED_P,
)
from protocol.enough import enough_controls
from protocol.worker.circuit_frames import NodeGroup, RandomBand
from protocol.worker.tokens import NextToken

HeldAgainst = Literal["pushes", "back", "hidden"]
"""Of CIRCUIT_CONTROL."""


def circuit_claim(drawn: DrawnCircuit) -> str:
    """The sentence on top; "" before anything was measured."""
    if not measured_effects(drawn):
        return ""
    if why := gap_missing(drawn):
        return CIRCUIT_NO_GAP[why].format(
            who=who_is(drawn, "a"),
            other=who_is(drawn, "b"),
            m=m_text(drawn.side("a").m),
            other_m=m_text(drawn.side("b").m),
            **_tokens(drawn),
        )
    if lead := leading(drawn):
        return _effect_claim(drawn, lead, _back(drawn, lead))
    named = "" if is_nameless(drawn) else CIRCUIT_NAMED_GROUPS
    if len(drawn.sides) > 1:
        return CIRCUIT_NO_PUSH_BETWEEN.format(named=named)
    own = drawn.side("a")
    who = who_is(drawn, "a")
    does = said_untouched(drawn, "a")
    return CIRCUIT_NO_PUSH.format(who=who[:1].upper() + who[1:], does=does, m=m_text(own.m), named=named)


def group_claim(drawn: DrawnCircuit, group: NodeGroup, side: SideName) -> str:
    """What was measured of a group on one side; "" where nothing was."""
    change = change_of(drawn, group, side)
    return (
        _effect_claim(drawn, Lead(group, side, "off" if len(drawn.sides) == 1 else "toward", change)) if change else ""
    )


def _effect_claim(drawn: DrawnCircuit, lead: Lead, back: str = "") -> str:
    pushed = pushed_by(drawn, lead.side, lead.change)
    slots = {
        "who": who_is(drawn, lead.side),
        "other": "" if len(drawn.sides) == 1 else who_is(drawn, other(lead.side)),
        "group": GROUP_ROLES[lead.group.role].name,
    }
    if came_to(drawn, pushed) == "nothing":
        return CIRCUIT_NOTHING[lead.move].format(**slots)
    fired = fires(drawn, lead.group, lead.side)
    template = CIRCUIT_OFF if lead.move == "off" else CIRCUIT_TOWARD
    return template.format(**slots, fires=fired, back=back, **_moved(drawn, pushed))


def _back(drawn: DrawnCircuit, lead: Lead) -> str:
    """What the same move does on the other prompt, where it turns one of the two alone; and its absence there."""
    if (
        len(drawn.sides) == 1
        or lead.move == "off"
        or came_to(drawn, pushed_by(drawn, lead.side, lead.change)) != "turns"
    ):
        return ""
    side = other(lead.side)
    change, off = moved_by(lead.group, side, "toward"), moved_by(lead.group, side, "off")
    if change is None or came_to(drawn, pushed := pushed_by(drawn, side, change)) == "turns":
        return ""
    told = CIRCUIT_BACK.format(**_moved(drawn, pushed, "back"))
    if off is not None and came_to(drawn, gone := pushed_by(drawn, side, off)) == "turns":
        told += CIRCUIT_BACK_OFF.format(**_moved(drawn, gone))
    return told


def _moved(drawn: DrawnCircuit, pushed: Pushed, against: HeldAgainst = "pushes") -> dict[str, str]:
    """Slots of a sentence: from what to what, what that amounts to, and the control."""
    return {
        "before": m_text(pushed.before),
        "after": m_text(pushed.after),
        "so": _turned(drawn, pushed, against == "back"),
        "control": _control(pushed.band, against),
    }


def default_claim(drawn: DrawnCircuit, test: DefaultTest, side: SideName) -> str:
    """What a default test did on one side; "" where it was not made, and of the model as it is."""
    at = 0 if side == "a" else 1
    result = next((one for one in drawn.defaults if one.test == test), None)
    if test == "untouched" or result is None or at >= len(result.m):
        return ""
    band = result.control[at] if at < len(result.control) else None
    top = result.top[at] if at < len(result.top) else None
    pushed = Pushed(side, drawn.side(side).m, result.m[at], band, top)
    slots = {"who": who_is(drawn, side), "test": DEFAULT_TESTS[test]}
    if came_to(drawn, pushed) == "nothing":
        return CIRCUIT_NOTHING["test"].format(**slots, before=m_text(pushed.before))
    return CIRCUIT_TEST.format(**slots, **_moved(drawn, pushed, "hidden" if test == "name_hidden" else "pushes"))


def outcome_of(drawn: DrawnCircuit, m: float, top: NextToken | None) -> str:
    """What an m says of a prompt: "refuses", "says “Paris”". top: the likeliest token there."""
    if not is_of_two_tokens(drawn):
        return CIRCUIT_OUTCOMES["reads"].format(value=sig3(m))
    target = drawn.opening.target
    tokens = [token.id for token in (target.up, target.against) if token]
    if top is not None and not is_of_opening(drawn) and top.id not in tokens:
        return CIRCUIT_OUTCOMES["elsewhere"].format(top=top.text.strip() or "␣")
    if is_undecided(drawn, m, top):
        return CIRCUIT_OUTCOMES["undecided"].format(p=_chance(drawn, m, top))
    return CIRCUIT_OUTCOMES[way_of(drawn, m, top)].format(**_tokens(drawn))


def said_untouched(drawn: DrawnCircuit, side: SideName) -> str:
    own = drawn.side(side)
    return outcome_of(drawn, own.m, own.top[0] if own.top else None)


def fires(drawn: DrawnCircuit, group: NodeGroup, side: SideName) -> str:
    """What a group's strongest told member does, here and there."""
    node = drawn.strongest(group)
    if node is None:
        return CIRCUIT_FIRES["untold"]
    values = {"a": node.a, "b": node.b or 0.0}
    here, there = values[side], values[other(side)]
    alone = len(drawn.sides) == 1
    if node.kind == "mlp":
        words = CIRCUIT_FIRES["stands_alone" if alone else "stands"]
    else:
        words = CIRCUIT_FIRES["alone" if alone else "both" if here and there else "here" if here else "there"]
    return words.format(here=sig3(here), there=sig3(there), other="" if alone else who_is(drawn, other(side)))


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
    """With its sign and three digits; what is too small to print has no sign."""
    if m and abs(m) < 0.001:
        return "≈ 0"
    return f"+{sig3(m)}" if m > 0 else sig3(m)


def _percent(share: float) -> str:
    """In whole _percent, "< 1 %" for what is too small to print."""
    x = 100 * share
    if x and abs(x) < 1:
        return "< 1 %"
    return f"{math.floor(x + 0.5)} %".replace("-", MINUS)


def _tokens(drawn: DrawnCircuit) -> dict[str, str]:
    target = drawn.opening.target
    return {
        "up": target.up.text.strip() if target.up else "",
        "against": target.against.text.strip() if target.against else "",
    }


def _chance(drawn: DrawnCircuit, m: float, top: NextToken | None) -> str:
    """Of two tokens that of a likeliest one that is a coin toss, or that opens a refusal with less; else of what pushes
    m up against what stands against it: ".48"."""
    weak = top is not None and top.opens_refusal and top.prob < UNDECIDED_P[0]
    of_top = not is_log_odds(drawn) and (weak or is_coin(top))
    p = top.prob if top is not None and of_top else odds_as_probability(m)
    return f"{p:.2f}".removeprefix("0")


def _control(band: RandomBand | None, against: HeldAgainst = "pushes") -> str:
    """band: of m itself."""
    if band is None:
        return CIRCUIT_CONTROL["hidden_none" if against == "hidden" else "none"]
    words: Literal["few", "hidden_few"] | HeldAgainst = against
    if not enough_controls(band.n):
        words = "hidden_few" if against == "hidden" else "few"
    return CIRCUIT_CONTROL[words].format(n=band.n, low=m_text(band.low), high=m_text(band.high))


def _turned(drawn: DrawnCircuit, pushed: Pushed, still: bool) -> str:
    """ ": it refuses" where it turned, ", undecided: .48", else the share of the gap; or that it still refuses."""
    came = came_to(drawn, pushed)
    if came == "turns":
        return CIRCUIT_TURNS[way_of(drawn, pushed.after)].format(**_tokens(drawn))
    if came == "undecided":
        return CIRCUIT_TURNS["undecided"].format(p=_chance(drawn, pushed.after, pushed.top))
    if came == "elsewhere" and pushed.top:
        return CIRCUIT_TURNS["elsewhere"].format(top=pushed.top.text.strip() or "␣")
    if still and is_up(pushed.before) == is_up(pushed.after):
        return CIRCUIT_TURNS["still"].format(does=outcome_of(drawn, pushed.after, pushed.top))
    if came != "stays" or pushed.band is None or len(drawn.sides) < 2 or gap_missing(drawn):
        return CIRCUIT_TURNS["stays"]
    moved = pushed.after - pushed.before
    if moved * (drawn.side(other(pushed.side)).m - pushed.before) < 0:  # away from the other prompt: none of the gap
        return CIRCUIT_TURNS["stays"]
    return CIRCUIT_TURNS["share"].format(share=_percent(abs(moved / drawn.gap)))
