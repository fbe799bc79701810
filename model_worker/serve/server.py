"""The worker's HTTP face: one model, streams of frames as JSON Lines, no memory of who asked.

Listens at once, loads the model on the torch thread, and answers /health at any time. docs/worker-api.md describes it.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Generator, Sequence
from contextlib import asynccontextmanager
from typing import Annotated, Protocol

from fastapi import FastAPI, Query, Request
from fastapi.responses import StreamingResponse
from starlette.responses import Response

from model_worker.model.documents import Papers
from model_worker.model.registry import RegistryRow
from model_worker.serve.access import RequireToken, brings_token
from model_worker.serve.bodies import message_of, study_of
from model_worker.serve.errors import answer_refusals
from model_worker.serve.streams import Streams
from model_worker.serve.torch_thread import Job, StepLoop
from protocol.refusal import Refused
from protocol.worker.circuits import CircuitRequest, LookRequest, TurnRequest
from protocol.worker.frames import Frame
from protocol.worker.models import ModelCard, Models
from protocol.worker.names import NamesRequest
from protocol.worker.replay import ReplayRequest
from protocol.worker.requests import MAX_NAMES_BYTES, GenerateRequest, Lane, LatentRequest, LensRequest, SearchRequest
from protocol.worker.studies import StudyRequest

log = logging.getLogger(__name__)

MAX_REPLAY_BYTES = 1024 * 1024  # 256 answers of 128 tokens, beside what a run may have
MAX_JOBS = 64

Page = Annotated[str | None, Query(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
InLane = Annotated[Lane, Query()]


class Model(Protocol):
    """A loaded model, as far as this module is concerned. It never imports torch, so it listens at once.

    All but `stats` belongs to the torch thread. None among the frames: nothing to say before the next `advance`.
    """

    def generate(self, request: GenerateRequest, lane: Lane) -> Generator[Frame | None]: ...
    def replay(self, request: ReplayRequest, lane: Lane) -> Generator[Frame | None]: ...
    def circuit(self, request: CircuitRequest) -> Generator[Frame | None]: ...
    def turn(self, request: TurnRequest) -> Generator[Frame | None]: ...
    def look(self, request: LookRequest) -> Generator[Frame | None]: ...
    def lens(self, request: LensRequest) -> Generator[Frame]: ...
    def latent(self, request: LatentRequest) -> Generator[Frame | None]: ...
    def search(self, request: SearchRequest) -> Generator[Frame | None]: ...
    def names(self, request: NamesRequest) -> Generator[Frame | None]: ...
    def study(self, request: StudyRequest, recorded: Sequence[Frame], lane: Lane) -> Generator[Frame | None]: ...

    def advance(self, lane: Lane) -> bool:
        """One decode step of all the lane's rows; False if there are none."""
        ...

    def stats(self) -> dict[str, int]:
        """Counters, from any thread and at once."""
        ...


Load = Callable[[Callable[[str], None]], Model]
"""Loads the model, and says meanwhile in a few words what it is at."""


class Worker:
    """The model (once it is loaded) and the thread that runs it."""

    def __init__(self, card: ModelCard, load: Load) -> None:
        self.card = card
        self.loop = StepLoop()
        self.streams = Streams(self.loop)
        self.model: Model | None = None
        self.doing: str | None = "starting"  # until it has loaded, or failed
        self.failed: str | None = None
        self.refused: Refused | None = None  # why it failed, where that can be mended from outside
        self._load = load

    def loading(self) -> Generator[Frame]:
        """A job without frames: torch is first touched on its own thread."""
        try:
            model = self._load(self._say)
        except Refused as refused:  # a card that says what isn't so, weights that aren't there
            self.failed, self.refused, self.doing = str(refused), refused, None
            log.error("the model did not load: %s", refused)
            raise
        except Exception as error:
            self.failed, self.doing = f"{type(error).__name__}: {error}", None
            raise
        self.loop.advance = model.advance
        self.model, self.doing = model, None
        yield from ()

    def _say(self, doing: str) -> None:
        self.doing = doing

    def require_ready(self, model: str, page: str | None = None) -> Model:
        """Raises Refused if a run of the page can't begin now."""
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
                f"It did not load: {self.failed[:300].rstrip('.')}.",
                "See the worker's log; mend it and start the worker again.",
            )
        if self.model is None:
            raise Refused(
                503, "model_loading", f"Model {model} asked.", "It is still loading.", "Try again in some seconds."
            )
        if self.loop.n_wanted - self.streams.would_supersede(page) >= MAX_JOBS:
            raise Refused(
                503,
                "worker_busy",
                "One more run asked.",
                f"{MAX_JOBS} runs at a time.",
                "Try again when others have ended.",
            )
        return self.model


