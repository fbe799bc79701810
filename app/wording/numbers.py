"""Numbers as a browser writes them: what static/core/format.js does on the page. Knows no units."""

import math
import re
from decimal import ROUND_HALF_UP, Context, Decimal

MINUS = "−"
_THREE, _SIX = (Context(prec=digits, rounding=ROUND_HALF_UP) for digits in (3, 6))
"""Python rounds 0.3125 to 0.312, a browser to 0.313."""


def sig3(x: float) -> str:
    """Three significant digits. Exact zero is "0"; what is too small to print says so."""
    size = abs(x)
    if size == 0:
        return "0"
    if size < 0.001:
        return "< 0.001" if x > 0 else f"> {MINUS}0.001"
    rounded = float(_THREE.create_decimal(size))
    digits = f"{math.floor(size + 0.5):,}" if size >= 999.5 else f"{rounded:#.3g}".rstrip(".")
    return (MINUS if x < 0 else "") + digits


def probability(p: float) -> str:
    """Like `sig3`, and "> 0.999" instead of a one that is none."""
    return "> 0.999" if 0.9995 < p < 1 else sig3(p)


def signed(x: float) -> str:
    """A strength with its sign, as short as it is exact: +1.25, −0.5, 0."""
    return "0" if x == 0 else ("+" if x > 0 else MINUS) + exact(_six(abs(x)))


def plain(x: float) -> str:
    """Six significant digits at most, with a real minus sign."""
    return exact(_six(x)).replace("-", MINUS, 1)


def _six(x: float) -> float:
    return float(_SIX.create_decimal(x))


def exact(x: float) -> str:
    """All of its digits and no more: 2, -0.00001, 1e-7."""
    if x == 0:
        return "0"
    if 1e-6 <= abs(x) < 1e21:
        digits = f"{Decimal(repr(x)):f}"
        return digits.rstrip("0").rstrip(".") if "." in digits else digits
    return re.sub(r"e([+-])0", r"e\1", repr(float(x)))
