"""What a list says of a circuit that somebody saved: what its note says first, for that is what the title claims, and
the circuit's own measurement where there is no note or a short one. In whole sentences. Knows no page."""

import re

from protocol.app.findings import Finding
from protocol.worker.circuits import CircuitRequest

MOST_EXCERPT = 400
"""Characters of a note."""
SHORT_NOTE = 120
"""A note with less leaves the effect and its control unsaid."""
_ENDS = re.compile(r"(?<=[.!?])\s+")


def circuit_excerpt(finding: Finding) -> str:
    measured = finding.circuit.headline if finding.circuit else ""
    note = whole_sentences(" ".join(_about_its_own(finding).split()), MOST_EXCERPT)
    return " ".join(filter(None, (note, measured if len(note) < SHORT_NOTE else "")))


def _about_its_own(finding: Finding) -> str:
    """A note that tells of several pairs, "A | B: …", with the pair first that the recording is of."""
    first, *rest = finding.note.split("\n\n")
    request = finding.request
    if not rest or not isinstance(request, CircuitRequest) or request.beside is None:
        return finding.note
    prompts = request.prompt, request.beside.prompt

    def is_own(paragraph: str) -> bool:
        names = paragraph.partition(": ")[0].split(" | ")
        return len(names) == len(prompts) and all(name in prompt for name, prompt in zip(names, prompts, strict=True))

    return "\n\n".join((first, *sorted(rest, key=lambda one: not is_own(one))))


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
