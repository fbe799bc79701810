"""All entries by their keys, and how the symbols among them are found in running text. Knows no page.

A key is an address: /method#r_bar. `python -m protocol.javascript` writes what a door says as static/core/terms.js.
"""

import re
from dataclasses import dataclass

from protocol.glossary.answers import ANSWER_TERMS
from protocol.glossary.circuits import CIRCUIT_TERMS
from protocol.glossary.controls import CONTROL_TERMS
from protocol.glossary.neurons import NEURON_TERMS
from protocol.glossary.pushing import PUSHING_TERMS
from protocol.glossary.reading import READING_TERMS
from protocol.glossary.recording import RECORDING_TERMS
from protocol.glossary.sets import SET_TERMS
from protocol.glossary.term import Term


@dataclass(frozen=True)
class GlossaryChapter:
    """key: its address on the page. about: what its entries have in common."""

    key: str
    title: str
    about: str
    terms: dict[str, Term]


CHAPTERS = (
    GlossaryChapter("reading", "Reading", "What is read of the model while it reads a prompt.", READING_TERMS),
    GlossaryChapter("pushing", "Pushing", "What is added, how hard and where.", PUSHING_TERMS),
    GlossaryChapter("answers", "Answers", "What an answer amounts to, and how likely it was.", ANSWER_TERMS),
    GlossaryChapter(
        "controls", "Controls", "What every effect is held against, and how sure a number is.", CONTROL_TERMS
    ),
    GlossaryChapter("circuits", "Circuits", "What leads to the answer, and how far that holds.", CIRCUIT_TERMS),
    GlossaryChapter("sets", "Whole sets of names", "What Discover and Experiments count.", SET_TERMS),
    GlossaryChapter("neurons", "Neurons", "Which neurons tell errors, and what turning them does.", NEURON_TERMS),
    GlossaryChapter("recording", "What is kept", "A run as it was, and whether it still holds.", RECORDING_TERMS),
)

GLOSSARY: dict[str, Term] = {key: term for chapter in CHAPTERS for key, term in chapter.terms.items()}

MARKS: dict[str, str] = {mark: key for key, term in GLOSSARY.items() for mark in term.marks}
"""The key of what stands for an entry in running text."""

TERM_LABELS: dict[str, str] = {label: key for key, term in GLOSSARY.items() for label in term.labels}
"""The key of what stands for an entry as a name before a value, or at the head of a column."""

_LONGEST_FIRST = sorted(MARKS, key=lambda mark: (-len(mark), mark))
PATTERN = "|".join(re.sub(r"[()+]", r"\\\g<0>", mark) for mark in _LONGEST_FIRST)
PATTERN = rf"(?<![A-Za-z0-9_.,])(?:{PATTERN})(?![A-Za-z0-9_/])"
"""Finds the marks in a text, in Python and in JavaScript alike: the longest first, and none inside a word."""
