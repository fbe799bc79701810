"""The app, put together. `create_app` makes the parts; the lifespan starts and stops them.

Nothing here waits for the worker: the app answers at once, and /healthz says what is missing.
"""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

from fastapi import FastAPI
from pydantic import SecretStr
from starlette.routing import BaseRoute, Mount, Route
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from app.database.connection import Database
from app.door.cross_site import CrossSite
from app.door.door import Door
from app.door.entrance import Entrance
from app.door.headers import CarefulHeaders
from app.door.limits import Limits
from app.door.operator import OperatorAccess
from app.environment import BadSettings
from app.findings.checks import Checks
from app.findings.store import FindingStore
from app.findings.stories import add_stories
from app.http.assets import Static
from app.http.bodies import describe_bodies
from app.http.errors import answer_errors
from app.http.prefix import Prefixed, clash, prefix_of
from app.http.templates import Drawing
from app.names.world import Worlds
from app.operate.access_log import Observed
from app.operate.fetching import Fetching
from app.routes import api_docs as interface
from app.routes import circuits, experiments, exports, findings, models, names, operation, pages, runs, weights
from app.routes.openapi import refusals, sum_up
from app.runs.background import keep_going
from app.runs.log import RunLog
from app.runs.presence import Presence
from app.runs.queue import RunQueue
from app.runs.retention import forget_unsaved
from app.runs.runs import Runs
from app.runs.store import RunStore
from app.services import Parts
from app.settings import ROOT, STORE_VARIABLE, Settings
from app.telemetry.metrics import Metrics
from app.version import VERSION
from app.worker.client import RemoteWorker, WorkerClient
from app.worker.process import WorkerProcess
from protocol.app.experiments.catalogue import ExperimentDraft
from protocol.app.findings import FindingRequest
from protocol.app.weights import WeightsAsked
from protocol.worker.circuits import LookRequest, TurnRequest
from protocol.worker.names import NamesText
from protocol.worker.studies import RunRequest

log = logging.getLogger(__name__)

FIRST_RECORDING = "/static/first/explore.jsonl"
FIRST_STUDIES = "/static/first/studies"


def first_recording(model: str | None) -> str | None:
    """Address of what Explore shows before its model is there; None where our own worker loads another than was
    recorded, whose numbers would be taken for its. model: None is the first that ships, which was."""
    with (ROOT / FIRST_RECORDING[1:]).open("rb") as frames:
        recorded = json.loads(next(frames))["request"]["model"]
    return FIRST_RECORDING if model in (None, recorded) else None


