"""What an operator can set: told in docs/settings.md, and refused by name where it can't be."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app import environment
from app.environment import BadSettings, read_settings
from app.settings import PREFIX, ROOT, Settings

SECRET = "hunter2-is-what-they-typed"


@pytest.fixture(autouse=True)
def nothing_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(PREFIX) or name in environment.known_variables():
            monkeypatch.delenv(name)


def _refusal(monkeypatch: pytest.MonkeyPatch, **variables: str) -> str:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(BadSettings) as refused:
        read_settings()
    return str(refused.value)


def test_the_page_of_settings_has_all_of_them_and_nothing_else() -> None:
    page = (ROOT / "docs" / "settings.md").read_text("utf-8")
    rows = [line for line in page.splitlines() if line.startswith("|")]
    assert "\n".join(rows) == environment.settings_table(), "put in what `python -m app --settings` prints"


def test_every_setting_says_what_it_means() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description, name


def test_the_table_is_printed_for_whoever_asks() -> None:
    told = subprocess.run([sys.executable, "-m", "app", "--settings"], cwd=ROOT, capture_output=True, text=True)
    assert (told.returncode, told.stdout.strip()) == (0, environment.settings_table())


def test_all_defaults_can_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in environment.known_variables():
        monkeypatch.setenv(name, "")  # as compose.yaml sets what nobody gave
    assert read_settings() == Settings()


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("PORT", "many", "integer"),
        ("PORT", "99999", "65535"),
        ("HALLUCINOSCOPE_PORT", "-1", "greater than or equal to 0"),
        ("HALLUCINOSCOPE_LOG_FORMAT", "xml", "'text' or 'json'"),
        ("HALLUCINOSCOPE_LOG_PROMPTS", "perhaps", "boolean"),
        ("HALLUCINOSCOPE_RUNS_PER_MINUTE", "-3", "0"),
        ("HALLUCINOSCOPE_LEASE_S", "0", "greater than 0"),
        ("HALLUCINOSCOPE_LEASE_S", "nan", "than 0"),
        ("HALLUCINOSCOPE_WORKER_COMMAND", "python -m model_worker", "JSON list"),
        ("HALLUCINOSCOPE_WORKER_COMMAND", "[]", "at least 1"),
        ("HALLUCINOSCOPE_TRUSTED_PROXIES", "10.0.0.1", "JSON list"),
        ("HALLUCINOSCOPE_TRUSTED_PROXIES", '["10.0.0.1", "10.0.0.1/8"]', "item 2"),
        ("HALLUCINOSCOPE_TRUSTED_PROXIES", '["*"]', "network"),
        ("DATABASE_URL", "mysql://root:geheim@host/x", "postgresql://"),
        ("DATABASE_URL", "geheim", "postgresql://"),
        ("DATABASE_URL", "postgresql://u:geheim@h:port/x", "postgresql://"),
        ("HALLUCINOSCOPE_PUBLIC_URL", "scope.example", "https://host/path"),
        ("HALLUCINOSCOPE_PUBLIC_URL", "https://scope.example/a?b=geheim", "without a query"),
        ("HALLUCINOSCOPE_PUBLIC_URL", "https://scope.example/a/../b", "https://host/path"),
        ("HALLUCINOSCOPE_PUBLIC_URL", "https://scope.example//b", "https://host/path"),
        ("HALLUCINOSCOPE_PUBLIC_URL", "https://scope.example/a b", "https://host/path"),
        ("HALLUCINOSCOPE_PUBLIC_URL", "https://me:geheim@scope.example", "https://host/path"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_by_the_name_of_its_variable(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, allowed: str
) -> None:
    said = _refusal(monkeypatch, **{name: value})
    assert said.startswith(name) and allowed in said and "can't be" in said
    assert "geheim" not in said


@pytest.mark.parametrize("name", ["PASSWORD", "OPERATOR_TOKEN", "WORKER_TOKEN"])
def test_a_secret_that_cannot_be_used_is_not_shown(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    said = _refusal(monkeypatch, **{PREFIX + name: SECRET[:7]})
    assert PREFIX + name in said and SECRET[:7] not in said


def test_all_that_is_wrong_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    said = _refusal(monkeypatch, PORT="x", HALLUCINOSCOPE_LOG_FORMAT="y", HALLUCINOSCOPE_PASSWORD="z")
    assert len(said.splitlines()) == 3


def test_a_name_with_a_typo_is_no_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would leave the app open, and its operator sure of the opposite."""
    said = _refusal(monkeypatch, HALLUCINOSCOPE_PASWORD=SECRET)
    assert "Did you mean HALLUCINOSCOPE_PASSWORD?" in said and SECRET not in said
    assert "--settings" in _refusal(monkeypatch, HALLUCINOSCOPE_XYZZY_QUUX="1")


def test_a_start_with_a_bad_setting_ends_with_status_2_and_one_line(tmp_path: Path) -> None:
    bad = {**os.environ, "DATA_DIR": str(tmp_path), "HALLUCINOSCOPE_PASSWORD": SECRET[:7]}
    ended = subprocess.run([sys.executable, "-m", "app"], cwd=ROOT, env=bad, capture_output=True, text=True)
    assert ended.returncode == 2 and ended.stdout == ""
    assert ended.stderr.startswith("HALLUCINOSCOPE_PASSWORD can't be used.") and len(ended.stderr.splitlines()) == 1
    assert SECRET[:7] not in ended.stderr and not list(tmp_path.iterdir())


def test_a_command_that_is_none_is_refused_and_the_real_ones_are_named() -> None:
    ended = subprocess.run([sys.executable, "-m", "app", "destroy"], cwd=ROOT, capture_output=True, text=True)
    assert ended.returncode == 2 and "serve" in ended.stderr
