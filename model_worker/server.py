"""The worker's HTTP face: one model, streams of frames as JSON Lines, no memory of who asked.

Listens at once, loads the model on the torch thread, and answers /health at any time.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import ValidationError
from starlette.responses import Response

from model_worker.papers import Papers
from model_worker.registry import Row
from model_worker.steps import Job, StepLoop
from protocol.frames import Frame
from protocol.models import ModelCard, Models
from protocol.refusal import Refused, from_validation
from protocol.requests import GenerateRequest

log = logging.getLogger(__name__)

MAX_BODY_BYTES = 64 * 1024
MAX_JOBS = 64
JSON_LINES = "application/jsonl"

Answer = Callable[[GenerateRequest], Iterator[Frame]]
"""A loaded model, as far as this module is concerned. It never imports torch, so it listens at once."""


class Worker:
    """The model (once it is loaded) and the thread that runs it."""

    def __init__(self, card: ModelCard, load: Callable[[], Answer]) -> None:
        self.card = card
        self.loop = StepLoop()
        self.answer: Answer | None = None
        self.failed: str | None = None
        self._load = load

    def loading(self) -> Iterator[Frame]:
        """A job without frames: torch is first touched on its own thread."""
        try:
            self.answer = self._load()
        except Exception as error:
            self.failed = f"{type(error).__name__}: {error}"
            raise
        yield from ()

    def require_ready(self, model: str) -> Answer:
        if model != self.card.id:
            raise Refused(
                404,
                "unknown_model",
                f"Model {model} asked.",
                f"This worker holds {self.card.id}.",
                "Choose that one, or start a worker for the other.",
            )
        if self.failed:
            raise Refused(
                503,
                "model_failed",
                f"Model {model} asked.",
                f"It did not load: {self.failed[:300]}.",
                "See the worker's log; mend it and start the worker again.",
            )
        if self.answer is None:
            raise Refused(
                503, "model_loading", f"Model {model} asked.", "It is still loading.", "Try again in some seconds."
            )
        if self.loop.n_jobs >= MAX_JOBS:
            raise Refused(
                503,
                "worker_busy",
                "One more run asked.",
                f"{MAX_JOBS} runs at a time.",
                "Try again when others have ended.",
            )
        return self.answer


def create_server(row: Row, load: Callable[[], Answer], others: tuple[Row, ...] = ()) -> FastAPI:
    """Serves the model of `row`, which `load` loads; of the `others` it only tells what is written about them."""
    worker = Worker(row.card, load)
    papers = Papers((row, *others))

    @asynccontextmanager
    async def lifespan(_server: FastAPI) -> AsyncIterator[None]:
        worker.loop.start()
        worker.loop.submit(Job(worker.loading(), "interactive", lambda: None))
        yield
        await asyncio.to_thread(worker.loop.close)

    server = FastAPI(title="Hallucinoscope model worker", lifespan=lifespan, docs_url=None, redoc_url=None)
    server.state.worker = worker

    @server.exception_handler(Refused)
    async def refuse(_request: Request, refused: Refused) -> JSONResponse:
        return JSONResponse({"refusal": refused.refusal.model_dump()}, refused.status)

    @server.get("/health")
    async def health() -> dict[str, object]:
        return {
            "ready": worker.answer is not None,
            "model": worker.card.id,
            "failed": worker.failed,
            "running": worker.loop.n_jobs,
            "steps": worker.loop.n_steps,
        }

    @server.get("/v1/models")
    async def models() -> Models:
        return papers.models()

    # Not `async`: the first time a file is read, on a thread of its own, so /health still answers.
    @server.get("/v1/models/{model:path}/world")
    def world(request: Request, model: str) -> Response:
        return _file(request, *papers.world(model))

    @server.get("/v1/models/{model:path}/report")
    def report(request: Request, model: str) -> Response:
        return _file(request, *papers.report(model))

    @server.post("/v1/generate", response_class=StreamingResponse)
    async def post_generate(request: Request) -> StreamingResponse:
        body = await _body(request)
        try:
            asked = GenerateRequest.model_validate_json(body)
        except ValidationError as error:
            raise from_validation(error) from error
        answer = worker.require_ready(asked.model)
        return await _stream(worker.loop, answer(asked))

    return server


def _file(request: Request, content: bytes, etag: str) -> Response:
    headers = {"ETag": etag, "Cache-Control": "no-cache"}
    if request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type="application/json", headers=headers)


async def _body(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise Refused(
                413,
                "body_too_large",
                "The request is too large.",
                f"{MAX_BODY_BYTES:,} bytes are allowed.",
                "Shorten the prompt or ask for fewer arms.",
            )
    return body


async def _stream(loop: StepLoop, frames: Iterator[Frame]) -> StreamingResponse:
    """Wait for the first frame, so that a refusal still has a status; then stream the rest."""
    event_loop, arrived = asyncio.get_running_loop(), asyncio.Event()
    job = Job(frames, "interactive", lambda: event_loop.call_soon_threadsafe(arrived.set))
    loop.submit(job)
    first = await _next_frame(loop, job, arrived)
    if job.refused:
        raise job.refused

    async def lines() -> AsyncIterator[bytes]:
        frame = first
        try:
            while frame is not None:
                yield frame.model_dump_json().encode() + b"\n"
                frame = await _next_frame(loop, job, arrived)
        finally:
            loop.cancel(job)  # reached when the reader left, and harmless when the job has ended

    return StreamingResponse(lines(), media_type=JSON_LINES)


async def _next_frame(loop: StepLoop, job: Job, arrived: asyncio.Event) -> Frame | None:
    while True:
        arrived.clear()
        ended = job.ended  # read first: the last frame may come between the two
        frame = job.take()
        if frame is not None:
            loop.drained()
            return frame
        if ended:
            return None
        await arrived.wait()
