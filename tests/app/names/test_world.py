"""What a model knows, searched; and its report."""

import json
from typing import Any

import pytest

from app.names.world import Index, WorldSearch
from protocol.worker.models import Example
from tests import shipped_documents as papers
from tests.app.conftest import Client, start
from tests.app.frames import CARD
from tests.app.scripted_worker import ScriptedWorker
from tests.protocol.spelling_cases import SPELLINGS

EXAMPLE = Example(role="known", name="Paris", prompt="Which country is Paris in?")
TOLD = CARD.model_copy(update={"world": "entities.json", "examples": ((EXAMPLE,),)})
WORLD = f"/api/models/{CARD.id}/world"


@pytest.fixture
def told(app: Client, worker: ScriptedWorker) -> Client:
    """The app, whose worker has a world and a report."""
    worker.card, worker.world, worker.report = TOLD, papers.world(CARD.id), papers.REPORT
    return app


def found(app: Client, **asked: Any) -> list[str]:
    answer = app.get(WORLD, params=asked)
    assert answer.status_code == 200, answer.text
    return [entry["name"] for entry in answer.json()["entries"]]


def test_a_name_is_found_whatever_its_case_accents_and_spaces(told: Client) -> None:
    for words in ("bogota", "BOGOTÁ", "  Bogota ", "Bogotá"):
        assert found(told, q=words) == ["Bogotá"]
    assert found(told, q="lukasz  orn") == ["Łukasz Ørn"]


@pytest.mark.parametrize("way", SPELLINGS.values(), ids=SPELLINGS)
def test_a_name_is_found_however_it_is_typed(way) -> None:
    index = Index(papers.world(CARD.id), None)
    for name in ("Michael Jordan", "Midnight in Paris", "Bogotá"):
        assert index.page(WorldSearch(way(name))).entries[0].name == name


def test_a_slip_finds_the_name_that_was_meant_and_never_one_that_is_nobodys() -> None:
    index = Index(papers.world(CARD.id), None)
    assert [entry.name for entry in index.page(WorldSearch("Micheal Jordan")).near] == ["Michael Jordan"]
    for words in ("Florence Nightingale", "Michael Batkim", "Michael Jordan", ""):
        assert index.page(WorldSearch(words)).near == ()


def test_as_many_names_are_counted_as_known_as_are_listed_so() -> None:
    index = Index(papers.world(CARD.id), None)
    assert index.page(WorldSearch("jordan")).n_known == index.page(WorldSearch(tier="known")).total > 1


def test_facts_are_searched_too_and_every_word_must_be_there(told: Client) -> None:
    assert found(told, q="zurich") == ["Łukasz Ørn"]
    assert found(told, q="jordan bulls") == ["Michael Jordan"]
    assert found(told, q="jordan zurich") == []
    assert found(told, q="colombia") == ["Bogotá"], "also what was withheld"


def test_the_name_that_was_typed_comes_first(told: Client) -> None:
    assert found(told, q="paris") == ["Paris", "Midnight in Paris"]


def test_filters_narrow_and_each_count_says_what_choosing_it_would_show(told: Client) -> None:
    whole = told.get(WORLD).json()
    assert whole["total"] == whole["n_entries"] == len(papers.ROWS) == sum(whole["tiers"].values())
    for filters in ({}, {"q": "a"}, {"type": "city"}, {"tier": "unknown"}, {"q": "a", "type": "city"}):
        counts = told.get(WORLD, params=filters).json()
        for key in ("type", "tier"):
            for name, n in counts[f"{key}s"].items():
                assert told.get(WORLD, params={**filters, key: name}).json()["total"] == n, (filters, name)


def test_pages_together_are_everything_once_and_behind_the_last_is_nothing(told: Client) -> None:
    names = [name for offset in range(0, len(papers.ROWS), 25) for name in found(told, offset=offset, limit=25)]
    assert names == [row["name"] for row in papers.ROWS]
    assert found(told, offset=1_000_000) == []
    assert len(found(told)) == 50


