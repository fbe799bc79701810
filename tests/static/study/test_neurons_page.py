"""What the page Neurons reads by column is what the study tells: on the recording that ships."""

import json
from pathlib import Path
from typing import Any

import pytest

from model_worker.studies.neurons.dial import DIAL_GROUPS, SETS
from model_worker.studies.neurons.readers import VIEWS
from protocol.vocabulary import OUTCOMES
from tests.static.javascript import JavaScript

SHIPPED = Path(__file__).parents[3] / "static" / "first" / "studies" / "neurons.jsonl"


@pytest.fixture(scope="module")
def seen(javascript: JavaScript) -> dict[str, Any]:
    frames = [json.loads(line) for line in SHIPPED.read_text().splitlines()]
    found: dict[str, Any] = javascript.call("tests/static/study/neurons.js", "seen", frames)
    return found


def test_the_view_that_claims_are_made_of_is_the_first(seen: dict[str, Any]) -> None:
    assert seen["views"] == list(VIEWS)
    assert {"read", "view", "AUROC", "AUROC, low", "AUROC, high", "pairs", "errors", "right"} <= set(seen["readers"][0])


def test_every_column_that_the_page_names_is_there(seen: dict[str, Any]) -> None:
    assert {"C", "positive", "negative", "positive, ‰ of all", "view", "AUROC", "AUROC, low"} <= set(seen["sweep"])
    assert {"neuron", "layer", "index", "weight", "AUROC alone", "mean before right", "drawn again"} <= set(
        seen["neurons"][0]
    )
    assert {"claim", "holds", "sentence"} <= set(seen["verdicts"][0])
    assert {"set", "outcomes", "group", "per unit of the factor", "low", "random, low"} <= set(seen["slopes"])


def test_what_a_later_study_tells_is_read_where_it_is_there(seen: dict[str, Any]) -> None:
    assert {"fifth", "read", "wrong", "low", "high"} <= set(seen["fifths"][0])
    assert {"samples that agree", "read", "AUROC", "right", "wrong", "refused", "mixed"} <= set(seen["agreement"])
    assert {"neurons", "positive", "negative", "share before right", "share before errors"} <= set(seen["layers"][0])
    assert {one["set"] for one in seen["sets"]} <= set(SETS)


def test_each_set_is_turned_on_each_group_from_nothing_to_three(seen: dict[str, Any]) -> None:
    assert {(one["set"], one["group"]) for one in seen["dial"]} == {(a, b) for a in SETS for b in DIAL_GROUPS}
    assert all({0, 1, 3} <= set(one["factors"]) for one in seen["dial"])
    assert "refused" in OUTCOMES
