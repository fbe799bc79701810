"""The JSON routes: what is asked, and which part answers. Decides nothing itself.

Every refusal has the body {"refusal": …}; `errors` writes it.
"""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import JSONResponse, StreamingResponse
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app import ids
from app.bodies import body_of, read_body
from app.health import Health, health_of
from app.parts import Parts
from app.relay import LiveRun
from app.runs import Runs
from app.store import unknown_finding, unknown_run
from app.tables import RunState
from app.world import MAX_SHOWN, MAX_WORDS, Asked, WorldPage
from protocol.base import Message, Name, Text
from protocol.findings import Finding, FindingRequest
from protocol.models import Models
from protocol.refusal import Refusal
from protocol.report import ModelReport
from protocol.requests import GenerateRequest
from protocol.world import Tier

JSON_LINES = "application/jsonl"
BODIES = (GenerateRequest, FindingRequest)


class RefusalBody(Message):
    """What every refused request is answered with."""

    refusal: Refusal


class RunSummary(Message):
    """How a run stands. `saved`: a finding holds it, so it is not deleted after a day."""

    id: str
    state: RunState
    created: str
    request_sha256: str
    n_frames: int
    saved: bool


class Findings(Message):
    """Newest first."""

    findings: tuple[Finding, ...]


def _refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    return {status: {"model": RefusalBody} for status in statuses}


def _stream_of_frames(status: int = 200) -> dict[int | str, dict[str, Any]]:
    said = "Frames, one JSON object a line; see protocol/frames.py"
    return {status: {"description": said, "content": {JSON_LINES: {"schema": {"type": "string"}}}}}


def routes(parts: Parts) -> APIRouter:
    router = APIRouter(responses=_refusals(422, 500))
    store = parts.store

    @router.get("/healthz", tags=["operation"])
    async def healthz() -> Health:
        return await health_of(parts.worker, store)

    @router.get("/api/models", responses=_refusals(503), tags=["models"])
    async def models() -> Models:
        return await parts.worker.models()

    @router.get("/api/models/{model:path}/world", responses=_refusals(404, 503), tags=["models"])
    async def world(
        model: Annotated[Name, Path()],
        q: Annotated[Text, Query(max_length=MAX_WORDS, description="words of the name or of a fact")] = "",
        type: Annotated[Name | None, Query(description="of the entity, e.g. 'city'")] = None,
        tier: Annotated[Tier | None, Query(description="how the name stands in the training text")] = None,
        offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
        limit: Annotated[int, Query(ge=1, le=MAX_SHOWN)] = 50,
    ) -> WorldPage:
        """What is true in the model's world, searched without regard to case and accents."""
        return await parts.worlds.page(model, Asked(q, type, tier, offset, limit))

    @router.get("/api/models/{model:path}/report", responses=_refusals(404, 503), tags=["models"])
    async def report(model: Annotated[Name, Path()]) -> ModelReport:
        """What was measured when the model was made."""
        return await parts.worker.report(model)

    @router.post(
        "/api/runs",
        response_class=StreamingResponse,
        responses=_stream_of_frames() | _refusals(404, 409, 413, 503),
        openapi_extra=body_of(GenerateRequest),
        tags=["runs"],
    )
    async def start_run(
        request: Request,
        page: Annotated[
            str | None,
            Query(pattern=r"^[A-Za-z0-9_-]{1,64}$", description="drawn at random; a newer run of it ends the older"),
        ] = None,
    ) -> Response:
        """Answers while the model does. The header X-Run-Id names the run. Leaving cancels it."""
        asked = await read_body(request, GenerateRequest)
        run = await _unless_gone(request, parts.runs, asked, page)
        return Response(status_code=499) if run is None else FollowedRun(run, parts.runs)

    @router.get("/api/runs/{run_id}", responses=_refusals(404), tags=["runs"])
    async def run(run_id: str) -> RunSummary:
        row = await store.run(run_id) if ids.looks_like_one(run_id) else None
        if row is None:
            raise unknown_run()
        return RunSummary(
            id=row.id,
            state=row.state,
            created=row.created,
            request_sha256=row.request_sha256,
            n_frames=row.n_frames,
            saved=row.recording_sha256 is not None,
        )

    @router.get(
        "/api/runs/{run_id}/frames",
        response_class=Response,
        responses=_stream_of_frames() | _refusals(404),
        tags=["runs"],
    )
    async def run_frames(run_id: str) -> Response:
        frames = await store.run_frames(run_id) if ids.looks_like_one(run_id) else None
        if frames is None:
            raise unknown_run()
        return Response(frames, media_type=JSON_LINES, headers={"Cache-Control": "no-store"})

    @router.post(
        "/api/findings",
        status_code=201,
        response_model=Finding,
        responses=_refusals(404, 409, 413),
        openapi_extra=body_of(FindingRequest),
        tags=["findings"],
    )
    async def save_finding(request: Request) -> Response:
        asked = await read_body(request, FindingRequest)
        if not ids.looks_like_one(asked.run_id):
            raise unknown_run()
        found = await store.save(asked)
        return JSONResponse(found.model_dump(mode="json"), 201, {"Location": f"/f/{found.slug}"})

    @router.get("/api/findings", responses=_refusals(404), tags=["findings"])
    async def findings(
        limit: Annotated[int, Query(ge=1, le=100)] = 20,
        before: Annotated[str | None, Query(description="slug of the last finding of the page before")] = None,
    ) -> Findings:
        if before is not None and (not ids.looks_like_one(before) or await store.finding(before) is None):
            raise unknown_finding()
        return Findings(findings=tuple(await store.findings(limit, before)))

    @router.get("/api/findings/{slug}", responses=_refusals(404), tags=["findings"])
    async def finding(slug: str) -> Finding:
        return await _finding(slug)

    @router.get(
        "/api/findings/{slug}/frames",
        response_class=Response,
        responses=_stream_of_frames() | {304: {"description": "Unchanged"}} | _refusals(404),
        tags=["findings"],
    )
    async def finding_frames(request: Request, slug: str) -> Response:
        digest = (await _finding(slug)).recording_sha256
        headers = {"ETag": f'"{digest}"', "Cache-Control": "public, max-age=31536000, immutable"}
        if digest in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return Response(await store.recording(digest), media_type=JSON_LINES, headers=headers)

    async def _finding(slug: str) -> Finding:
        found = await store.finding(slug) if ids.looks_like_one(slug) else None
        if found is None:
            raise unknown_finding()
        return found

    return router


class FollowedRun(StreamingResponse):
    """A run's lines as they arrive. However the answer ends, the run is then left."""

    media_type = JSON_LINES

    def __init__(self, run: LiveRun, runs: Runs) -> None:
        super().__init__(
            run.follow(), headers={"X-Run-Id": run.id, "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        )
        self._run = run
        self._runs = runs

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._runs.leave(self._run)


async def _unless_gone(request: Request, runs: Runs, asked: GenerateRequest, page: str | None) -> LiveRun | None:
    """Begins the run; None if the client left while the worker was still thinking about it."""

    async def gone() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass

    beginning = asyncio.create_task(runs.begin(asked, page))
    leaving = asyncio.create_task(gone())
    try:
        await asyncio.wait({beginning, leaving}, return_when=asyncio.FIRST_COMPLETED)
        return await beginning if beginning.done() else None
    finally:
        beginning.cancel()  # does nothing where it is done
        leaving.cancel()
