"""The page ranks latents from a discovery's counts as the worker did, so that a threshold moves without a run."""

from typing import Any

import pytest

from model_worker.engine import Engine
from model_worker.model.loading import Loaded
from model_worker.model.registry import card_folders, read_row
from protocol.worker.names import WorldNames
from protocol.worker.studies import DiscoverRequest
from tests.model_worker.study_runs import studied
from tests.static.javascript import JavaScript

FILTER = 0.1  # leaves out the latent that knows unknown names best, which fires on 0.18 of the embedded model's text
KINDS = ("known", "unknown", "specialists_known", "specialists_unknown")


@pytest.fixture(scope="module")
def frames(embedded: Loaded) -> list[dict[str, Any]]:
    engine = Engine(embedded, row=read_row(card_folders()[0]))
    request = DiscoverRequest(
        model=embedded.card.id, names=WorldNames(most=60), corpus_tokens=2_000, max_corpus_share=FILTER
    )
    return [frame.model_dump(mode="json") for frame in studied(engine, request)]


def test_the_page_ranks_as_the_worker_does(javascript: JavaScript, frames: list[dict[str, Any]]) -> None:
    found = javascript.call("tests/static/study/counts.js", "rankings", frames)
    assert found["worker"]["final"]
    for kind in KINDS:
        page, worker = found["page"][kind], found["worker"][kind]
        names = ("dictionary", "layer", "latent", "only")
        assert [[one[name] for name in names] for one in page] == [[one[name] for name in names] for one in worker]
        for name in ("score", "corpus_share"):  # frames say six digits
            assert [one[name] for one in page] == pytest.approx([one[name] for one in worker], rel=5e-6)
        assert page
    unknown = [(one["dictionary"].split("/")[-1], one["latent"]) for one in found["page"]["unknown"]]
    assert ("layer_2_unknown", 1) not in unknown, "the filter is at work"


def test_without_its_filter_that_latent_is_there(javascript: JavaScript, frames: list[dict[str, Any]]) -> None:
    opened = next(frame for frame in frames if frame["kind"] == "study")
    unfiltered = {**opened, "request": {**opened["request"], "max_corpus_share": 1}}
    changed = [unfiltered if frame is opened else frame for frame in frames]
    page = javascript.call("tests/static/study/counts.js", "rankings", changed)["page"]["unknown"]
    assert page[0]["dictionary"].endswith("layer_2_unknown") and page[0]["latent"] == 1
