"""Findings of studies: saved, found, read without a script, and taken along. Nothing that a study says is believed to
be HTML, or a formula."""

import csv
import io
import json
import re
from pathlib import Path

import pytest
from PIL import Image

from app.database.connection import Database
from app.exports.told_card import compose_told
from app.findings.backup import backup, restore
from app.settings import Settings
from app.wording.cells import csv_of
from client.client import Client as Asking
from protocol.app.findings import Finding, View
from protocol.refusal import Refusal, Refused
from protocol.worker.frames import FRAME, Error
from protocol.worker.study_frames import Column
from tests.app.conftest import Client, eventually, start
from tests.app.frames import STUDY, study_figure, study_recording
from tests.app.scripted_worker import Script, ScriptedWorker

HOSTILE = "<script>alert(1)</script> & \"quotes\" 'n' {{ 7*7 }}"


def _saved(app: Client, **more: object) -> str:
    run_id = app.queue_run(STUDY)
    eventually(lambda: app.state(run_id) == "done")
    return app.slug(run_id, **{"title": "Nobody moves", "note": "Look at the control.", **more})


def _finding(app: Client, slug: str) -> dict:
    return app.get(f"/api/findings/{slug}").json()


@pytest.fixture(scope="module")
def slug(live: Client) -> str:
    return _saved(live, view={"options": {"figure": "shift", "at": "0.5"}})


def test_a_study_is_saved_and_opens_as_it_was_recorded(app: Client, slug: str) -> None:
    found = Finding.model_validate_json(app.get(f"/api/findings/{slug}").content)
    assert found.request == STUDY and found.answers.baseline is None
    assert found.study and found.study.n_names == 4 and found.study.headline.startswith("Over 6 prompts")
    assert found.view == View(options={"figure": "shift", "at": "0.5"})
    assert app.get(f"/api/findings/{slug}/recording").content == b"".join(study_recording())
    whole = app.get(f"/f/{slug}.json").json()
    assert len(whole["frames"]) == len(study_recording()) and whole["frames"][0]["kind"] == "study"
    fork = _finding(app, _saved(app, parent=slug))
    assert fork["parent"] == slug and _finding(app, slug)["forks"] == [fork["slug"]]


def test_what_a_study_page_showed_is_kept_within_reason(app: Client, slug: str) -> None:
    run_id = app.queue_run(STUDY)
    eventually(lambda: app.state(run_id) == "done")
    for options in ({str(n): "x" for n in range(21)}, {"long": "x" * 201}, {"no name": "x"}):
        assert app.save(run_id, view={"options": options}).status_code == 422, options


def test_the_gallery_finds_studies_by_their_words_and_by_what_they_are(app: Client, slug: str) -> None:
    single = app.slug(app.post_run().headers["x-run-id"])
    everything = app.get("/api/findings").json()
    assert everything["kinds"]["knowledge"] >= 1 and everything["kinds"]["generate"] >= 1
    for words in ("moves nobody", "self-knowledge", "yes less no label", "control look", "scripted knowledge"):
        found = [one["slug"] for one in app.get("/api/findings", params={"q": words}).json()["findings"]]
        assert slug in found and single not in found, words
    studies = app.get("/api/findings", params={"kind": "knowledge"}).json()
    assert {one["request"]["kind"] for one in studies["findings"]} == {"knowledge"}
    assert studies["total"] == studies["kinds"]["knowledge"] and not studies["outcomes"]
    assert studies["kinds"] == everything["kinds"], "counted as if none were chosen"
    page = app.get("/findings", params={"kind": "knowledge"}).text
    assert f"/f/{slug}" in page and f"/f/{single}" not in page
    assert "Self-knowledge, 4 names" in page and "Over 6 prompts" in page
    assert app.get("/findings", params={"kind": "nothing"}).status_code == 200


def test_a_study_page_says_all_figures_and_where_they_come_from_without_a_script(app: Client, slug: str) -> None:
    page = app.get(f"/f/{slug}").text
    main = page[page.index('<main id="main"') :]
    assert f'data-slug="{slug}" data-kind="knowledge"' in main and "&#34;figure&#34;:&#34;shift&#34;" in main
    text = re.sub(r"<[^>]+>", " ", main)
    for said in ("Nobody moves", "Look at the control.", "Yes less no, by label", "Over 6 prompts", "shift (logits)"):
        assert said in text, said
    for said in ("−1.25", "0.250", "–", "=1+1", "2 player, known", "scripted-sae", "0; 42 deals the names", "cpu"):
        assert said in text, said
    assert "Over 4 prompts" not in text, "a later figure replaces an earlier one"
    assert "&lt;b&gt;nothing" in main and "<b>nothing" not in main
    assert '<section id="figures"' in main and '<section id="trials"' in main and 'id="takeback"' in main
    assert '/findings/study.js" type="module"' in page and 'href="/experiments#parent=' in page
    assert 'property="og:image"' in page and "Self-knowledge on scripted, 4 names." in page


