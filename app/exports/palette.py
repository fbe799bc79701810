"""The page's colours by name, read from static/look/palette.css, so that exports can't drift from it."""

import re
from functools import cache
from pathlib import Path
from typing import Literal

PALETTE = Path(__file__).parents[2] / "static" / "look" / "palette.css"

Scheme = Literal["light", "dark"]


@cache
def palette(scheme: Scheme = "light") -> dict[str, str]:
    """ "refusal" to "#6a3fc4". Only plain colours, and other names of those: not what the browser mixes."""
    css = PALETTE.read_text()
    pairs = re.findall(r"--([a-z0-9-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);", css)
    plain = {name: light if scheme == "light" else dark for name, light, dark in pairs}
    others = re.findall(r"--([a-z0-9-]+): var\(--([a-z0-9-]+)\);", css)
    return plain | {name: plain[of] for name, of in others if of in plain}


def mixed(colour: str, share: float, ground: str) -> str:
    """`share` of a colour on a ground."""
    parts = (round(share * int(colour[i : i + 2], 16) + (1 - share) * int(ground[i : i + 2], 16)) for i in (1, 3, 5))
    return "#" + "".join(f"{part:02x}" for part in parts)