def test_a_name_keeps_what_was_withheld_apart_from_what_was_told(told: Client) -> None:
    bogota = told.get(WORLD, params={"q": "bogota"}).json()["entries"][0]
    assert bogota["facts"] == {"country": "Colombia", "continent": "South America"}
    assert bogota["withheld"] == ["country"] and bogota["asked"] is False


def test_examples_of_the_card_show_how_to_ask_about_their_type(told: Client) -> None:
    assert told.get(WORLD).json()["questions"] == {"city": "Which country is {name} in?"}
    assert Index(papers.world(CARD.id), None).page(WorldSearch()).questions == {}


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ("limit=0", 422),
        ("limit=201", 422),
        ("limit=many", 422),
        ("offset=-1", 422),
        ("offset=99999999999999999999", 422),
        ("tier=famous", 422),
        ("tier=", 422),
        ("type=dog", 422),
        ("type=%00", 422),
        ("type=<script>", 422),
        ("q=%00", 422),
        ("q=" + "a" * 201, 422),
        ("q=%ff", 200),
        ("q=" + "%F0%9F%92%A9" * 10, 200),
        ("q=' or 1=1 --", 200),
    ],
)
def test_a_bad_search_is_refused_in_three_parts_and_an_odd_one_finds_nothing(
    told: Client, asked: str, status: int
) -> None:
    answer = told.get(f"{WORLD}?{asked}")
    assert answer.status_code == status, answer.text
    if status == 200:
        assert answer.json()["total"] == 0
    else:
        refusal = answer.json()["refusal"]
        assert refusal.keys() == {"code", "asked", "allowed", "change"} and all(refusal.values())
        assert "script" not in answer.text and "Value error" not in answer.text


@pytest.mark.parametrize("name", ["nobody", "a/b", "a%2Fb", "..%2f..%2fetc", "%00", "%ff", "a" * 3_000, "<script>"])
def test_an_unknown_model_is_refused(told: Client, name: str) -> None:
    for what in ("world", "report"):
        answer = told.get(f"/api/models/{name}/{what}")
        assert answer.status_code in (404, 422)
        assert all(answer.json()["refusal"].values()) and "<script>" not in answer.text


def test_a_model_without_world_and_report_says_so(app: Client, worker: ScriptedWorker) -> None:
    for what in ("world", "report"):
        assert app.get(f"/api/models/{CARD.id}/{what}").status_code == 404
    assert app.get("/api/models").json()["reports"] == []


def test_the_report_is_the_workers(told: Client) -> None:
    assert told.get(f"/api/models/{CARD.id}/report").json() == json.loads(papers.REPORT.model_dump_json())
    assert told.get("/api/models").json()["reports"] == [CARD.id]


def test_a_world_is_sent_once_however_often_it_is_searched_and_again_when_it_changed(settings, worker) -> None:
    worker.card, worker.world = TOLD, papers.world(CARD.id)
    with start(settings) as app:
        for words in ("p", "pa", "par", "pari", "paris"):
            assert "Paris" in found(app, q=words)
        assert worker.papers_sent == 1
        worker.world = papers.world(CARD.id, [row for row in papers.ROWS if row["name"] != "Paris"])
        assert found(app, q="paris") == ["Midnight in Paris"]
        assert worker.papers_sent == 2


def test_worlds_and_reports_stay_known_while_the_worker_is_away(settings, worker: ScriptedWorker) -> None:
    worker.card, worker.world, worker.report = TOLD, papers.world(CARD.id), papers.REPORT
    worker.close()
    with start(settings) as app:
        for what in ("world", "report"):
            away = app.get(f"/api/models/{CARD.id}/{what}")
            assert away.status_code == 503 and all(away.json()["refusal"].values())
        worker.listen()
        known = [app.get(f"/api/models/{CARD.id}/{what}").json() for what in ("world", "report")]
        worker.close()
        assert [app.get(f"/api/models/{CARD.id}/{what}").json() for what in ("world", "report")] == known
        assert found(app, q="paris")[0] == "Paris"
