"""How hard something is pushed, in words: the templates of the vocabulary, with numbers as a browser writes them.

The pages do the same in static/core/format.js and static/run/steering/amount.js, and a test holds the two together.
Knows nothing about where the words are written.
"""

import re
from decimal import ROUND_HALF_UP, Context, Decimal

from protocol.steering import Steering
from protocol.vocabulary import ANOTHER_LATENT, MODES, UNITS

MINUS = "\u2212"
_SIX = Context(prec=6, rounding=ROUND_HALF_UP)  # as a browser rounds, so that both write the same digits


def plain(x: float) -> str:
    """A number as it is, to six digits, with a real minus sign: 12, −0.5."""
    return exact(float(_SIX.create_decimal(x))).replace("-", MINUS, 1)


def signed(x: float) -> str:
    """A strength with its sign: +1.25, −0.5, 0."""
    return f"+{plain(x)}" if x > 0 else plain(x)


def exact(x: float) -> str:
    """All of its digits and no more: 2, -0.00001, 1e-7."""
    if x == 0:
        return "0"
    if 1e-6 <= abs(x) < 1e21:
        digits = f"{Decimal(repr(x)):f}"
        return digits.rstrip("0").rstrip(".") if "." in digits else digits
    return re.sub(r"e([+-])0", r"e\1", repr(float(x)))


def amount(steering: Steering, strength: float, *, to: str = ANOTHER_LATENT, brief: bool = False) -> str:
    """ "+1.25 × r̄", "clamped to 20", "50 % ablated". to: what a latent's value moves to. brief: a mode's own unit goes
    without saying, "+1.25"."""
    term, unit = MODES[steering.mode], steering.measured_in
    slots = {
        "signed": signed(strength),
        "plain": plain(strength),
        "percent": f"{plain(100 * strength)} %",
        "unit": "" if brief and unit == term.units[0] else UNITS[unit].name,
        "to": to,
    }
    return term.amount.format_map(slots).strip()


def swept(steering: Steering, strength: float, *, to: str = ANOTHER_LATENT) -> str:
    """What stands behind the name of what is pushed, in a sentence: "at +1.25 × r̄", "clamped to 20"."""
    return MODES[steering.mode].swept.format(amount=amount(steering, strength, to=to))
