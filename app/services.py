"""What the routes need, made once by `create_app` and handed to them."""

from dataclasses import dataclass

from app.findings.checks import Checks
from app.findings.store import FindingStore
from app.http.templates import Drawing
from app.names.world import Worlds
from app.runs.runs import Runs
from app.runs.store import RunStore
from app.worker.client import WorkerClient


@dataclass(frozen=True)
class Parts:
    """first_recording: address of what Explore shows before the model is there; first_studies: of the folder with what
    Experiments opens on. None: nothing."""

    findings: FindingStore
    checks: Checks
    runs_kept: RunStore
    worker: WorkerClient
    runs: Runs
    worlds: Worlds
    drawing: Drawing
    first_recording: str | None
    first_studies: str | None
