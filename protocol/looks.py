"""How a role looks in a figure: hue, shape, dash and hatching together, so that colour is never the only cue.

The page and the exports draw from this one table. Hues are names of static/look/palette.css, shapes, dashes and
hatchings are Plotly's. Knows nothing about figures.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class RoleLook:
    """`hollow`: a bar or box shows the ground, and its edge the hue."""

    fill: str
    shape: str
    dash: str | None = None
    hatch: str = ""
    hollow: bool = False


ROLE_LOOKS = {
    "known": RoleLook("known-fill", "circle"),
    "unknown": RoleLook("unknown-fill", "circle-open", "6px,3px", "/"),
    "control": RoleLook("control-fill", "diamond-open", "2px,3px", hollow=True),
    "baseline": RoleLook("ink-2", "square"),
    "refused": RoleLook("refusal-fill", "circle-x-open", hatch="x"),
    "right": RoleLook("ink", "triangle-up"),
    "wrong": RoleLook("invented-fill", "x-thin-open", "8px,3px", "\\"),
    "invented": RoleLook("invented-fill", "asterisk-open", "4px,2px,1px,2px", "+"),
    "answered": RoleLook("ink-2", "triangle-right", hatch="-"),
    "broken": RoleLook("control-fill", "bowtie-open", "1px,3px", "."),
}
NO_ROLE_LOOK = RoleLook("ink-3", "square-open", "4px,3px")
"""Of what a table names that is no role, such as an entropy."""

ROLE_SYNONYMS = {
    "refuses": "refused",
    "refusal": "refused",
    "correct": "right",
    "random": "control",
    "silent": "control",
    "matched": "control",
}
"""Other words for a role."""


def role_of(cell: object) -> str:
    """The role that a cell of a role column means, "other" where it is none."""
    name = str(cell or "").lower()
    role = ROLE_SYNONYMS.get(name, name)
    return role if role in ROLE_LOOKS else "other"


LOOK_SHAPES = ("circle", "square-open", "diamond", "triangle-up-open", "star", "circle-open")
LOOK_DASHES = (None, "6px,3px", "2px,3px", "9px,3px,2px,3px", "12px,4px")
LOOK_HATCHES = ("", "/", "\\", "x", "-", ".")
"""Those of one hue are told apart by these."""
