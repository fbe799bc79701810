"""A circuit as a finding: saved, listed, read without a script, compared, checked, and taken along."""

import csv
import io
import json
import re
from pathlib import Path

import pytest
from PIL import Image

from app.database.connection import Database
from app.exports.told_card import compose_told, said_once
from app.findings.backup import backup, restore
from app.findings.circuit_check import compare_circuits
from app.recordings.circuit import DrawnCircuit, read_circuit
from app.settings import Settings
from client.client import Client as Asking
from protocol.app.findings import Finding, View
from protocol.worker.circuit_frames import Circuit, NodeGroups, Nodes
from protocol.worker.frames import Frame
from tests.app.circuit_frames import CIRCUIT, circuit_frames, circuit_recording
from tests.app.conftest import Client, start
from tests.app.frames import REQUEST
from tests.app.scripted_worker import Script, ScriptedWorker

HOSTILE = "</script><script>alert(1)</script>{{ 7*7 }}"
CLAIM = "Michael Jordan: “Not recognised” is silent, and fires 18.9 on Michael Batkin."


def _saved(app: Client, **more: object) -> str:
    run_id = app.post_run(CIRCUIT).headers["x-run-id"]
    return app.slug(run_id, **{"title": "Why it refuses Batkin", "note": "Look at the control.", **more})


def _finding(app: Client, slug: str) -> Finding:
    return Finding.model_validate_json(app.get(f"/api/findings/{slug}").content)