def create_app(settings: Settings) -> FastAPI:
    process = None if settings.worker_url else _local_worker(settings)
    metrics = Metrics(lambda: max(0, process.n_starts - 1) if process else 0)
    database = Database(settings.database, metrics.database_failed)
    kept, found = RunStore(database), FindingStore(database)
    worker = WorkerClient(
        process or RemoteWorker(settings.worker_url or ""),
        silence_s=settings.worker_silence_s,
        token=_secret(settings.worker_token),
    )
    queue, presence = RunQueue(database), Presence(database, settings.lease_s)
    going = Runs(
        kept,
        queue,
        presence,
        worker,
        RunLog(metrics, with_prompts=settings.log_prompts),
        max_recording_bytes=settings.max_recording_bytes,
        max_study_bytes=settings.max_study_bytes,
        max_queued=settings.max_queued_runs,
    )
    first, first_studies = (None, None) if settings.worker_url else (first_recording(settings.model), FIRST_STUDIES)
    drawing = Drawing(ROOT / "templates", settings.public_url, settings.keep_unsaved_hours)
    checks = Checks()
    parts = Parts(found, checks, kept, worker, going, Worlds(worker), drawing, first, first_studies)

    entrance = Entrance(_secret(settings.password))
    operator = OperatorAccess(_secret(settings.operator_token))
    fetching = Fetching(settings.own_fetcher, folder=ROOT, environment=_where(settings)) if process else None

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        if process:
            process.start()
        await database.open()
        if settings.stories:
            await add_stories(database)
        if n_indexed := await found.index_old():
            log.info("%d findings were indexed anew", n_indexed)
        await presence.beat()
        chores = [
            asyncio.create_task(presence.keep()),
            asyncio.create_task(going.watch()),
            asyncio.create_task(keep_going(going, queue, settings.background_runs)),
            asyncio.create_task(
                forget_unsaved(kept, timedelta(hours=settings.keep_unsaved_hours), settings.max_unsaved_bytes)
            ),
        ]
        try:
            yield
        finally:
            checks.close()
            await going.close()
            for chore in chores:
                chore.cancel()
            await asyncio.gather(*chores, return_exceptions=True)
            await presence.leave()
            await worker.close()
            if fetching:
                await fetching.stop()
            if process:
                await process.stop()
            await database.close()

    app = FastAPI(
        title="Hallucinoscope",
        summary="Does this model recognise what it is being asked about, and what happens when it is wrong about that?",
        version=VERSION,
        lifespan=lifespan,
        docs_url=None,  # their assets would come from a CDN; see routes/api_docs.py
        redoc_url=None,
        responses=refusals(400, 401, 403, 421, 429),  # what the door says
    )
    app.state.runs = going  # for the server, which ends them when it stops
    nouns = (models, experiments, runs, circuits, names, findings, exports, pages, interface)
    routers = [operation.routes(parts, entrance, operator, metrics), weights.routes(parts, operator, fetching)]
    routers += [noun.routes(parts) for noun in nouns]
    for router in routers:
        sum_up(router.routes)
        app.include_router(router)
    app.mount("/static", Static(ROOT / "static"))
    _require_own_prefix(settings, [*app.routes, *(route for router in routers for route in router.routes)])
    describe_bodies(
        app,
        {
            "RunRequest": RunRequest,
            "FindingRequest": FindingRequest,
            "NamesText": NamesText,
            "ExperimentDraft": ExperimentDraft,
            "TurnRequest": TurnRequest,
            "LookRequest": LookRequest,
            "WeightsAsked": WeightsAsked,
        },
    )
    _surround(app, settings, parts, entrance, metrics)
    return app


def _require_own_prefix(settings: Settings, routes: Sequence[BaseRoute]) -> None:
    """Raises BadSettings."""
    paths = (route.path for route in routes if isinstance(route, Route | Mount))
    if (part := clash(prefix_of(settings.public_url), paths)) is not None:
        raise BadSettings(
            f"HALLUCINOSCOPE_PUBLIC_URL can't be used. Its path begins with {part}, as a path of this app does; "
            "choose another, such as /hallucinoscope."
        )


def _surround(app: FastAPI, settings: Settings, parts: Parts, entrance: Entrance, metrics: Metrics) -> None:
    """From the inside out: whatever is added later sees a request earlier and its answer later."""
    foreign = CrossSite(on_loopback=settings.on_loopback, public_url=settings.public_url)
    limits = Limits(runs_per_minute=settings.runs_limit, reads_per_minute=settings.reads_limit)
    app.add_middleware(Door, guards=(foreign, limits, entrance), drawing=parts.drawing)
    answer_errors(app, parts.drawing)
    app.add_middleware(CarefulHeaders)
    app.add_middleware(Observed, metrics=metrics)
    app.add_middleware(Prefixed, prefix=prefix_of(settings.public_url))
    if settings.trusted_proxies:
        app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=list(settings.trusted_proxies))


def _local_worker(settings: Settings) -> WorkerProcess:
    return WorkerProcess(
        settings.own_worker,
        folder=ROOT,
        restart_s=settings.worker_restart_s,
        environment=_where(settings),
    )


def _where(settings: Settings) -> dict[str, str]:
    """For what we start: where fetched weights lie."""
    return {STORE_VARIABLE: str(settings.store)}


def _secret(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()
