"""Runs: begun, followed, looked at, ended."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, StreamingResponse
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app import ids
from app.database.tables import Run
from app.http.bodies import body_of, read_run_request
from app.http.prefix import root_of
from app.refusals import unknown_run
from app.routes.disconnect import unless_gone
from app.routes.openapi import refusals, stream_of_frames
from app.runs.live_run import LiveRun
from app.runs.progress import share_done
from app.runs.runs import Runs
from app.runs.tail import tail
from app.services import Parts
from protocol.app.runs import RunSummary
from protocol.base import JSON_LINES
from protocol.worker.requests import Lane
from protocol.worker.studies import AwaitedRequest

MAX_SEQ = 2**31 - 2  # what a database's integer holds, with room for the next
_UNBUFFERED = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


def routes(parts: Parts) -> APIRouter:
    router = APIRouter(prefix="/api/runs", tags=["runs"], responses=refusals(422, 500))
    store = parts.runs_kept

    @router.post(
        "",
        response_class=StreamingResponse,
        responses=stream_of_frames()
        | {202: {"model": RunSummary, "description": "A background run waits for its turn"}}
        | refusals(404, 409, 413, 503),
        openapi_extra=body_of("RunRequest"),
    )
    async def start_run(
        request: Request,
        page: Annotated[
            str | None,
            Query(pattern=r"^[A-Za-z0-9_-]{1,64}$", description="drawn at random; a newer run of it ends the older"),
        ] = None,
        lane: Annotated[Lane, Query(description="background: see below; `page` then means nothing")] = "interactive",
    ) -> Response:
        """Answers while the model does. The header X-Run-Id names the run. Leaving cancels it.

        In the background lane it answers 202 at once, also while the worker is away; Location names the run. It waits
        for its turn, goes on when everybody has left, and is made again when the worker or the app was lost. A study
        always runs there, and goes on from where it was.
        """
        asked = await read_run_request(request)
        if lane == "background" or not isinstance(asked, AwaitedRequest):
            queued = _summary(await parts.runs.enqueue(asked))
            there = f"{root_of(request.scope)}/api/runs/{queued.id}"
            return JSONResponse(queued.model_dump(mode="json"), 202, {"Location": there})
        run = await unless_gone(request, parts.runs.begin(asked, page))
        return Response(status_code=499) if run is None else FollowedRun(run, parts.runs)

    @router.get("/{run_id}", responses=refusals(404))
    async def run(run_id: str) -> RunSummary:
        """How far a run is. Its state, and the share of it that is whole."""
        return _summary(await store.run(_known(run_id)))

    @router.delete(
        "/{run_id}",
        response_model=RunSummary,
        responses=refusals(404)
        | {
            202: {"model": RunSummary, "description": "Another app makes it, and ends it within a second"},
            204: {"description": "It had ended, and is forgotten"},
        },
    )
    async def end_run(run_id: str) -> Response:
        """Cancels a run that waits or is under way. Forgets one that has ended; findings that hold it stay."""
        ended = await parts.runs.cancel(_known(run_id))
        if ended is None:
            return Response(status_code=204)
        return JSONResponse(_summary(ended).model_dump(mode="json"), 202 if ended.state == "running" else 200)

    @router.post(
        "/{run_id}/pause",
        response_model=RunSummary,
        responses=refusals(404, 409)
        | {202: {"model": RunSummary, "description": "Another app makes it, and lets it rest within a second"}},
    )
    async def pause_run(run_id: str) -> Response:
        """A study leaves the worker and keeps its frames. It rests until it is let go on, or, where that does not
        happen, is forgotten like a run that has ended."""
        rests = await parts.runs.pause(_known(run_id))
        return JSONResponse(_summary(rests).model_dump(mode="json"), 202 if rests.state == "running" else 200)

    @router.post("/{run_id}/resume", responses=refusals(404, 409, 503))
    async def resume_run(run_id: str) -> RunSummary:
        """A study that rests waits for its turn, and goes on from where it was."""
        return _summary(await parts.runs.resume(_known(run_id)))

    @router.get("/{run_id}/frames", response_class=StreamingResponse, responses=stream_of_frames() | refusals(404))
    async def run_frames(
        run_id: str,
        after: Annotated[int, Query(ge=-1, le=MAX_SEQ, description="seq of the last frame that is known")] = -1,
        attempt: Annotated[
            int | None, Query(ge=0, le=MAX_SEQ, description="that this frame is of; of another, all frames are told")
        ] = None,
        wait: Annotated[bool, Query(description="until the run ends; false: what is recorded now")] = True,
    ) -> Response:
        """The frames after that one, as they come, until the run ends or rests. The header X-Attempt names their
        attempt.

        A background run that is interrupted is told again from its beginning: a second `start` begins it anew. A study
        is told on, and its attempt is always 1.
        """
        row = await store.run(_known(run_id))
        # the one that is next to say something
        present = row.telling + (row.state == "queued" and not row.is_study)
        since = after + 1 if attempt in (None, present) else 0
        lines = tail(parts.runs, store, run_id, since=since, telling=present, wait=wait)
        return StreamingResponse(lines, media_type=JSON_LINES, headers=_UNBUFFERED | {"X-Attempt": str(present)})

    return router


def _known(run_id: str) -> str:
    if not ids.looks_like_one(run_id):
        raise unknown_run()
    return run_id


def _summary(run: Run) -> RunSummary:
    return RunSummary(
        id=run.id,
        state=run.state,
        lane=run.lane,
        kind=run.kind,
        model=run.model,
        created=run.created,
        request_sha256=run.request_sha256,
        attempt=run.attempt,
        n_frames=run.n_frames,
        progress=1.0 if run.state == "done" else share_done(run.n_whole, run.n_expected),
        saved=run.recording_sha256 is not None,
    )


class FollowedRun(StreamingResponse):
    """A run's lines as they arrive. However the answer ends, the run is then left."""

    media_type = JSON_LINES

    def __init__(self, run: LiveRun, runs: Runs) -> None:
        super().__init__(run.follow(), headers=_UNBUFFERED | {"X-Run-Id": run.id})
        self._run = run
        self._runs = runs

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._runs.leave(self._run)