def create_server(
    row: RegistryRow, load: Load, others: tuple[RegistryRow, ...] = (), *, token: str | None = None
) -> FastAPI:
    """Serves the model of `row`, which `load` loads; of the `others` it only tells what is written about them.

    token: what everyone has to know who asks for more than /health; None: nothing.
    """
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
    answer_refusals(server)
    if token is not None:
        server.add_middleware(RequireToken, token=token)

    @server.get("/health")
    async def health(request: Request) -> dict[str, object]:
        return {
            "ready": worker.model is not None,
            "model": worker.card.id,
            "doing": worker.doing,
            "failed": worker.failed,
            "refusal": worker.refused.refusal if worker.refused else None,
            "authorized": brings_token(request.scope, token),
            "running": worker.loop.n_jobs,
            "steps": worker.loop.n_steps,
            "engine": worker.model.stats() if worker.model else {},
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
    async def generate(request: Request, page: Page = None, lane: InLane = "interactive") -> StreamingResponse:
        asked = await message_of(request, GenerateRequest)
        model = worker.require_ready(asked.model, page)
        return await worker.streams.answer(model.generate(asked, lane), lane, page)

    @server.post("/v1/circuit", response_class=StreamingResponse)
    async def circuit(request: Request, page: Page = None, lane: InLane = "interactive") -> StreamingResponse:
        asked = await message_of(request, CircuitRequest)
        model = worker.require_ready(asked.model, page)
        return await worker.streams.answer(model.circuit(asked), lane, page)

    @server.post("/v1/turn", response_class=StreamingResponse)
    async def turn(request: Request, page: Page = None) -> StreamingResponse:
        asked = await message_of(request, TurnRequest)
        model = worker.require_ready(asked.circuit.model, page)
        return await worker.streams.answer(model.turn(asked), "interactive", page)

    @server.post("/v1/look", response_class=StreamingResponse)
    async def look(request: Request, page: Page = None) -> StreamingResponse:
        asked = await message_of(request, LookRequest)
        model = worker.require_ready(asked.circuit.model, page)
        return await worker.streams.answer(model.look(asked), "interactive", page)

    @server.post("/v1/replay", response_class=StreamingResponse)
    async def replay(request: Request, lane: InLane = "interactive") -> StreamingResponse:
        asked = await message_of(request, ReplayRequest, MAX_REPLAY_BYTES)
        model = worker.require_ready(asked.run.model)
        return await worker.streams.answer(model.replay(asked, lane), lane)

    @server.post("/v1/lens", response_class=StreamingResponse)
    async def lens(request: Request) -> StreamingResponse:
        asked = await message_of(request, LensRequest)
        model = worker.require_ready(asked.model)
        return await worker.streams.answer(model.lens(asked), "interactive")

    @server.post("/v1/latent", response_class=StreamingResponse)
    async def latent(request: Request) -> StreamingResponse:
        asked = await message_of(request, LatentRequest)
        model = worker.require_ready(asked.model)
        return await worker.streams.answer(model.latent(asked), "interactive")

    @server.post("/v1/search", response_class=StreamingResponse)
    async def search(request: Request) -> StreamingResponse:
        asked = await message_of(request, SearchRequest)
        model = worker.require_ready(asked.model)
        return await worker.streams.answer(model.search(asked), "interactive")

    @server.post("/v1/names", response_class=StreamingResponse)
    async def names(request: Request) -> StreamingResponse:
        asked = await message_of(request, NamesRequest, MAX_NAMES_BYTES)
        model = worker.require_ready(asked.model)
        return await worker.streams.answer(model.names(asked), "interactive")

    @server.post("/v1/study", response_class=StreamingResponse)
    async def study(request: Request, lane: InLane = "background") -> StreamingResponse:
        """The body is JSON Lines: the request, then the frames that were answered before it was interrupted."""
        asked, recorded = await study_of(request)
        model = worker.require_ready(asked.model)
        return await worker.streams.answer(model.study(asked, recorded, lane), lane)

    return server


def _file(request: Request, content: bytes, etag: str) -> Response:
    headers = {"ETag": etag, "Cache-Control": "no-cache"}
    if request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type="application/json", headers=headers)
