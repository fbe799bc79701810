"""The app, put together. `create_app` makes the parts; the lifespan starts and stops them.

Nothing here waits for the worker: the app answers at once, and /healthz says what is missing.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from fastapi import FastAPI

from app.bodies import describe_bodies
from app.database import Database
from app.drawing import Drawing
from app.errors import answer_errors
from app.finding_store import FindingStore
from app.headers import CarefulHeaders
from app.parts import Parts
from app.retention import forget_unsaved
from app.routes import findings, models, operation, pages, runs
from app.run_store import RunStore
from app.runs import Runs
from app.settings import ROOT, Settings
from app.static import Static
from app.version import VERSION
from app.worker_client import RemoteWorker, WorkerClient
from app.worker_process import WorkerProcess
from app.world import Worlds
from protocol.findings import FindingRequest
from protocol.requests import GenerateRequest

log = logging.getLogger(__name__)


def create_app(settings: Settings) -> FastAPI:
    database = Database(settings.database)
    kept, found = RunStore(database), FindingStore(database)
    process = None if settings.worker_url else _local_worker(settings)
    worker = WorkerClient(
        process or RemoteWorker(settings.worker_url or ""),
        silence_s=settings.worker_silence_s,
        token=settings.worker_token.get_secret_value() if settings.worker_token else None,
    )
    going = Runs(kept, worker, max_recording_bytes=settings.max_recording_bytes)
    parts = Parts(found, kept, worker, going, Worlds(worker), Drawing(ROOT / "templates"))

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        if process:
            process.start()
        await database.open()
        if n_indexed := await found.index_old():
            log.info("%d findings were indexed anew", n_indexed)
        if n_cut := await kept.cut_running():
            log.warning("%d runs were cut when the app last ended", n_cut)
        forgetting = asyncio.create_task(forget_unsaved(kept, timedelta(hours=settings.keep_unsaved_hours)))
        try:
            yield
        finally:
            forgetting.cancel()
            await going.close()
            await worker.close()
            if process:
                await process.stop()
            await database.close()

    app = FastAPI(
        title="Hallucinoscope",
        summary="Does this model recognise what it is being asked about, and what happens when it is wrong about that?",
        version=VERSION,
        lifespan=lifespan,
        docs_url=None,  # their assets would come from a CDN
        redoc_url=None,
    )
    app.state.runs = going  # for the server, which ends them when it stops
    for noun in (operation, models, runs, findings, pages):
        app.include_router(noun.routes(parts))
    app.mount("/static", Static(ROOT / "static"))
    describe_bodies(app, (GenerateRequest, FindingRequest))
    answer_errors(app, parts.drawing)
    app.add_middleware(CarefulHeaders)
    return app


def _local_worker(settings: Settings) -> WorkerProcess:
    return WorkerProcess(settings.worker_command, folder=ROOT, restart_s=settings.worker_restart_s)
