"""/healthz says ready exactly when a run would be answered."""

import pytest

from app.store import Store
from tests.app.conftest import Client
from tests.app.scripted_worker import ScriptedWorker


def _told(app: Client) -> tuple[bool, str]:
    answer = app.get("/healthz")
    assert answer.status_code == 200
    told = answer.json()
    assert told.keys() == {"ready", "worker", "detail", "model", "version"} and told["detail"]
    return told["ready"], told["worker"]


def test_it_is_ready_only_when_the_worker_has_its_model(app: Client, worker: ScriptedWorker) -> None:
    assert _told(app) == (True, "ready")
    assert app.get("/healthz").json()["model"] == "scripted"
    worker.ready = False
    assert _told(app) == (False, "starting")
    worker.failed = "OSError: no weights"
    assert _told(app) == (False, "down") and "OSError" not in app.get("/healthz").text
    worker.close()
    assert _told(app) == (False, "down")


def test_it_is_not_ready_without_its_database(app: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fails(_: Store) -> bool:
        raise OSError("disk on fire")

    monkeypatch.setattr(Store, "answers", fails)
    assert _told(app) == (False, "ready")
    assert "fire" not in app.get("/healthz").text
