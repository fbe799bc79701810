"""Numbers as a browser writes them: what static/core/format.js does on the page. Knows no units."""

import math
from decimal import ROUND_HALF_UP, Context

from protocol.amounts import MINUS

_THREE = Context(prec=3, rounding=ROUND_HALF_UP)
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
