"""The operator's commands, as whoever types them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.settings import ROOT, Settings
from tests.app.conftest import start


def _python_m_app(settings: Settings, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"DATA_DIR": str(settings.data_dir), "DATABASE_URL": settings.database_url or ""}
    command = [sys.executable, "-m", "app", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)


def test_findings_are_backed_up_while_the_app_runs_and_restored_by_a_command_each(
    settings: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "findings.backup"
    with start(settings) as app:
        slug = app.slug(app.post_run().headers["x-run-id"], title="kept")
        done = _python_m_app(settings, "backup", str(file))
        assert done.returncode == 0 and "1 findings, 1 recordings" in done.stdout, done.stderr
    other = settings.model_copy(update={"data_dir": tmp_path / "other", "database_url": None})
    done = _python_m_app(other, "restore", str(file))
    assert done.returncode == 0 and done.stdout.startswith("1 findings"), done.stderr
    with start(other) as app:
        assert "kept" in app.get(f"/f/{slug}").text and app.get("/api/findings?q=kept").json()["total"] == 1


def test_a_withdrawn_finding_says_why(settings: Settings) -> None:
    with start(settings) as app:
        slug = app.slug(app.post_run().headers["x-run-id"])
        assert _python_m_app(settings, "withdraw", slug, "--because", "It named a <private> person.").returncode == 0
        gone = app.get(f"/f/{slug}")
        assert gone.status_code == 410 and "It named a &lt;private&gt; person." in gone.text
        again = _python_m_app(settings, "withdraw", slug, "--because", "once more")
        assert again.returncode == 1 and "was deleted" in again.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("restore", "no/such/file"), "nothing was changed"),
        (("restore", __file__), "nothing was changed"),
        (("backup", "no/such/folder/file"), "There is no folder"),
        (("withdraw", "../../etc", "--because", "x"), "No finding has this link"),
    ],
)
def test_a_mistake_is_a_sentence_and_no_traceback(settings: Settings, arguments: tuple[str, ...], says: str) -> None:
    done = _python_m_app(settings, *arguments)
    assert done.returncode != 0 and says in done.stderr and "Traceback" not in done.stderr