def test_hostile_words_of_a_study_stay_words(app: Client, worker: ScriptedWorker) -> None:
    figure = study_figure(0, 1).model_copy(
        update={
            "title": HOSTILE,
            "claim": HOSTILE,
            "notes": (HOSTILE,),
            "rows": ((HOSTILE, 1, 0, 2, HOSTILE),),
            "columns": tuple(Column(name=HOSTILE, unit=HOSTILE) for _ in range(5)),
        }
    )
    opening, *_, done = study_recording()
    order = [
        FRAME.validate_json(opening).model_copy(update={"warnings": (HOSTILE,)}),
        figure,
        FRAME.validate_json(done),
    ]
    lines = [frame.model_copy(update={"seq": seq}).model_dump_json().encode() for seq, frame in enumerate(order)]
    worker.script = Script([line + b"\n" for line in lines])
    slug = _saved(app, title=HOSTILE, note=HOSTILE)
    for address in (f"/f/{slug}", f"/f/{slug}.html", "/findings?kind=knowledge&q=alert"):
        page = app.get(address).text
        assert "alert(1)</script>" in page.replace("&lt;/script&gt;", "</script>")
        assert "<script>alert" not in page and "{{ 7*7 }}" in page, "neither HTML nor a template"
    assert app.get(f"/f/{slug}/card.png").status_code == 200


def test_a_figure_is_a_file_of_numbers_and_no_spreadsheet_runs_it(app: Client, slug: str) -> None:
    answer = app.get(f"/f/{slug}/shift.csv")
    assert (
        answer.headers["content-type"].startswith("text/csv") and "attachment" in answer.headers["content-disposition"]
    )
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
    assert rows[0] == ["group", "shift (logits)", "low", "high", "arm"]
    assert rows[1:] == [["known", "0.5", "0.25", "0.75", "baseline"], ["'=1+1", "-1.25", "-2", "", "control"]]
    for none in (f"/f/{slug}/other.csv", f"/f/{app.slug(app.post_run().headers['x-run-id'])}/shift.csv"):
        refused = app.get(none)
        assert refused.status_code == 404 and refused.json()["refusal"]["code"] == "unknown_figure"
    formulas = ("=1", "+1", "-1", "@sum", "\tx", "\rx")
    figure = study_figure(0, 1).model_copy(update={"rows": tuple((one, -1, 0, 0, "") for one in formulas)})
    read = list(csv.reader(io.StringIO(csv_of(figure), newline="")))[1:]
    assert [row[0] for row in read] == [f"'{one}" for one in formulas] and {row[1] for row in read} == {"-1"}


def test_a_study_is_one_page_that_opens_offline(app: Client, slug: str) -> None:
    page = app.get(f"/f/{slug}.html").text
    assert "−1.25" in page and "Over 6 prompts" in page
    assert re.search(r"<button[^>]* data-needs-app data-verify", page), "nobody is there to ask"
    kept = json.loads(re.search(r'<script type="application/json" id="kept">(.*?)</script>', page, re.S)[1])
    assert kept[f"/api/findings/{slug}/frames"].encode() == b"".join(study_recording())


def test_the_picture_of_a_study_says_what_it_is_and_what_it_claims(app: Client, slug: str) -> None:
    picture = Image.open(io.BytesIO(app.get(f"/f/{slug}/card.png").content))
    assert picture.size == (1200, 630)
    found = Finding.model_validate_json(app.get(f"/api/findings/{slug}").content)
    long = found.model_copy(
        update={"title": "Everybody " * 14, "study": found.study.model_copy(update={"headline": "W " * 900})}
    )
    for finding in (found, long):
        written = compose_told(finding).written
        assert "Self-knowledge · 4 names" in [text for text, _ in written]
        assert all(box[0] > 0 and box[2] < 1190 and box[3] < 630 for _, box in written)
        foot = next(box for text, box in written if f"f/{slug}" in text)
        assert all(box[3] <= foot[1] for _, box in written if box != foot), "nothing runs into the foot"


