"""What the log says, and what it never says."""

import json
import logging
import re
from collections.abc import Callable

import pytest
from pydantic import ValidationError

from app.settings import Settings
from app.telemetry import logs
from protocol.app.findings import FindingRequest
from protocol.canonical import canonical_json
from tests.app.conftest import Spawned, eventually, start
from tests.app.databases import execute
from tests.app.frames import REQUEST, recording

Spawn = Callable[..., Spawned]
PROMPT = "Who is Xanthippe Quillfeather of the ninth moon?"
TITLE = "Zebedee's unlikely brass telescope"
NOTE = "Vermilion marginalia,\nforged line"
SECRETS = [word for text in (PROMPT, TITLE, NOTE) for word in re.findall(r"\w{6,}", text)]


def _use(app: Spawned) -> tuple[str, str]:
    """Does with a unique prompt and title what can be done, and what goes wrong; the run's id and the slug."""
    eventually(lambda: app.health()["ready"])
    client, asked = app.client, REQUEST.model_copy(update={"prompt": PROMPT})
    run_id = client.post("/api/runs", content=canonical_json(asked)).headers["x-run-id"]
    slug = client.slug(run_id, title=TITLE, note=NOTE)
    for path in (f"/f/{slug}", f"/api/runs/{run_id}/frames", "/api/findings?q=Xanthippe", f"/Quillfeather/{TITLE}"):
        client.get(path)
    client.post(f"/api/findings/{slug}/verify")
    client.post("/api/findings", json={"run_id": run_id, "title": TITLE, "Quillfeather": 1})
    client.post("/api/findings", content=f'{{"title": "{TITLE}'.encode())
    client.get(f"/api/findings?limit={PROMPT}")
    return run_id, slug


def _ended(app: Spawned) -> list[str]:
    app.stop()
    eventually(lambda: any("Finished server process" in line for line in app.log))
    return list(app.log)


def test_with_default_settings_no_prompt_title_note_or_address_is_in_the_log(spawn: Spawn) -> None:
    app = spawn()
    _, slug = _use(app)
    log = "".join(_ended(app))
    assert "run began" in log and "route=/f/{slug}" in log
    for word in (*SECRETS, slug, "q=", "127.0.0.1:" + str(app.client.base_url.port) + " "):
        assert word not in log.replace("running on http://127.0.0.1", ""), word


def test_every_line_about_a_run_names_it(spawn: Spawn) -> None:
    app = spawn("--pause-s", "0.2")
    eventually(lambda: app.health()["ready"])
    with app.client.follow_run() as answer:
        run_id = answer.headers["x-run-id"]
        next(answer.iter_lines())
        app.process.send_signal(15)
    lines = [line for line in _ended(app) if "run" in line.lower() and "running" not in line.lower()]
    assert len(lines) >= 3, lines
    assert all(run_id in line for line in lines if "app.run" in line or "app.runs.relay" in line or "/api/runs" in line)


def test_prompts_are_in_the_log_only_if_the_operator_wants_them_and_still_on_one_line(spawn: Spawn) -> None:
    app = spawn(HALLUCINOSCOPE_LOG_PROMPTS="1")
    run_id, _ = _use(app)
    (line,) = [line for line in _ended(app) if PROMPT in line]
    assert "run began" in line and run_id in line


def test_as_json_every_line_is_an_object_with_the_same_names(spawn: Spawn) -> None:
    app = spawn(HALLUCINOSCOPE_LOG_FORMAT="json")
    run_id, _ = _use(app)
    said = [json.loads(line) for line in _ended(app)]
    assert all({"timestamp", "level", "logger", "event"} <= line.keys() for line in said)
    (access,) = [line for line in said if line.get("route") == "/api/runs" and line["status"] == 200]
    assert access["logger"] == "app.access" and access["method"] == "POST" and access["run"] == run_id
    assert access["bytes"] > len(b"".join(recording(n_steps=1))) and access["ms"] > 0
    assert re.fullmatch("[0-9a-f]{8}", access["client"])
    ended = [line for line in said if line["event"] == "run ended"]
    assert [(line["run"], line["state"]) for line in ended] == [(run_id, "done")]


def test_health_checks_and_files_do_not_fill_the_log(spawn: Spawn) -> None:
    app = spawn()
    eventually(lambda: app.health()["ready"])
    app.client.get("/static/look/elements.css")
    app.client.get("/static/nothing")
    lines = [line for line in _ended(app) if "app.access" in line]
    assert len([line for line in lines if "/healthz" in line]) == 0
    assert [line.split("status=")[1][:3] for line in lines if "route=/static " in line] == ["404"]


def test_what_the_database_refuses_is_logged_without_what_was_in_it(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    with start(settings) as app:
        run_id = app.post_run(REQUEST.model_copy(update={"prompt": PROMPT})).headers["x-run-id"]
        execute(settings, "alter table findings rename column note to remark")
        failed = app.save(run_id, title=TITLE, note=NOTE)
    assert failed.status_code == 500
    assert "a request failed: POST /api/findings" in caplog.text and "Traceback" in caplog.text
    for word in SECRETS:
        assert word not in caplog.text + failed.text, word


def test_an_error_of_a_message_does_not_quote_what_it_was_made_of() -> None:
    with pytest.raises(ValidationError) as refused:
        FindingRequest.model_validate_json(f'{{"run_id": 3, "title": ["{TITLE}"], "note": "{TITLE}"}}')
    assert "title" in str(refused.value) and "Zebedee" not in str(refused.value)


@pytest.fixture
def written(capfd: pytest.CaptureFixture[str]) -> object:
    """Sets the log up as the app does, and takes it down again."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    yield capfd
    root.handlers[:], root.level = before


@pytest.mark.parametrize("form", ["text", "json"])
def test_nobody_writes_lines_of_his_own_into_the_log(written: pytest.CaptureFixture[str], form: str) -> None:
    logs.set_up(form)
    forged = "a\n2026-01-01T00:00:00Z ERROR app: forged\r\x1b[2J\u2028\u202e"
    logging.getLogger("app.x").info("said %s", forged, extra={"prompt": forged, "other": "left out"})
    (line,) = written.readouterr().err.splitlines()
    assert line.isprintable() and line.count("forged") == 2 and "left out" not in line


def test_what_broke_is_told_with_its_trace(written: pytest.CaptureFixture[str]) -> None:
    logs.set_up("text")
    try:
        raise OSError("disk on fire")
    except OSError:
        logging.getLogger("app.x").exception("it failed")
    said = written.readouterr().err
    assert "ERROR app.x: it failed\nTraceback" in said and "OSError: disk on fire" in said
