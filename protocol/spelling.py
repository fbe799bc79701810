"""One spelling for a name, however it is typed; and where a text can be cut without cutting a character.

A worker finds and judges names by it, a search compares by it. static/core/spelling.js does the same for a page, with
the same tables. No difference make: accents, composed or not; full-width and other forms of a letter; case; apostrophes
of any kind; hyphens, dashes and spaces of any kind and number; full stops, commas and quotation marks; characters
without a width. What is left tells names apart: letters, digits, and signs such as + and #.

Knows no name.
"""

import re
import unicodedata

APOSTROPHES = "'’‘‛ʼʻʹ′`´＇"
"""Whatever stands for an apostrophe. It is left out, as some leave it out."""

GAPS = '-‐‒–—―−⁃,;:!?¡¿·"“”„‟«»‹›()[]{}/\\'
"""What is as good as a space: whatever stands for a hyphen, and what stands between words."""

LETTERS = {
    "ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "ŧ": "t", "ı": "i", "þ": "th", "æ": "ae", "œ": "oe", "ς": "σ",
}  # fmt: skip
"""Lower-case letters that no decomposition makes plain."""

ACCENTS = ("\u0300\u036f", "\u1ab0\u1aff", "\u1dc0\u1dff", "\u20d0\u20ff", "\ufe20\ufe2f")
"""First and last mark of each block of those that are put on letters. Another script's mark makes another letter."""

_PLAIN = str.maketrans(LETTERS | dict.fromkeys(APOSTROPHES, "") | dict.fromkeys(GAPS, " "))
_INITIALS = re.compile(r"\b(\w)\.\s*(?=\w\.)")
_STOPS = re.compile(r"(?<!\d)\.|\.(?!\d)")


def fold(text: str) -> str:
    """The words of a text in one spelling: "Zoë  D’Œuvre" and "zoe d'oeuvre" are the same. A text that is nothing but
    marks is its own."""
    bare = text.casefold() if text.isascii() else _bare(text).casefold()
    plain = unicodedata.normalize("NFC", bare).translate(_PLAIN)
    words = _STOPS.sub("", _INITIALS.sub(r"\1", plain)).split()
    return " ".join(words or text.casefold().split())


def whole(text: str, start: int, end: int) -> tuple[int, int]:
    """A span of characters, widened where it would cut what a reader sees as one: a letter and its accent, the parts
    of an emoji. One that holds nothing to be seen stays what it is."""
    if all(unicodedata.category(c) == "Cf" for c in text[start:end]):
        return start, end
    while 0 < start < len(text) and _goes_on(text, start):
        start -= 1
    while 0 < end < len(text) and _goes_on(text, end):
        end += 1
    return start, end


def _bare(text: str) -> str:
    apart = unicodedata.normalize("NFKD", text.replace("´", "'"))  # which decomposes into a space and an accent
    return "".join(c for c in apart if not _is_accent(c) and unicodedata.category(c) != "Cf")


def _is_accent(c: str) -> bool:
    return any(block[0] <= c <= block[1] for block in ACCENTS)


def _goes_on(text: str, at: int) -> bool:
    """Does the character at this place belong to what stands before it?"""
    return (
        unicodedata.category(text[at]) in ("Mn", "Me", "Mc", "Cf")
        or "\U0001f3fb" <= text[at] <= "\U0001f3ff"  # a tone of skin
        or text[at - 1] == "\u200d"  # which joins
    )
