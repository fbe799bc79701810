"""Symbols in running text become doors on the page and in what the server draws, alike."""

import pytest

from app.wording.doors import door, pieces, with_doors
from protocol.glossary.glossary import MARKS
from tests.static.javascript import JavaScript

CASES = [
    "",
    "no symbol here",
    "α 45 raw = +1.25 × r̄ 36 / ‖d‖ 0.9",
    "r̄, and r̄ again",
    "95 % (Wilson); 5–95 % of 32",
    "the paper's layer 4; resid_post",
    "dalphaα αβ unseeded seed",
    "P(refusal opening) <b>& more</b>",
    "AUROC",
    *MARKS,
]


@pytest.mark.parametrize("text", CASES)
def test_a_symbol_in_a_text_is_a_door_on_the_page_and_in_a_template(javascript: JavaScript, text: str) -> None:
    told = [tuple(piece) for piece in javascript.call("static/core/term.js", "pieces", text)]
    assert told == pieces(text)
    assert "".join(words for words, _ in told) == text


def test_each_entry_has_one_door_in_a_text() -> None:
    assert [key for _, key in pieces("r̄, α and r̄")] == ["r_bar", None, "alpha", None]


def test_what_stands_around_a_door_is_escaped() -> None:
    assert with_doors("<b> FVU") == '&lt;b&gt; <a class="term" href="/method#fvu" data-term="fvu">FVU</a>'
    assert door("latent", "<L3>").endswith(">&lt;L3&gt;</a>")


def test_a_door_to_nothing_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        door("nothing")
