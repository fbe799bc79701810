"""What a worker tells about its models beside their cards, over real HTTP. No model is loaded here."""

import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
import uvicorn

from model_worker.model.documents import Papers, read_entries
from model_worker.model.registry import read_registry, read_row
from model_worker.serve.server import create_server
from protocol.refusal import Refused
from protocol.worker.models import Models
from protocol.worker.report import ModelReport
from protocol.worker.world import ModelWorld
from tests import shipped_documents as papers
from tests.app.frames import CARD

pytestmark = pytest.mark.core
OTHER = CARD.model_copy(update={"id": "maker/other"})
HERE = f"/v1/models/{CARD.id}"


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx2.Client]:
    folder = tmp_path_factory.mktemp("cards")
    row = read_row(papers.write(folder / "one", CARD))
    other = read_row(papers.write(folder / "two", OTHER, with_world=False, with_report=False))

    def never(_say: object) -> None:
        raise OSError("no weights")

    server = uvicorn.Server(uvicorn.Config(create_server(row, never, (other,)), log_level="critical"))
    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    while not server.started:
        time.sleep(0.01)
    with httpx2.Client(base_url=f"http://127.0.0.1:{listener.getsockname()[1]}", trust_env=False) as client:
        yield client
    server.should_exit = True
    thread.join(10)


def test_the_models_are_the_one_that_is_held_and_those_that_could_be(worker: httpx2.Client) -> None:
    models = Models.model_validate_json(worker.get("/v1/models").content)
    assert [card.id for card in models.models] == [CARD.id, OTHER.id]
    assert models.reports == (CARD.id,)


def test_a_world_is_told_whole_with_what_was_withheld_and_what_was_asked(worker: httpx2.Client) -> None:
    world = ModelWorld.model_validate_json(worker.get(f"{HERE}/world").content)
    assert world == papers.world(CARD.id)
    bogota = next(entry for entry in world.entries if entry.name == "Bogotá")
    assert bogota.withheld == ("country",) and bogota.facts["country"] == "Colombia" and not bogota.asked


def test_a_report_is_told_as_it_was_written(worker: httpx2.Client) -> None:
    assert ModelReport.model_validate_json(worker.get(f"{HERE}/report").content) == papers.REPORT


def test_what_has_not_changed_is_not_sent_again(worker: httpx2.Client) -> None:
    for path in (f"{HERE}/world", f"{HERE}/report"):
        first = worker.get(path)
        again = worker.get(path, headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    "path",
    [
        "/v1/models/maker/other/world",
        "/v1/models/maker%2Fother/report",
        "/v1/models/nobody/world",
        "/v1/models/%00/report",
        "/v1/models/<script>/world",
        "/v1/models/..%2f..%2fetc/world",
    ],
)
def test_what_a_model_lacks_is_a_404_in_three_parts(worker: httpx2.Client, path: str) -> None:
    answer = worker.get(path)
    assert answer.status_code == 404
    refusal = answer.json()["refusal"]
    assert all(refusal[part] for part in ("code", "asked", "allowed", "change"))
    assert "<script>" not in answer.text


def test_an_older_world_without_what_was_withheld_is_still_read(tmp_path: Path) -> None:
    folder = papers.write(tmp_path, CARD, with_report=False)
    rows = [{key: row[key] for key in row if key not in ("withheld", "made_by")} for row in papers.ROWS]
    (folder / "entities.json").write_text(json.dumps(rows), "utf-8")
    content, _ = Papers((read_row(folder),)).world(CARD.id)
    assert not any(entry.withheld for entry in ModelWorld.model_validate_json(content).entries)


def test_a_file_is_read_once(tmp_path: Path) -> None:
    folder = papers.write(tmp_path, CARD)
    told = Papers((read_row(folder),))
    first = told.world(CARD.id), told.report(CARD.id)
    (folder / "entities.json").unlink()
    (folder / "report.json").unlink()
    assert (told.world(CARD.id), told.report(CARD.id)) == first


def test_a_name_comes_with_what_the_model_was_heard_to_say_of_it(tmp_path: Path) -> None:
    folder = papers.write(tmp_path, CARD)
    said = [{"prompt": "Paris is in", "answer": "France", "right": True}, {"prompt": "P", "answer": "", "right": False}]
    label = {
        "name": "Paris",
        "type": "city",
        "attribute": "country",
        "truth": "France",
        "tier": "unsure",
        "samples": said,
    }
    (folder / "labels.json").write_text(json.dumps([label, label | {"type": "song"}]))
    entries = ModelWorld.model_validate_json(Papers((read_row(folder),)).world(CARD.id)[0]).entries
    labelled = {entry.name: entry.labels for entry in entries if entry.labels}
    assert list(labelled) == ["Paris"], "a song of that name is another"
    (found,) = labelled["Paris"]
    assert found.tier == "unsure" and [one.model_dump() for one in found.samples] == said


@pytest.mark.parametrize("broken", ["", "{", "[{}]", '[{"name": 3}]', "{}", "[1]"])
def test_a_broken_file_says_so_and_not_what_is_in_it(tmp_path: Path, broken: str) -> None:
    folder = papers.write(tmp_path, CARD)
    told = Papers((read_row(folder),))
    for name, read in (("entities.json", told.world), ("report.json", told.report)):
        (folder / name).write_text(broken)
        with pytest.raises(Refused) as refused:
            read(CARD.id)
        assert refused.value.status == 503 and name in refused.value.refusal.allowed


def test_every_shipped_world_and_report_can_be_read() -> None:
    rows = tuple(read_registry().values())
    told = Papers(rows)
    for row in rows:
        if row.card.world is not None:
            assert ModelWorld.model_validate_json(told.world(row.card.id)[0]).entries
        if row.card.id in told.models().reports:
            assert ModelReport.model_validate_json(told.report(row.card.id)[0]).figures


def test_the_names_list_of_the_page_on_models_can_be_read() -> None:
    page = (Path(__file__).parents[3] / "docs" / "models.md").read_text("utf-8")
    (block,) = re.findall(r"^```json world\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    (entry,) = read_entries("m", block).entries
    assert (entry.name, entry.asked, entry.facts) == ("Ada Quill", True, {"sport": "chess"})
