"""Doors: a symbol or a word of the field as a link to its line on /method, as static/core/term.js draws them.

static/parts/explanation.js opens what the glossary says at a press. Knows no page.
"""

import re

from markupsafe import Markup, escape

from protocol.glossary.glossary import GLOSSARY, MARKS, PATTERN, TERM_LABELS

_MARK = re.compile(PATTERN)
Piece = tuple[str, str | None]


def door(key: str, words: str = "", root: str = "") -> Markup:
    """Without words, the symbol or the name. `root`: the path that the app stands at on its host. Raises KeyError for
    what the glossary doesn't have."""
    term = GLOSSARY[key]
    link = '<a class="term" href="{0}/method#{1}" data-term="{1}">{2}</a>'
    return Markup(link).format(root, key, words or term.symbol or term.name)


def with_doors(text: str, root: str = "") -> Markup:
    """A text with a door for each symbol in it, the first time that its entry is meant."""
    return Markup("").join(door(key, words, root) if key else escape(words) for words, key in pieces(text))


def label_door(label: str, root: str = "") -> Markup:
    """What names a value or a column, as a door where the glossary has it; else with doors for its symbols."""
    return door(TERM_LABELS[label], label, root) if label in TERM_LABELS else with_doors(label, root)


def pieces(text: str) -> list[Piece]:
    """A text in pieces, with the entry that a piece is a door to."""
    found: list[Piece] = []
    met: set[str] = set()
    end = 0
    for match in _MARK.finditer(text):
        key = MARKS[match[0]]
        if key in met:
            continue
        met.add(key)
        found += [(text[end : match.start()], None), (match[0], key)]
        end = match.end()
    return [piece for piece in (*found, (text[end:], None)) if piece[0]]
