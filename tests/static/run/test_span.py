"""Characters of a prompt, as the page counts them from tokens and as the worker does."""

import pytest

from model_worker.engine import Engine
from tests.model_worker.driving import answer, of_kind, request_for
from tests.static.javascript import JavaScript

SPAN = "static/run/tokens/span.js"
BATKIN = "What sport does Michael Batkin play?"


@pytest.mark.parametrize("before", ["👩‍👩‍👧 Zoë asks: ", "   two  spaces ", "𝔘𝔫𝔦 ", "<eos> ", "<0xE2> é́ "])
def test_marked_characters_are_counted_as_the_worker_counts_them(
    javascript: JavaScript, embedded_engine: Engine, before: str
) -> None:
    """Whatever stands before the name: code points, not 16-bit units, and bytes of one character are that character."""
    prompt = (before + BATKIN).strip()
    request = request_for(embedded_engine.loaded, prompt=prompt, sweeps=(), max_new_tokens=1)
    start = of_kind(answer(embedded_engine, request), "start")[0].model_dump(mode="json")
    entity = start["entity"]
    found = javascript.call(SPAN, "spanOf", start["tokens"], prompt, entity["start"], entity["end"] - 1)
    assert prompt[found["start"] : found["end"]] == "Michael Batkin"
