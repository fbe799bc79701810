"""Text that fits: cleaned of what a picture can't show, measured, broken into lines, cut with an ellipsis.

Text is hostile: of any length, in any script. The one font has Latin, Greek and Cyrillic letters; what it lacks is
replaced by a neutral mark, never by an empty box. Knows fonts, and nothing about where a text is put.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

VENDOR = Path(__file__).parents[2] / "static" / "vendor"
SCALE = 3  # pictures are drawn this much larger, and then made small: smooth edges without hinting

KERNING = 0.15  # by how much of its width a text may differ from its characters one by one
MAX_CHARACTERS = 700  # of one text; more never fits
LACKING = "·"
NOTHING_DRAWABLE = "(in letters that this picture lacks)"
LINE = 1.24  # of the size, between base lines

Weight = Literal["regular", "semibold"]


@dataclass(frozen=True)
class Type:
    """A weight at a size in px of the finished picture. A line is as high as `line`."""

    weight: Weight
    size: float

    @property
    def line(self) -> float:
        return round(self.size * LINE)

    @property
    def font(self) -> "FreeTypeFont":
        return _font(self.weight, self.size)

    def width(self, text: str) -> float:
        return self.font.getlength(text) / SCALE


@cache
def _font(weight: Weight, size: float) -> "FreeTypeFont":
    from PIL import ImageFont

    return ImageFont.truetype(VENDOR / f"inter-{weight}.woff2", size * SCALE)


def drawable(text: str) -> str:
    """One line of characters that the font has: white space and controls are a space, formatting characters (of
    direction, say) are left out, a letter carries one mark at most, and what the font lacks is `LACKING`."""
    found: list[str] = []
    for char in unicodedata.normalize("NFC", text[: 4 * MAX_CHARACTERS]):
        kind = unicodedata.category(char)
        if kind in ("Cc", "Zs", "Zl", "Zp"):
            found.append(" ")
        elif kind == "Cf":
            continue
        elif kind.startswith("M"):
            marked = not found or unicodedata.category(found[-1]).startswith("M") or found[-1] in (" ", LACKING)
            if not marked and _has(char):
                found.append(char)
        elif _has(char):
            found.append(char)
        elif found[-3:] != [LACKING] * 3:
            found.append(LACKING)
    clean = " ".join("".join(found).split())
    if clean and not clean.replace(LACKING, "").strip() and any(unicodedata.category(c).startswith("L") for c in text):
        return NOTHING_DRAWABLE
    return clean if len(clean) <= MAX_CHARACTERS else clean[:MAX_CHARACTERS].rstrip() + "…"


@lru_cache(4096)
def _has(char: str) -> bool:
    """Pillow doesn't tell what a font has; a character that it lacks is drawn as an unassigned one is."""
    return char == " " or bytes(_font("regular", 12).getmask(char)) != bytes(_font("regular", 12).getmask("\uffff"))


def broken(text: str, kind: Type, width: float) -> list[str]:
    """Lines no wider than `width`; a word that is wider is broken where it has to be."""
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line else word
        if _fits(longer, kind, width):
            line = longer
            continue
        if line:
            lines.append(line)
        while not _fits(word, kind, width):
            fits = _longest(word, kind, width)
            lines.append(word[:fits])
            word = word[fits:]
        line = word
    return [*lines, line] if line else lines


def balanced(text: str, kind: Type, width: float) -> list[str]:
    """As few lines as `broken` needs, and as even: no word is left alone on the last."""
    lines = broken(text, kind, width)
    if not 1 < len(lines) < 5:
        return lines
    narrow, wide = width / 2, width
    while wide - narrow > 4:
        middle = (narrow + wide) / 2
        tried = broken(text, kind, middle)
        if len(tried) == len(lines):
            wide, lines = middle, tried
        else:
            narrow = middle
    return lines


def cut(text: str, kind: Type, width: float) -> str:
    """The text, or its beginning and an ellipsis."""
    if _fits(text, kind, width):
        return text
    fits = _longest(text, kind, width - kind.width("…"))
    return text[:fits].rstrip(" ,.;:") + "…"


def limited(lines: Sequence[str], n: int, kind: Type, width: float) -> list[str]:
    """The first n lines; an ellipsis says that there were more."""
    if len(lines) <= n:
        return list(lines)
    return [*lines[: n - 1], cut(lines[n - 1] + " " + lines[n], kind, width)] if n > 0 else []


def _fits(text: str, kind: Type, width: float) -> bool:
    """Measured only where the characters' own widths leave it open: measuring is slow."""
    alone = sum(_advance(char, kind) for char in text)
    return alone <= (1 - KERNING) * width or (alone <= (1 + KERNING) * width and kind.width(text) <= width)


def _longest(text: str, kind: Type, width: float) -> int:
    """How many of the first characters fit, one at least."""
    n, used = 0, 0.0
    for char in text:
        used += _advance(char, kind)
        if used > width:
            break
        n += 1
    while n > 1 and kind.width(text[:n]) > width:
        n -= 1
    return max(n, 1)


@lru_cache(4096)
def _advance(char: str, kind: Type) -> float:
    return kind.width(char)
