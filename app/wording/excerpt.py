"""What a list says of a circuit that somebody saved: what its note says first, for that is what the title claims, and
the circuit's own measurement where there is no note or a short one. In whole sentences. Knows no page."""

import re

from protocol.app.findings import Finding

MOST_EXCERPT = 400
"""Characters of a note."""
SHORT_NOTE = 120
"""A note with less leaves the effect and its control unsaid."""
_ENDS = re.compile(r"(?<=[.!?])\s+")


def circuit_excerpt(finding: Finding) -> str:
    measured = finding.circuit.headline if finding.circuit else ""
    note = whole_sentences(" ".join(finding.note.split()), MOST_EXCERPT)
    return " ".join(filter(None, (note, measured if len(note) < SHORT_NOTE else "")))


def whole_sentences(text: str, most: int) -> str:
    """As many from its beginning as fit; of one that is too long, whole words and an ellipsis."""
    if len(text) <= most:
        return text
    kept = ""
    for sentence in _ENDS.split(text):
        if len(kept) + 1 + len(sentence) > most:
            break
        kept = f"{kept} {sentence}".strip()
    return kept or f"{text[: most - 1].rsplit(' ', 1)[0]}…"
