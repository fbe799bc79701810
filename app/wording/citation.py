"""How a finding is cited: as BibTeX and as a line of text. Whatever its title holds, BibTeX reads it as a title."""

import re
import unicodedata

from app.clock import day
from app.version import VERSION
from protocol.app.findings import Finding

_ESCAPED = {
    "\\": r"\textbackslash{}",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "{": r"\{",
    "}": r"\}",
    **{sign: f"\\{sign}" for sign in "$&#%_"},
}
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()


def bibtex(finding: Finding, address: str) -> str:
    """An entry, a field a line. address: where the finding is read; no slug and no host needs to be escaped."""
    year, month, _ = finding.created.split("-", 2)
    fields = {
        "title": f"{{{escaped_for_bibtex(finding.title)}}}",
        "howpublished": f"Hallucinoscope {VERSION}, finding {finding.slug}",
        "year": year,
        "month": _MONTHS[int(month) - 1],
        "url": address,
        "note": f"Model {escaped_for_bibtex(finding.request.model)}; recording SHA-256 {finding.recording_sha256}",
    }
    lines = (f"  {name} = {value if name == 'month' else f'{{{value}}}'}" for name, value in fields.items())
    return "@misc{hallucinoscope-" + finding.slug + ",\n" + ",\n".join(lines) + "\n}"


def citation(finding: Finding, address: str) -> str:
    """One line."""
    title = _on_one_line(finding.title)
    ended = title if title.endswith((".", "?", "!")) else f"{title}."
    return (
        f"“{ended}” Hallucinoscope finding {finding.slug}, {day(finding.created)}. Model {finding.request.model}, "
        f"recording SHA-256 {finding.recording_sha256[:16]}. {address}"
    )


def escaped_for_bibtex(text: str) -> str:
    """Text between two braces. Nothing in it opens, closes or begins a command; lines become one."""
    return "".join(_ESCAPED.get(char, char) for char in _on_one_line(text))


def _on_one_line(text: str) -> str:
    seen = (char if unicodedata.category(char) not in ("Cc", "Cf", "Cs") else " " for char in text)
    return re.sub(r"\s+", " ", "".join(seen)).strip()