def test_a_studys_notebook_brings_its_trials_and_its_figures(app: Client, slug: str) -> None:
    answer = app.get(f"/f/{slug}.ipynb")
    assert answer.headers["content-type"] == "application/x-ipynb+json"
    cells = {cell["id"]: cell["source"] for cell in answer.json()["cells"]}
    assert "counted again" in cells["counted-again"] and "Nobody moves" in cells["record"]
    assert cells["record"].count("Are you sure you know Name") == 6
    assert f"/f/{slug}.ipynb" in app.get(f"/f/{slug}").text


def test_two_studies_of_one_kind_are_compared_figure_by_figure(app: Client, slug: str, worker: ScriptedWorker) -> None:
    lines = study_recording()
    place = max(n for n, line in enumerate(lines) if line.startswith(b'{"kind":"figure"'))
    figure = study_figure(0, 6)
    rows = tuple((*row[:1], 7.5, *row[2:]) if row[0] == "known" else row for row in figure.rows)
    other = figure.model_copy(update={"rows": rows, "claim": "Another claim.", "seq": place})
    worker.script = Script([*lines[:place], other.model_dump_json().encode() + b"\n", *lines[place + 1 :]])
    second = _saved(app)
    page = app.get("/compare", params={"a": slug, "b": second})
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.text))
    assert page.status_code == 200 and "Another claim." in text and "Over 6 prompts" in text
    assert "shift (logits): 1 of 2 rows differ." in text, text
    assert "known baseline 0.500 7.50 7.00" in text, "by word: both values, and how far apart"
    worker.script = Script()
    same = app.get("/compare", params={"a": slug, "b": _saved(app)}).text
    assert "0 of 2 rows differ" in re.sub(r"\s+", " ", same)
    listed = app.get("/findings", params={"a": slug}).text
    assert f"a={slug}&amp;b={second}" in listed

    single = app.slug(app.post_run().headers["x-run-id"])
    for a, b in ((slug, single), (single, slug)):
        unlike = app.get("/compare", params={"a": a, "b": b})
        assert unlike.status_code == 409 and "two studies of one kind" in unlike.text
    assert f"a={slug}&amp;b={single}" not in listed


def test_a_study_is_deleted_with_its_token_and_leaves_nothing(app: Client) -> None:
    run_id = app.queue_run(STUDY)
    eventually(lambda: app.state(run_id) == "done")
    saved = app.save(run_id).json()
    slug = saved["finding"]["slug"]
    assert app.delete(f"/api/findings/{slug}", headers={"x-delete-token": saved["delete_token"]}).status_code == 204
    assert app.get(f"/f/{slug}").status_code == 410 and app.get(f"/f/{slug}/shift.csv").status_code == 410


async def test_studies_are_backed_up_and_restored(settings: Settings, tmp_path: Path) -> None:
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
        assert slug in app.get("/findings?kind=knowledge").text, "its index is made anew"


def test_the_client_follows_a_study_over_interruptions_and_a_pause_and_reads_what_it_found(
    app: Client, worker: ScriptedWorker
) -> None:
    whole = [FRAME.validate_json(line) for line in study_recording()]
    with Asking(str(app.base_url)) as asking:
        worker.script = Script(ending="cut", cut_after=3)
        begun = asking.begin(STUDY)
        assert (begun.kind, begun.model, begun.lane) == ("knowledge", "scripted", "background")
        eventually(lambda: worker.brought)
        worker.script = Script(pause_s=0.05)
        seen: list[int] = []

        def pauses(frame: object) -> None:
            seen.append(frame.seq)
            if frame.seq == 8:
                assert asking.pause(begun.id).state == "paused"
                assert asking.resume(begun.id).state == "queued"

        found = asking.result(begun.id, pauses)
        assert found.frames == whole and found.whole and seen == list(range(len(whole)))
        assert found.study.request == STUDY and len(found.trials) == 6 and found.ranking is None
        assert found.figures.keys() == {"shift"} and "Over 6 prompts" in found.figures["shift"].claim
        saved = asking.save(begun.id, "A study")
        assert asking.recording(saved.finding.slug).figures == found.figures
        assert asking.findings(kind="knowledge").total >= 1
        with pytest.raises(Refused) as refused:
            asking.pause(begun.id)
        assert refused.value.status == 409


def _failure(seq: int) -> bytes:
    refusal = Refusal(code="worker_fault", asked="A study was asked.", allowed="It broke.", change="Ask again.")
    return Error(seq=seq, refusal=refusal).model_dump_json().encode() + b"\n"


