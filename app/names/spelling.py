"""Text as a search compares it: without regard to case, accents, curly apostrophes and repeated spaces."""

import unicodedata

_PLAIN = str.maketrans({"’": "'", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})


def fold(text: str) -> str:
    """One spelling for a text, however it is typed: "Zoë  D’Œuvre" and "zoe d'oeuvre" are the same."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(c for c in apart if not unicodedata.combining(c))
    return " ".join(plain.translate(_PLAIN).split())
