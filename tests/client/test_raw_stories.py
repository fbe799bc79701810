"""Circuits of any prompt as findings: what the report says of them, and whether that bears the claim out."""

import pytest

from client.raw_stories import RAW_STORIES, STUDIED, RawStory, in_sentences, quoted, told_of
from client.recording import Recording
from protocol.vocabulary import MAX_NOTE_CHARACTERS, MAX_TITLE_CHARACTERS
from tests.app.circuit_frames import circuit_frames

pytestmark = pytest.mark.core

BY_NAME = {story.name: story for story in RAW_STORIES}
OTHERWISE = {
    "opposite": ("Shared by all three of “small”: 11 of", "Shared by all three of “small”: 31 of"),
    "sum": ("| = | last digit of the sum | L16 #19 | −0.47 |", "| = | last digit of the sum | L16 #19 | 0.47 |"),
    "rhyme": ("| −0.04 | −0.00 | −0.01 | 0.01 |", "| −0.04 | −0.00 | 0.61 | 0.01 |"),
}


def drawn() -> Recording:
    recording = Recording("run")
    for frame in circuit_frames():
        recording.add(frame)
    return recording


@pytest.mark.parametrize("story", RAW_STORIES, ids=BY_NAME)
def test_what_was_not_found_is_told_with_how_it_was_looked_for(story: RawStory) -> None:
    title, note = told_of(story, STUDIED.read_text("utf-8"), "gemma-3-270m", drawn())
    assert title.startswith("Not found here: ") and len(title) <= MAX_TITLE_CHARACTERS
    assert "how it was looked for" in note and "random" in note and len(note) < MAX_NOTE_CHARACTERS
    assert "|" not in note


@pytest.mark.parametrize("name", OTHERWISE)
def test_the_verdict_is_read_off_the_numbers(name: str) -> None:
    was, otherwise = OTHERWISE[name]
    report = STUDIED.read_text("utf-8")
    assert was in report
    title, _ = told_of(BY_NAME[name], report.replace(was, otherwise), "gemma-3-270m", drawn())
    assert title.startswith("Shown: ")


def test_only_lines_of_the_section_are_quoted_and_rows_bring_their_heads() -> None:
    report = "### A (m)\n\n| x | y |\n|---|---|\n| a | 1 |\nN is 3.\n\n### B (m)\n\nN is 4.\n"
    assert in_sentences(quoted(report, "### A (m", ("| x", "| a", "N is"))) == ["x a; y 1.", "N is 3."]
    with pytest.raises(AssertionError, match="no section"):
        quoted(report, "### C", ("N",))
