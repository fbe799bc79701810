"""Ways to type one name: what a keyboard, a phone, a spreadsheet or another alphabet's font makes of it.

Used wherever a name enters. `SAME`: spellings of one name. `DIFFERENT`: names that stay apart. `SPELLINGS`: functions
from a name to one of its spellings.
"""

import unicodedata
from collections.abc import Callable

SAME = [
    ("Björn Borg", "Bjo\u0308rn\u200b  BORG", "Ｂｊｏｒｎ\u00a0Ｂｏｒｇ", "bjorn borg"),
    ("N'Djamena", "N’Djamena", "NʼDjamena", "N´Djamena", "n`djamena", "NDjamena"),
    ("Port-au-Prince", "Port‑au‑Prince", "Port–au—Prince", "Port au Prince"),
    ("J.J. Watt", "JJ Watt", "J. J. Watt"),
    ("Zoë  D’Œuvre", "zoe d'oeuvre"),
    ("Łukasz Ørn", "lukasz orn"),
    ("Straße", "STRASSE"),
    ("İstanbul", "istanbul", "ISTANBUL", "ıstanbul"),
    ("ΟΔΟΣ", "οδος"),
    ("Help!", "help"),
    ("Hello, Dolly!", "hello dolly"),
]
DIFFERENT = [("C", "C++", "C#"), ("3.5", "35"), ("ハンス", "バンス"), ("???", "!!!"), ("Paris", "Parish")]

ACUTE = "\u0301"


def full_width(name: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in name)


def accented(name: str) -> str:
    """With an accent on its first vowel."""
    at = next((i for i, c in enumerate(name) if c in "aeiouAEIOU"), None)
    return name if at is None else name[: at + 1] + ACUTE + name[at + 1 :]


def replaced(old: str, new: str) -> Callable[[str], str]:
    return lambda name: name.replace(old, new)


def inside(mark: str) -> Callable[[str], str]:
    """A mark without a width behind the second character."""
    return lambda name: name[:2] + mark + name[2:]


SPELLINGS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "lower case": str.lower,
    "upper case": str.upper,
    "composed accent": lambda name: unicodedata.normalize("NFC", accented(name)),
    "decomposed accent": accented,
    "full width": full_width,
    "double spaces": replaced(" ", "  "),
    "no-break spaces": replaced(" ", "\u00a0"),
    "thin spaces": replaced(" ", "\u2009"),
    "curly apostrophe": replaced("'", "’"),
    "letter apostrophe": replaced("'", "ʼ"),
    "accent for apostrophe": replaced("'", "´"),
    "no-break hyphen": replaced("-", "\u2011"),
    "en dash": replaced("-", "–"),
    "minus": replaced("-", "−"),
    "zero-width space": inside("\u200b"),
    "zero-width joiner": inside("\u200d"),
    "soft hyphen": inside("\u00ad"),
}
