"""Findings: saved from runs, opened without a worker, never changed."""

import hashlib
from concurrent.futures import ThreadPoolExecutor

from app.settings import Settings
from protocol.app.findings import Finding, Saved
from tests.app.conftest import Client, eventually, start
from tests.app.databases import execute
from tests.app.frames import REQUEST, recording
from tests.app.scripted_worker import Script, ScriptedWorker


def test_a_finding_keeps_the_bytes_that_were_streamed(app: Client) -> None:
    run = app.post_run()
    run_id = run.headers["x-run-id"]
    saved = app.save(run_id, title="He plays curling", note="Says the model.", view={"sweep": 0, "strength": 1.0})
    assert saved.status_code == 201
    finding = Saved.model_validate_json(saved.content).finding
    assert saved.headers["location"] == f"/f/{finding.slug}" and len(finding.slug) == 10
    assert (finding.title, finding.note, finding.view.strength) == ("He plays curling", "Says the model.", 1.0)
    assert finding.request == REQUEST
    assert finding.recording_sha256 == hashlib.sha256(run.content).hexdigest()
    assert (finding.n_frames, finding.size_bytes) == (len(recording()), len(run.content))
    assert Finding.model_validate_json(app.get(f"/api/findings/{finding.slug}").content) == finding
    frames = app.get(f"/api/findings/{finding.slug}/frames")
    assert frames.content == run.content and frames.headers["content-type"] == "application/jsonl"
    assert app.get(f"/api/runs/{run_id}").json()["saved"] is True
    assert app.get(f"/api/runs/{run_id}/frames").content == run.content