def _words(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def _lines(frames: list[Frame]) -> list[bytes]:
    return [frame.model_dump_json().encode() + b"\n" for frame in frames]


@pytest.fixture(scope="module")
def slug(live: Client) -> str:
    return _saved(live, view={"options": {"select": "not_recognised", "view": "groups", "least": "0.02"}})


def test_it_is_saved_with_its_claim_and_what_was_chosen_and_opens_as_it_was_recorded(app: Client, slug: str) -> None:
    found = _finding(app, slug)
    assert found.request == CIRCUIT and found.answers.baseline is None and found.study is None
    assert found.circuit and found.circuit.headline.startswith(CLAIM) and found.circuit.m == (8.0, -7.0)
    assert found.view == View(options={"select": "not_recognised", "view": "groups", "least": "0.02"})
    assert app.get(f"/api/findings/{slug}/recording").content == b"".join(circuit_recording())
    assert app.get(f"/f/{slug}.json").json()["frames"][0]["kind"] == "circuit"


def test_the_gallery_finds_it_by_its_words_and_draws_its_groups(app: Client, slug: str) -> None:
    for q in ("batkin", "jordan", "not recognised"):
        assert slug in app.get("/findings", params={"kind": "circuit", "q": q}).text
    page = app.get("/findings", params={"kind": "circuit"}).text
    assert "Not recognised" in page and "sketch-arrow inhibits" in page and "hue-unknown" in page
    assert "Look at the control." in page and "16 random pushes of that size" in _words(page), "and its control, whole"
    assert 'data-term="m"' in page
    assert "Circuits" in page and app.get("/api/findings").json()["kinds"]["circuit"] >= 1
    sketch = _finding(app, slug).sketch
    assert sketch and sketch.form == "groups" and [point.hue for point in sketch.points] == ["unknown", "known"]


def test_its_page_says_the_claim_every_group_and_where_it_comes_from_without_a_script(app: Client, slug: str) -> None:
    page = app.get(f"/f/{slug}").text
    text = _words(page[page.index('<main id="main"') :])
    for said in ("Why it refuses Batkin", "Look at the control.", CLAIM, "16 random pushes of that size reach"):
        assert said in text, said
    assert re.search(r"refuses, *m \+8\.00", text), "with its sign, as everywhere else"
    for said in ("last token of the name", "240 known and 240 unknown names", "scripted-sae", "L0: all error", "0.980"):
        assert said in text, said
    assert "findings/circuit.js" in page and "/circuit#prompt=What" in page and f"parent={slug}" in page
    assert 'property="og:image"' in page


def test_hostile_words_of_a_circuit_stay_words(app: Client, worker: ScriptedWorker) -> None:
    frames = circuit_frames(CIRCUIT)
    opening, nodes, *rest = frames
    assert isinstance(opening, Circuit) and isinstance(nodes, Nodes)
    entity = opening.sides[0].entity.model_copy(update={"text": HOSTILE})
    side = opening.sides[0].model_copy(update={"entity": entity})
    opening = opening.model_copy(update={"sides": (side, opening.sides[1]), "warnings": (HOSTILE,)})
    worker.script = Script(_lines([opening, nodes, *rest]))
    slug = _saved(app, title=HOSTILE, note=HOSTILE)
    for address in (f"/f/{slug}", f"/f/{slug}.html", "/findings?kind=circuit&q=alert"):
        page = app.get(address).text
        assert "<script>alert" not in page and "{{ 7*7 }}" in page, "neither HTML nor a template"
    assert app.get(f"/f/{slug}/card.png").status_code == 200


def test_its_tables_are_files_of_numbers(app: Client, slug: str) -> None:
    tables = {}
    for name in ("groups", "arrows", "nodes", "edges"):
        answer = app.get(f"/f/{slug}/{name}.csv")
        assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/csv")
        tables[name] = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
    assert tables["groups"][1][:4] == ["Not recognised", "last token of the name", "1", "0.6"]
    assert tables["nodes"][1][:6] == ["0", "latent", "1", "7", " Batkin", "Not recognised"]
    assert tables["edges"][1] == ["Michael Batkin", "0", "1", "-5.6", "0"]
    assert app.get(f"/f/{slug}/heads.csv").status_code == 404, "none were told"


def test_it_is_one_page_that_opens_offline_and_a_picture_that_claims(app: Client, slug: str) -> None:
    page = app.get(f"/f/{slug}.html").text
    kept = json.loads(re.search(r'<script type="application/json" id="kept">(.*?)</script>', page, re.S)[1])
    assert kept[f"/api/findings/{slug}/frames"].encode() == b"".join(circuit_recording())
    assert CLAIM in _words(page)
    assert Image.open(io.BytesIO(app.get(f"/f/{slug}/card.png").content)).size == (1200, 630)
    canvas = compose_told(_finding(app, slug), read_circuit(b"".join(circuit_recording())))
    written = " ".join(text for text, _ in canvas.written)
    assert "Circuit · What sport does Michael Batkin play?" in written and "Michael Jordan: “Not recognised”" in written
    for drawn in ("change of m, set to the other prompt's", "last token of the name", "Recognised", "graph −"):
        assert drawn in written, "its groups, with what the graph said of each"
    assert all(box[3] <= 600 for _, box in canvas.written if "f/" not in _)


@pytest.mark.parametrize(
    ("title", "headline", "told"),
    [
        ("A name", "It answers. So.", ("A name", "It answers. So.")),
        ("It answers", "It answers. So.", ("It answers", "So.")),
        ("Bo: “No", "Bo: “Not recognised” is silent. So.", ("Bo: “Not recognised” is silent", "So.")),
        ("It answers", "It answers.", ("It answers.", "")),
        ("…", "It answers.", ("…", "It answers.")),
    ],
)
def test_a_title_that_begins_the_claim_is_not_said_twice(title: str, headline: str, told: tuple[str, str]) -> None:
    assert said_once(title, headline) == told


def test_each_prompt_is_a_graph_for_other_viewers_and_its_page_names_it(app: Client, slug: str) -> None:
    page, graphs = app.get(f"/f/{slug}").text, []
    for side, prompt in (("a", CIRCUIT.prompt), ("b", CIRCUIT.beside.prompt if CIRCUIT.beside else "")):
        answer = app.get(f"/f/{slug}/graph-{side}.json")
        assert answer.headers["content-disposition"] == f'attachment; filename="{slug}-{side}.json"'
        assert answer.json()["metadata"]["prompt"] == prompt and f"/f/{slug}/graph-{side}.json" in page
        graphs.append(answer.json())
    assert graphs[0]["qParams"]["supernodes"] == graphs[1]["qParams"]["supernodes"]
    assert graphs[0]["metadata"]["info"]["generator"]["url"].endswith(f"/f/{slug}")
    answer = app.slug(app.post_run(REQUEST).headers["x-run-id"])
    assert app.get(f"/f/{slug}/groups.svg").headers["content-disposition"].startswith("attachment")
    assert app.get(f"/f/{slug}/groups.png").content.startswith(b"\x89PNG")
    for address in (f"/f/{answer}/graph-a.json", f"/f/{slug}/graph-c.json", f"/f/{answer}/groups.svg"):
        assert app.get(address).status_code in (404, 422)


def test_its_notebook_brings_the_nodes_that_were_checked_and_the_claims_group(app: Client, slug: str) -> None:
    cells = {cell["id"]: cell["source"] for cell in app.get(f"/f/{slug}.ipynb").json()["cells"]}
    assert list(cells)[:6] == ["what-this-is", "record", "setup", "paths", "load", "model"]
    record = json.loads(re.search(r'json\.loads\(r"""(.*)"""\)', cells["record"], re.S)[1])
    assert [node["checked"] for node in record["nodes"]] == [[-4.2, 7.5], [-0.1, 0.2]]
    assert record["group"]["measured"] == 7.5 and record["group"]["side"] == 1


def test_two_circuits_are_compared_line_by_line_and_nothing_else_with_one(
    app: Client, slug: str, worker: ScriptedWorker
) -> None:
    frames = circuit_frames()
    (place,) = (n for n, frame in enumerate(frames) if isinstance(frame, NodeGroups))
    groups = frames[place]
    assert isinstance(groups, NodeGroups)
    frames[place] = groups.model_copy(update={"groups": groups.groups[:1]})
    worker.script = Script(_lines(frames))
    other = _saved(app, title="Another")
    page = app.get("/compare", params={"a": slug, "b": other})
    assert page.status_code == 200 and "Recognised, second prompt" in page.text and "Not recognised, first" in page.text
    assert re.search(r'differs">\s*<th scope="row">Recognised, first prompt', page.text)
    assert not re.search(r'differs">\s*<th scope="row">Not recognised, first prompt', page.text)
    worker.script = Script()
    single = app.slug(app.post_run(REQUEST).headers["x-run-id"])
    for a, b in ((slug, single), (single, slug)):
        assert app.get("/compare", params={"a": a, "b": b}).status_code == 409
    pair = {"run_id": app.post_run(CIRCUIT).headers["x-run-id"]}
    refused = app.save(app.post_run(REQUEST).headers["x-run-id"], second=pair)
    assert refused.status_code == 422 and refused.json()["refusal"]["code"] == "no_pair"


def test_it_is_checked_by_drawing_it_again(app: Client, slug: str, worker: ScriptedWorker) -> None:
    with Asking(str(app.base_url)) as asking:
        same = asking.verify(slug)
        assert same.verdict == "reproduced" and same.n_numbers > 50 and same.largest_nats == 0.0
        assert worker.asked[-1] == CIRCUIT and worker.lanes[-1] == "background"
        page = app.get(f"/f/{slug}").text
        assert "Reproduced" in page and f"{same.n_numbers} numbers" in page
        worker.script = Script(_lines([*circuit_frames()[:1], *circuit_frames()[-1:]]))
        assert asking.verify(slug).verdict == "drifted"
        worker.script = Script(ending="cut", cut_after=3)
        cut = asking.verify(slug)
        assert cut.verdict == "cannot_run" and cut.refusal and cut.refusal.code == "worker_lost"


def _drawn(frames: list[Frame] | None = None) -> DrawnCircuit:
    return read_circuit(b"".join(_lines(frames or circuit_frames())))


def test_whatever_was_measured_and_is_another_now_is_told_with_its_place() -> None:
    assert not compare_circuits(_drawn(), _drawn()).n_drifts

    def drift(change: object) -> str:
        now = _drawn()
        change(now)  # type: ignore[operator]
        return str(compare_circuits(_drawn(), now).first)

    def m(now: DrawnCircuit) -> None:
        sides = (now.opening.sides[0].model_copy(update={"m": 8.01}), now.opening.sides[1])
        now.opening = now.opening.model_copy(update={"sides": sides})

    def effect(now: DrawnCircuit) -> None:
        now.checked[1] = (-0.1, 0.3)

    def group(now: DrawnCircuit) -> None:
        change = now.groups[0].to_other_b
        assert change
        now.groups = (
            now.groups[0].model_copy(update={"to_other_b": change.model_copy(update={"measured": 6.0})}),
            now.groups[1],
        )

    def strong_node_gone(now: DrawnCircuit) -> None:
        now.nodes[0] = now.nodes[0].model_copy(update={"index": 8})

    others_checked = _drawn()
    del others_checked.checked[1]
    assert not compare_circuits(_drawn(), others_checked).n_drifts, "which are checked is chosen, not measured"
    assert drift(m) == "prompt a: m was 8.0 and is 8.01 now."
    assert drift(effect) == "node L1 #4 at column 2: effect on m in b was 0.2 and is 0.3 now."
    assert drift(group) == "group not_recognised, to_other_b: effect on m was 7.5 and is 6.0 now."
    assert drift(strong_node_gone).startswith("node L1 #7 at column 2: score of a node that is not told now")


async def test_circuits_are_backed_up_and_restored(settings: Settings, tmp_path: Path) -> None:
    with start(settings) as app:
        slug = _saved(app)
        before = _finding(app, slug)
    here = Database(settings.database)
    await backup(here, tmp_path / "all.gz")
    await here.close()
    elsewhere = settings.model_copy(update={"data_dir": tmp_path / "elsewhere"})
    there = Database(elsewhere.database)
    await there.open()
    await restore(there, tmp_path / "all.gz")
    await there.close()
    with start(elsewhere) as app:
        assert _finding(app, slug) == before
        assert slug in app.get("/findings?kind=circuit").text, "its index is made anew"
