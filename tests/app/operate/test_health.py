"""/healthz and /readyz say ready exactly when a run would be answered."""

import pytest
from pydantic import SecretStr

from app.runs.store import RunStore
from app.settings import Settings
from tests.app.conftest import Client, start
from tests.app.scripted_worker import ScriptedWorker

TOKEN = "0123456789-a-secret-shared-by-two"


def _told(app: Client) -> tuple[bool, str]:
    answer = app.get("/healthz")
    assert answer.status_code == 200
    told = answer.json()
    probe = app.get("/readyz")
    assert probe.status_code == (200 if told["ready"] else 503)
    if told["ready"]:
        assert probe.json() == {"ready": True}
    else:
        assert probe.json()["refusal"]["code"] == "not_ready" and told["detail"] not in probe.text
    keys = {"ready", "worker", "answers", "database", "detail", "model", "version"}
    assert told.keys() == keys and told["detail"]
    return told["ready"], told["worker"]


def test_it_is_ready_only_when_the_worker_has_its_model(app: Client, worker: ScriptedWorker) -> None:
    assert _told(app) == (True, "ready")
    assert app.get("/healthz").json()["model"] == "scripted"
    worker.ready = False
    assert _told(app) == (False, "starting")
    worker.failed = "OSError: no weights"
    assert _told(app) == (False, "down") and "OSError" not in app.get("/healthz").text
    assert app.get("/healthz").json()["answers"], "it is there, and says why it can't be used"
    worker.close()
    assert _told(app) == (False, "down") and not app.get("/healthz").json()["answers"]


def test_while_the_model_loads_it_says_what_the_worker_is_at(app: Client, worker: ScriptedWorker) -> None:
    worker.ready, worker.doing = False, "reading the weights"
    assert _told(app) == (False, "starting")
    assert app.get("/healthz").json()["detail"] == "The worker is loading its model: reading the weights."


def test_a_worker_that_loads_and_says_nothing_for_a_while_is_no_worker_that_is_away(
    app: Client, worker: ScriptedWorker
) -> None:
    """A library that reads a large file holds the interpreter for seconds, so nobody answers."""
    worker.ready, worker.doing = False, "reading the tokenizer"
    assert _told(app) == (False, "starting")
    worker.silent_s = 2.5
    told = app.get("/healthz").json()
    assert (told["worker"], told["answers"]) == ("starting", True) and "reading the tokenizer" in told["detail"]
    worker.silent_s, worker.ready = 0.0, True
    assert _told(app) == (True, "ready")
    worker.silent_s = 2.5
    assert app.get("/healthz").json()["worker"] == "down", "one that was ready, and is silent, is away"


def test_why_a_model_did_not_load_is_said_where_it_can_be_mended(app: Client, worker: ScriptedWorker) -> None:
    parts = {"asked": "The weights x asked.", "allowed": "They are not in the store yet.", "change": "Fetch them."}
    worker.ready, worker.failed, worker.refusal = False, "x", {"code": "not_in_store", **parts}
    assert _told(app) == (False, "down")
    assert " ".join(parts.values()) in app.get("/healthz").json()["detail"]


def test_it_is_ready_only_with_the_token_that_the_worker_wants(settings: Settings, worker: ScriptedWorker) -> None:
    worker.token = TOKEN
    for token, ready in ((None, False), (TOKEN[::-1], False), (TOKEN, True)):
        with start(settings.model_copy(update={"worker_token": token and SecretStr(token)})) as app:
            assert _told(app) == ((True, "ready") if ready else (False, "down"))
            for answer in (app.post_run(), app.get("/api/models")):
                assert answer.status_code == (200 if ready else 503), "never 401: the reader can't mend it"
                asked = "" if ready else answer.json()["refusal"]["asked"]
                assert ready or ("does not know this app's token" in asked and "no worker answers" not in asked)
                assert token is None or token not in answer.text


def test_it_is_not_ready_without_its_database(app: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fails(_: RunStore) -> bool:
        raise OSError("disk on fire")

    monkeypatch.setattr(RunStore, "answers", fails)
    assert _told(app) == (False, "ready")
    assert "fire" not in app.get("/healthz").text
