"""The glossary: complete in itself, and what it names is there."""

import re
from pathlib import Path

import pytest

from protocol.glossary.glossary import CHAPTERS, GLOSSARY, MARKS, PATTERN
from protocol.glossary.term import PAPERS
from protocol.javascript import TERMS_TARGET, terms_module
from protocol.vocabulary import OUTCOMES, Outcome

pytestmark = pytest.mark.core

ROOT = Path(__file__).parents[2]
of_terms = pytest.mark.parametrize("key", GLOSSARY)


@of_terms
def test_an_entry_says_what_it_is_and_where_it_fails_in_whole_sentences(key: str) -> None:
    term = GLOSSARY[key]
    for text in (term.sentence, term.fails):
        assert text[0].isupper() or text[0] in "“P", text
        assert text.endswith("."), text
    assert len(term.sentence) <= 180, "a door opens one sentence"


@of_terms
def test_what_an_entry_names_is_there(key: str) -> None:
    term = GLOSSARY[key]
    assert [path for path in term.code if not (ROOT / path).is_file()] == []
    assert term.code
    assert [source.paper for source in term.sources if source.paper not in PAPERS] == []


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_a_badges_verb_is_an_entry_and_its_words_hold_no_other_symbol(outcome: Outcome) -> None:
    """So the verb can be its door, and the reason beside it needs none."""
    assert outcome in GLOSSARY and GLOSSARY[outcome].name == OUTCOMES[outcome].badge.lower()
    words = (OUTCOMES[outcome].badge, OUTCOMES[outcome].why, OUTCOMES[outcome].many)
    assert [mark for text in words for mark in re.findall(PATTERN, text)] == []


@pytest.mark.parametrize("page", sorted((ROOT / "templates").rglob("*.html")), ids=lambda page: page.name)
def test_no_symbol_and_no_door_stands_in_a_control(page: Path) -> None:
    """There a door can't be pressed: it stands beside."""
    controls = re.findall(
        r"<(button|label|option|legend)\b[^>]*>(.*?)</\1>", page.read_text(encoding="utf-8"), re.DOTALL
    )
    for _, inside in controls:
        assert not re.search(r"\bdoor\(|with_doors|label_door|listed=false", inside), inside
        assert re.findall(PATTERN, re.sub(r"<[^>]*>|\{[{%].*?[%}]\}", "", inside)) == [], inside


def test_every_paper_is_some_entrys() -> None:
    assert {source.paper for term in GLOSSARY.values() for source in term.sources} == set(PAPERS)


def test_an_entry_and_a_mark_are_there_once() -> None:
    assert len(GLOSSARY) == sum(len(chapter.terms) for chapter in CHAPTERS)
    assert len(MARKS) == sum(len(term.marks) for term in GLOSSARY.values())


def test_every_mark_is_found_where_it_stands_and_in_no_word() -> None:
    for mark in MARKS:
        assert re.findall(PATTERN, f"1 {mark}, of it") == [mark]
        assert mark not in re.findall(PATTERN, f"a{mark}b")


def test_the_pages_have_the_glossary_as_it_is() -> None:
    assert TERMS_TARGET.read_text(encoding="utf-8") == terms_module(), "run `make vocabulary` and commit what it wrote"
