"""Whatever can be sent to any route, by its own description: answered with 2xx to 4xx, soon, and as described.

Schemathesis reads /openapi.json of a live app and tries, for each route and method, values that fit, that almost fit
and that don't fit, and sequences of requests. FUZZ_SECONDS (default 20, for each database) makes it look longer, and
each time elsewhere.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.settings import Settings
from tests.app.conftest import Client, start
from tests.app.scripted_worker import ScriptedWorker

SECONDS = int(os.environ.get("FUZZ_SECONDS", "20"))
UNFAIR = (
    "positive_data_acceptance",  # no JSON Schema can say all that a request has to be, such as how many arms add up
    "use_after_free",  # to delete a run that is under way cancels it; what it said so far can still be read
)

UNFAIR_TO_DRAFTS = """\
[[operations]]
include-path = "/api/experiments"
checks.negative_data_rejection.enabled = false
"""
"""Whoever edits a draft is told in words what can't be asked of it: that is the route's answer, no refusal."""


def _fuzz(app: Client, folder: Path) -> subprocess.CompletedProcess[str]:
    options = ["--max-time", str(SECONDS), "--max-response-time", "20", "--exclude-checks", ",".join(UNFAIR)]
    seed = [] if "FUZZ_SECONDS" in os.environ else ["--seed", "5"]
    (folder / "schemathesis.toml").write_text(UNFAIR_TO_DRAFTS)
    command = [sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()"]
    return subprocess.run(
        [*command, "run", f"{app.base_url}/openapi.json", *options, *seed, "--warnings", "off", "--no-color"],
        cwd=folder,  # it leaves a folder behind
        capture_output=True,
        text=True,
    )


@pytest.mark.timeout(SECONDS + 280)
def test_every_route_answers_anything_with_2xx_to_4xx_soon_and_as_it_says(
    settings: Settings, worker: ScriptedWorker, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Also none of the 503 that a busy app may answer: the worker is there, and the queue is long."""
    with start(settings.model_copy(update={"max_queued_runs": 100_000})) as app:
        app.slug(app.post_run().headers["x-run-id"])
        fuzzed = _fuzz(app, tmp_path)
        assert fuzzed.returncode == 0, fuzzed.stdout[-8000:] + fuzzed.stderr[-2000:]
        n_routes = sum(len(methods) for methods in app.get("/openapi.json").json()["paths"].values())
        assert f"Tested: {n_routes}" in fuzzed.stdout
        assert not [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
        assert app.get("/readyz").status_code == 200 and app.post_run().status_code == 200
