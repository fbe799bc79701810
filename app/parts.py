"""What the routes need, made once by `create_app` and handed to them."""

from dataclasses import dataclass

from app.drawing import Drawing
from app.findings.store import FindingStore
from app.runs.runs import Runs
from app.runs.store import RunStore
from app.worker_client import WorkerClient
from app.world import Worlds


@dataclass(frozen=True)
class Parts:
    """first_recording: address of what Explore shows before the model is there; None: nothing."""

    findings: FindingStore
    runs_kept: RunStore
    worker: WorkerClient
    runs: Runs
    worlds: Worlds
    drawing: Drawing
    first_recording: str | None
