"""What a claim about circuits comes to over a set is what its study's report says; findings that ship say so too."""

import gzip
import json
import re

import pytest

from app.settings import ROOT
from client.circuit_sets import CIRCUITS_REPORT, STUDIED_BY, CircuitSet
from client.circuit_stories import DEFAULT, INHIBITS, INVENTS, LIFTS, title_and_note
from client.circuit_verdicts import CircuitVerdict
from model_worker.model.registry import read_registry, row_of
from protocol.circuit import Basis
from protocol.vocabulary import MAX_TITLE_CHARACTERS

pytestmark = pytest.mark.core

REPORT = CIRCUITS_REPORT.read_text("utf-8")
MODELS = ("tiny-gemma2-chat", "gemma-3-270m")
BY_SETS = {
    DEFAULT: CircuitSet.refusal_is_the_default,
    LIFTS: CircuitSet.recognition_lifts_it,
    INVENTS: CircuitSet.forced_recognition_invents,
    INHIBITS: CircuitSet.which_inhibits_which,
}
ONE_PAIR = [("Michael Jordan | Michael Batkin", CircuitVerdict("yes", ("m −7 → +2.",)))]


@pytest.mark.parametrize("basis", STUDIED_BY)
@pytest.mark.parametrize("model", MODELS)
def test_a_set_says_what_the_report_says_in_bold(model: str, basis: Basis) -> None:
    bold = re.search(rf"^## {model}, by {basis}\n.*?^\*\*(.*?)\*\*$", REPORT, re.MULTILINE | re.DOTALL)
    assert bold
    hidden, neutral, off = re.findall(r": (yes|no), ", bold[1])
    told = CircuitSet(REPORT, model, basis)
    default, lifts = told.refusal_is_the_default(), told.recognition_lifts_it()
    assert default and lifts
    assert (default.shown, lifts.shown) == (hidden == neutral == "yes", off == "yes")


def test_a_name_among_nine_is_nothing_and_a_quarter_of_a_set_is_not_most() -> None:
    few, part = (CircuitSet(REPORT, model, "latents").forced_recognition_invents() for model in reversed(MODELS))
    assert few and not few.shown and few.counted.startswith("1 of 9, 0 %") and "more than" not in few.words
    assert part and not part.shown and part.counted.startswith("11 of 41, 0 %") and "and not most" in part.words


def test_inhibition_is_shown_where_the_way_back_is_not() -> None:
    there, other = (CircuitSet(REPORT, model, "latents").which_inhibits_which() for model in MODELS)
    assert there and there.shown and other and not other.shown
    assert CircuitSet(REPORT, "nobody", "latents").which_inhibits_which() is None


def test_of_a_misfire_a_set_says_what_fires_and_no_more() -> None:
    told = CircuitSet(REPORT, MODELS[0], "latents").recognition_fires()
    assert "“Recognised” fires in 39 of 40 misled names, 1 of 40 unknown names; “Not recognised” fires in 4 of" in told
    assert CircuitSet(REPORT, "nobody", "latents").recognition_fires() == ""


@pytest.mark.parametrize("claim", BY_SETS)
def test_a_pair_that_shows_it_changes_no_title_of_a_set_and_carries_no_law(claim: str) -> None:
    over = BY_SETS[claim](CircuitSet(REPORT, "gemma-3-270m", "latents"))
    assert over and not over.shown
    title, note = title_and_note(claim, ONE_PAIR, [over])
    assert title.startswith("Not shown by latents: ") and note.startswith("Not shown by latents, over the set. ")
    assert "is an example, which is no rate: measured in 1 of 1 pairs" in note
    alone, note = title_and_note(claim, ONE_PAIR, [])
    assert alone.endswith("in one pair, which is no rate") and "no study measured" in note


@pytest.mark.parametrize("model", MODELS)
def test_what_ships_is_titled_by_the_report(model: str) -> None:
    with gzip.open(ROOT / "static" / "first" / "stories.jsonl.gz") as file:
        shipped = [row["title"] for kind, row in map(json.loads, file) if kind == "finding"]
    card = row_of(read_registry(()), model).card
    for claim, decide in BY_SETS.items():
        over = [told for basis in STUDIED_BY if (told := decide(CircuitSet(REPORT, model, basis)))]
        title = f"{title_and_note(claim, ONE_PAIR, over)[0]}, {card.title}"
        assert title in shipped and len(title) <= MAX_TITLE_CHARACTERS