@pytest.mark.parametrize("how", ["paused", "cancelled", "failed"])
def test_what_arrived_of_a_study_is_saved_as_part_of_one(app: Client, worker: ScriptedWorker, how: str) -> None:
    lines = study_recording(n_steps=12)
    worker.script = Script(lines if how != "failed" else [*lines[:17], _failure(17)], pause_s=0.05)
    run_id = app.queue_run(STUDY)
    if how == "failed":
        eventually(lambda: app.state(run_id) == "error")
    else:
        eventually(lambda: app.get(f"/api/runs/{run_id}").json()["n_frames"] > 8)
        if how == "paused":
            app.post(f"/api/runs/{run_id}/pause")
        else:
            app.delete(f"/api/runs/{run_id}")
        eventually(lambda: app.state(run_id) == how)
    slug = app.slug(run_id, title="Some of it")
    told = _finding(app, slug)["study"]
    assert 0 < told["n_done"] < told["n_steps"] == 12
    assert told["headline"].startswith(f"Part of a study, {told['n_done']} of 12 steps. Over ")
    for address in (f"/f/{slug}", f"/f/{slug}.html"):
        page = app.get(address).text
        assert f"Part of a study: {told['n_done']} of 12 steps. The figures count" in page, address
    if how == "paused":  # and goes on from where it was
        worker.script = Script(lines)
        app.post(f"/api/runs/{run_id}/resume")
        eventually(lambda: app.state(run_id) == "done")
        assert app.frames(run_id).content == b"".join(lines)
        whole = _finding(app, app.slug(run_id))["study"]
        assert whole["n_done"] is None and not whole["headline"].startswith("Part")
        assert _finding(app, slug)["study"] == told


def test_nothing_is_saved_of_a_study_that_found_nothing_or_of_an_answer_that_was_stopped(
    app: Client, worker: ScriptedWorker
) -> None:
    worker.script = Script([study_recording()[0], _failure(1)])
    run_id = app.queue_run(STUDY)
    eventually(lambda: app.state(run_id) == "error")
    refused = app.save(run_id)
    assert refused.status_code == 409 and refused.json()["refusal"]["code"] == "run_not_done"


def _checked(app: Client, slug: str) -> dict:
    return app.post(f"/api/findings/{slug}/verify", timeout=60).json()


def test_a_study_holds_where_a_sample_of_its_trials_is_answered_again_as_it_was(
    app: Client, worker: ScriptedWorker
) -> None:
    worker.script = Script(lines := study_recording(n_steps=20))
    slug = _saved(app)
    worker.brought.clear()
    found = _checked(app, slug)
    assert found["verdict"] == "reproduced" and found["n_pieces"] == 20 and len(set(found["pieces"])) == 8
    assert found["seed"] is not None and found["first"] is None
    trials = [n for n, line in enumerate(lines) if line.startswith(b'{"kind":"trial"')]
    assert worker.brought == [trials[n] for n in found["pieces"]], "each as the study stood before it"
    page = app.get(f"/f/{slug}").text
    assert "8 of 20 recorded trials asked again" in page and f"seed {found['seed']}" in page
    assert "Reproduced" in page

    # another answer, and a number too far off
    first = FRAME.validate_json(lines[trials[0]])
    for change, what in (({"text": "Tennis.", "outcome": "right"}, "answer"), ({"kl_nats": 0.5}, "kl nats")):
        answer = first.answers[0].model_copy(update=change)
        old = study_recording(n_steps=1)
        old[1] = first.model_copy(update={"answers": (answer,)}).model_dump_json().encode() + b"\n"
        worker.script = Script(old)
        other = _saved(app)
        worker.script = Script(study_recording(n_steps=1))
        drifted = _checked(app, other)
        assert drifted["verdict"] == "drifted" and drifted["first"]["what"] == what, drifted
        assert drifted["first"]["where"].startswith("trial 0 (Are you sure you know Name 0?)")
        assert "Drifted" in app.get(f"/f/{other}").text

    # nothing that could be asked again
    rest = [FRAME.validate_json(line) for n, line in enumerate(lines) if n not in trials]
    worker.script = Script(
        [one.model_copy(update={"seq": n}).model_dump_json().encode() + b"\n" for n, one in enumerate(rest)]
    )
    assert _checked(app, _saved(app))["refusal"]["code"] == "no_trials", "nothing asked is nothing reproduced"

    # another model, and none at all
    changed = Refusal(code="study_changed", asked="The rest of a study asked.", allowed="No.", change="Begin anew.")
    worker.script = Script(refused=Refused.of(409, changed))
    refused = _checked(app, slug)
    assert refused["verdict"] == "cannot_run" and "names that it was made with" in refused["refusal"]["allowed"]
    worker.close()
    assert _checked(app, slug)["refusal"]["code"] == "no_worker"
    worker.listen()
    assert _finding(app, slug)["verified"]["verdict"] == "reproduced", "what says nothing of it is not kept"
