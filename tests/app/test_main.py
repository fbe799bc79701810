"""How the app is put together."""

import json
import subprocess
import sys

import pytest
from pydantic import ValidationError

from app.main import FIRST_RECORDING, create_app, first_recording
from app.settings import ROOT, Settings
from app.worker.process import WorkerProcess
from model_worker.store.place import store_of


def test_the_app_never_imports_a_model_nor_its_worker() -> None:
    code = """
import sys
from app.main import FIRST_RECORDING, create_app, first_recording
from app.server import Server
from app.settings import Settings
Server(create_app(Settings()), Settings())
print([name for name in ("torch", "transformers", "sae_lens", "model_worker", "numpy") if name in sys.modules])
"""
    out = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def test_settings_come_from_plain_names_and_from_prefixed_ones(monkeypatch) -> None:
    monkeypatch.setenv("PORT", "1234")
    monkeypatch.setenv("DATA_DIR", "/somewhere")
    monkeypatch.setenv("HALLUCINOSCOPE_HOST", "0.0.0.0")
    monkeypatch.setenv("HALLUCINOSCOPE_WORKER_URL", "http://elsewhere:9")
    settings = Settings()
    assert (settings.port, settings.host, settings.worker_url) == (1234, "0.0.0.0", "http://elsewhere:9")
    assert settings.database == "sqlite+aiosqlite:////somewhere/hallucinoscope.db"
    monkeypatch.setenv("DATABASE_URL", "postgresql+asyncpg://db/x")
    assert Settings().database == "postgresql+asyncpg://db/x"


def test_the_workers_token_is_read_and_never_shown(monkeypatch, capsys) -> None:
    token = "0123456789-a-secret-shared-by-two"
    monkeypatch.setenv("HALLUCINOSCOPE_WORKER_TOKEN", f" {token}\n")
    settings = Settings()
    assert settings.worker_token.get_secret_value() == token, "as a shell or a file leaves it, without the white space"
    create_app(settings)
    assert token not in f"{settings} {settings!r} {settings.model_dump_json()}" + "".join(capsys.readouterr())
    monkeypatch.setenv("HALLUCINOSCOPE_WORKER_TOKEN", "too-short")
    with pytest.raises(ValidationError) as refused:
        Settings()
    assert "worker_token" in str(refused.value) and "too-short" not in str(refused.value)


def test_the_local_worker_ends_with_the_app() -> None:
    command = Settings().worker_command
    assert command[1:3] == ("-m", "model_worker") and "--exit-with-parent" in command
    assert WorkerProcess(command, folder=ROOT, restart_s=1).url is None


def test_our_own_worker_is_told_which_model_and_where_the_store_is(monkeypatch, tmp_path) -> None:
    assert Settings().own_worker == Settings().worker_command, "without a model nothing changes"
    monkeypatch.setenv("HALLUCINOSCOPE_MODEL", "some-model")
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    assert Settings().own_worker[-2:] == ("--model", "some-model")
    assert Settings().store == store_of() == tmp_path / "store", "the worker alone looks where the app does"
    monkeypatch.setenv("HALLUCINOSCOPE_STORE_DIR", str(tmp_path / "elsewhere"))
    assert Settings().store == store_of() == tmp_path / "elsewhere"


def test_what_explore_shows_first_is_of_the_model_that_answers_it() -> None:
    recorded = json.loads((ROOT / FIRST_RECORDING[1:]).read_bytes().splitlines()[0])["model"]["id"]
    assert first_recording(None) == first_recording(recorded) == FIRST_RECORDING
    assert first_recording(f"not-{recorded}") is None
