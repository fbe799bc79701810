"""Runs: begun, followed, looked at."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app import ids
from app.bodies import body_of, read_body
from app.parts import Parts
from app.refusals import unknown_run
from app.relay import LiveRun
from app.routes.said import JSON_LINES, refusals, stream_of_frames
from app.runs import Runs
from protocol.requests import GenerateRequest
from protocol.runs import RunSummary


def routes(parts: Parts) -> APIRouter:
    router = APIRouter(prefix="/api/runs", tags=["runs"], responses=refusals(422, 500))
    store = parts.runs_kept

    @router.post(
        "",
        response_class=StreamingResponse,
        responses=stream_of_frames() | refusals(404, 409, 413, 503),
        openapi_extra=body_of(GenerateRequest),
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

    @router.get("/{run_id}", responses=refusals(404))
    async def run(run_id: str) -> RunSummary:
        row = await store.run(run_id) if ids.looks_like_one(run_id) else None
        if row is None:
            raise unknown_run()
        return RunSummary(
            id=row.id,
            state=row.state,
            lane=row.lane,
            created=row.created,
            request_sha256=row.request_sha256,
            attempt=row.attempt,
            n_frames=row.n_frames,
            progress=1.0 if row.state == "done" else 0.0,
            saved=row.recording_sha256 is not None,
        )

    @router.get("/{run_id}/frames", response_class=Response, responses=stream_of_frames() | refusals(404))
    async def run_frames(run_id: str) -> Response:
        frames = await store.run_frames(run_id) if ids.looks_like_one(run_id) else None
        if frames is None:
            raise unknown_run()
        return Response(frames, media_type=JSON_LINES, headers={"Cache-Control": "no-store"})

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
