"""What the routes need, made once by `create_app` and handed to them."""

from dataclasses import dataclass

from app.drawing import Drawing
from app.runs import Runs
from app.store import Store
from app.worker_client import WorkerClient
from app.world import Worlds


@dataclass(frozen=True)
class Parts:
    store: Store
    worker: WorkerClient
    runs: Runs
    worlds: Worlds
    drawing: Drawing