def test_a_recording_is_sent_once_and_asked_about_every_time(app: Client) -> None:
    slug = app.slug(app.post_run().headers["x-run-id"])
    first = app.get(f"/api/findings/{slug}/frames")
    assert hashlib.sha256(first.content).hexdigest() in first.headers["etag"]
    assert first.headers["cache-control"] == "no-cache"  # else what was taken back would live on in caches
    again = app.get(f"/api/findings/{slug}/frames", headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304 and not again.content


def test_a_finding_opens_without_a_worker_and_after_a_restart(settings: Settings, worker: ScriptedWorker) -> None:
    with start(settings) as app:
        run = app.post_run()
        slug = app.slug(run.headers["x-run-id"])
    worker.close()
    with start(settings) as app:
        assert app.get("/healthz").json()["ready"] is False
        assert app.get(f"/f/{slug}").status_code == 200
        assert app.get(f"/api/findings/{slug}/frames").content == run.content


def test_only_a_run_that_is_done_can_be_saved(app: Client, worker: ScriptedWorker) -> None:
    before = app.get("/api/findings").json()
    worker.script = Script(ending="cut")
    cut = app.post_run().headers["x-run-id"]
    worker.script = Script(pause_s=5)
    with app.follow_run() as answer:
        running = answer.headers["x-run-id"]
        refused = app.save(running)
        assert refused.status_code == 409 and "running" in refused.json()["refusal"]["asked"]
    eventually(lambda: app.state(running) == "cancelled")
    for run_id in (cut, running):
        assert app.save(run_id).status_code == 409
    assert app.get("/api/findings").json() == before


def test_whoever_has_seen_done_can_save_at_once(app: Client) -> None:
    for _ in range(10):
        with app.follow_run() as answer:
            for line in answer.iter_lines():
                if '"kind":"done"' in line:
                    assert app.save(answer.headers["x-run-id"]).status_code == 201


def test_findings_of_one_run_share_its_recording(settings: Settings) -> None:
    with start(settings) as app:
        run_id = app.post_run().headers["x-run-id"]

        def save(title: str) -> dict:
            with Client(app.base_url) as client:
                answer = client.save(run_id, title=title)
                assert answer.status_code == 201, answer.text
                return answer.json()["finding"]

        with ThreadPoolExecutor(4) as pool:
            saved = list(pool.map(save, ["one", "two", "three", "four"]))
    assert len({finding["slug"] for finding in saved}) == 4
    assert {finding["recording_sha256"] for finding in saved} == {saved[0]["recording_sha256"]}
    assert execute(settings, "select count(*) from recordings") == [(1,)]
    assert execute(settings, "select count(*) from frames") == [(0,)]


def test_the_list_is_newest_first_and_can_be_paged(app: Client) -> None:
    run_id = app.post_run().headers["x-run-id"]
    for n in range(5):
        app.save(run_id, title=f"number {n}")
    first = app.get("/api/findings?limit=3").json()["findings"]
    assert [finding["title"] for finding in first] == ["number 4", "number 3", "number 2"]
    rest = app.get("/api/findings", params={"before": first[-1]["slug"], "limit": 2}).json()["findings"]
    assert [finding["title"] for finding in rest] == ["number 1", "number 0"]


def test_what_people_write_is_kept_as_they_wrote_it(app: Client) -> None:
    run_id = app.post_run().headers["x-run-id"]
    for text in ("<script>alert(1)</script>", "{{ 7 * 7 }}", "' or 1=1 --", "‮right to left", "🇪🇺 日本語", "&lt;b&gt;"):
        kept = app.get(f"/api/findings/{app.slug(run_id, title=text, note=text)}").json()
        assert (kept["title"], kept["note"]) == (text.removeprefix("\u202e"), text), "a title is one line among others"


def _delete(app: Client, slug: str, token: str) -> int:
    return app.delete(f"/api/findings/{slug}", headers={"X-Delete-Token": token}).status_code


def test_a_deleted_finding_answers_410_everywhere_and_its_recording_is_gone(settings: Settings) -> None:
    with start(settings) as app:
        run_id = app.post_run().headers["x-run-id"]
        saved = app.save(run_id, title="A secret title", note="A secret note").json()
        slug = saved["finding"]["slug"]
        for token in ("", "wrong", saved["delete_token"][:-1], slug):
            assert _delete(app, slug, token) == 403
        assert app.get(f"/f/{slug}").status_code == 200
        assert _delete(app, slug, saved["delete_token"]) == 204
        for path in (f"/f/{slug}", f"/api/findings/{slug}", f"/api/findings/{slug}/frames"):
            gone = app.get(path)
            assert gone.status_code == 410 and "took it back" in gone.text
            assert "secret" not in gone.text
        assert _delete(app, slug, saved["delete_token"]) == 410
        assert app.get(f"/api/runs/{run_id}/frames").status_code == 404
        assert app.get("/api/findings").json()["total"] == 0
    for table in ("findings", "recordings", "runs", "frames"):
        assert execute(settings, f"select count(*) from {table}") == [(0,)], table


def test_a_recording_lives_as_long_as_one_finding_holds_it(app: Client) -> None:
    run_id = app.post_run().headers["x-run-id"]
    one, two = (app.save(run_id, title=title).json() for title in ("one", "two"))
    _delete(app, one["finding"]["slug"], one["delete_token"])
    assert app.get(f"/api/findings/{two['finding']['slug']}/frames").status_code == 200
    assert _delete(app, two["finding"]["slug"], one["delete_token"]) == 403, "one token deletes another's finding"


def test_the_delete_token_is_kept_as_a_hash_alone(settings: Settings) -> None:
    with start(settings) as app:
        saved = app.save(app.post_run().headers["x-run-id"]).json()
        token = saved["delete_token"]
        assert token not in app.get(f"/api/findings/{saved['finding']['slug']}").text
    assert token not in str(execute(settings, "select * from findings"))
    assert execute(settings, "select delete_sha256 from findings") == [(hashlib.sha256(token.encode()).hexdigest(),)]


def test_a_fork_and_its_parent_name_each_other_also_when_the_parent_is_gone(app: Client) -> None:
    run_id = app.post_run().headers["x-run-id"]
    saved = app.save(run_id, title="the parent").json()
    parent = saved["finding"]["slug"]
    child, hidden = app.slug(run_id, parent=parent), app.slug(run_id, parent=parent, listed=False)
    assert app.get(f"/api/findings/{child}").json()["parent"] == parent
    assert app.get(f"/api/findings/{parent}").json()["forks"] == [child], "an unlisted fork is told"
    _delete(app, parent, saved["delete_token"])
    assert app.get(f"/api/findings/{child}").json()["parent"] == parent
    assert app.get(f"/api/findings/{hidden}").status_code == 200
    assert app.save(run_id, parent=parent).status_code == 410
    assert app.save(run_id, parent="1111111111").status_code == 404
    assert app.save(run_id, parent="<b>").status_code == 422


def test_the_gallery_is_searched_by_any_of_its_words_and_filtered(settings: Settings) -> None:
    with start(settings) as app:
        run_id = app.post_run().headers["x-run-id"]
        steered = app.slug(run_id, title="Zoë’s  50% claim", view={"sweep": 0, "strength": 1.0})
        plain = app.slug(run_id, title="nothing_steered", note="Ein Vermerk über Ærø")
        hidden = app.slug(run_id, title="Zoë alone", listed=False)

        def found(**asked: str) -> list[str]:
            return [finding["slug"] for finding in app.get("/api/findings", params=asked).json()["findings"]]

        assert found() == [plain, steered]
        assert found(q="zoe's") == found(q="ZOE\u0308ʼs") == found(q="Ｚｏë´s") == [steered] and found(
            q="CLAIM zoë"
        ) == [steered]
        assert found(q="aero vermerk") == [plain]
        assert found(q="batkin") == found(q="Batkin") == [plain, steered], "prompts are not searched"
        assert found(q="50%") == [steered] and found(q="5%0") == [] and found(q="nothing_") == [plain]
        assert found(q="_") == [plain], "a placeholder of SQL is one of ours"
        shown = app.get(f"/api/findings/{steered}").json()["answers"]["steered"]["outcome"]
        assert found(outcome=shown) == [steered] and found(model="another") == []
        page = app.get("/api/findings", params={"outcome": shown}).json()
        assert (page["total"], sum(page["outcomes"].values())) == (1, 2), "a filter must say what the others would show"
        assert hidden not in found(q="alone") and app.get(f"/api/findings/{hidden}").status_code == 200
