"""What the app asks of a worker, over HTTP. Knows nothing about runs, and keeps nothing but what the worker
last said of its models: the list, their worlds and reports.

The worker may be a child process or a machine elsewhere: `Whereabouts` is all the difference.
"""

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol, TypeVar
from urllib.parse import quote

import httpx2
from pydantic import BaseModel, ValidationError

from protocol.app.latent import LatentRead
from protocol.base import JSON_LINES, Message
from protocol.canonical import canonical_json
from protocol.refusal import Refusal, RefusalBody, Refused
from protocol.worker.circuit_frames import Turned
from protocol.worker.circuits import LookRequest, TurnRequest
from protocol.worker.frames import FRAME, Error
from protocol.worker.latent_frames import Firing, LatentsFound, Lens
from protocol.worker.looked import Looked
from protocol.worker.models import Models
from protocol.worker.names import NamesRequest
from protocol.worker.replay import ReplayRequest
from protocol.worker.report import ModelReport
from protocol.worker.requests import Lane, LatentRequest, SearchRequest
from protocol.worker.studies import AwaitedRequest, StudyRequest
from protocol.worker.study_frames import NamesChecked
from protocol.worker.world import ModelWorld

NO_WORKER = "no_worker"
_QUICK_S = 2.0
_PATIENT_S = 10.0  # a world is read from its file the first time
_LOADING_S = 60.0  # a library that reads a large file lets nobody else say a word
_MAX_LINE_BYTES = 8 * 2**20


class Whereabouts(Protocol):
    """Where the worker is, if anywhere, and in a sentence how it is."""

    @property
    def url(self) -> str | None: ...
    @property
    def detail(self) -> str: ...
    @property
    def down(self) -> bool: ...


class RemoteWorker:
    """A worker that somebody else looks after."""

    down = False

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self.detail = f"The worker is {self.url}."


class WorkerHealth(BaseModel):
    """The answer of a worker's `GET /health`. A newer worker may say more."""

    ready: bool
    model: str | None = None
    doing: str | None = None
    failed: str | None = None
    refusal: Refusal | None = None
    authorized: bool = True
    running: int = 0
    engine: dict[str, float] = {}


class WorkerLost(Exception):
    """The connection ended in the middle of an answer."""

    def refusal(self, before: str, allowed: str) -> Refusal:
        """before: what was not reached, "the answer was complete"."""
        return Refusal(
            code="worker_lost",
            asked=f"The worker was lost before {before}.",
            allowed=allowed,
            change="Try again; a worker that crashed is started again by itself.",
        )


class WorkerSilent(WorkerLost):
    """Nothing came for so long that we stopped waiting. The worker may well live."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"silent for {seconds:g} s")
        self.seconds = seconds

    def refusal(self, before: str, allowed: str) -> Refusal:
        return Refusal(
            code="worker_silent",
            asked=f"The worker did not answer in time: it sent nothing for {self.seconds:g} s before {before}.",
            allowed=allowed,
            change="Try again when less is under way, or ask for less; it was not seen to crash.",
        )


P = TypeVar("P", bound=Message)


class WorkerClient:
    """Asks the worker. Any method raises Refused (503) where there is none to ask."""

    def __init__(self, where: Whereabouts, *, silence_s: float, token: str | None = None) -> None:
        self.where = where
        self._silence_s = silence_s
        self._models: Models | None = None
        self._said: tuple[str | None, float, WorkerHealth] | None = None  # of which worker, when, its last word
        self._papers: dict[str, tuple[str, Message]] = {}  # by path: a tag, and what it stands for
        self._http = httpx2.AsyncClient(
            timeout=httpx2.Timeout(silence_s, connect=_QUICK_S),
            # a kept connection may be closed by the worker just as we send a run on it
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=0),
            headers={"accept-encoding": "identity"} | ({"authorization": f"Bearer {token}"} if token else {}),
            trust_env=False,  # a proxy for the outside world must not see a worker on localhost
        )

    async def close(self) -> None:
        await self._http.aclose()

    async def health(self) -> WorkerHealth:
        """One that is connected to and silent, and has not been ready yet, is still at what it last said."""
        url = self.where.url
        if self._said is None or self._said[0] != url:
            self._said = url, time.monotonic(), WorkerHealth(ready=False)
        _, since, before = self._said
        try:
            said = WorkerHealth.model_validate_json(await self._get("/health"))
        except ValidationError:
            raise _no_worker("It answers, but not as a worker does.") from None
        except Refused as refused:
            silent = isinstance(refused.__cause__, httpx2.ReadTimeout)
            if silent and not (before.ready or before.failed) and time.monotonic() - since < _LOADING_S:
                return before
            raise
        self._said = url, time.monotonic(), said
        return said

    async def models(self) -> Models:
        """The worker's registry; what it last said, while it is away."""
        try:
            self._models = Models.model_validate_json(await self._get("/v1/models", _PATIENT_S))
        except ValidationError:
            raise _no_worker("Its models can't be read; its version may differ from the app's.") from None
        except Refused:
            if self._models is None:
                raise
        return self._models

    async def world(self, model: str) -> ModelWorld:
        """As `models`; the same object for as long as it is the same world. Raises Refused (404)."""
        return await self._paper(f"/v1/models/{quote(model, safe='')}/world", ModelWorld)

    async def report(self, model: str) -> ModelReport:
        """As `models`. Raises Refused (404)."""
        return await self._paper(f"/v1/models/{quote(model, safe='')}/report", ModelReport)

    async def _paper(self, path: str, kind: type[P]) -> P:
        tag, kept = self._papers.get(path, ("", None))
        try:
            answer = await self._http.get(
                self._address(path), timeout=_PATIENT_S, headers={"if-none-match": tag} if tag else {}
            )
            if answer.status_code not in (200, 304):
                raise await _refused(answer)
        except (Refused, httpx2.HTTPError) as error:
            if isinstance(kept, kind) and not (isinstance(error, Refused) and error.status == 404):
                return kept
            if isinstance(error, Refused):
                raise
            raise _no_worker(self.where.detail) from None
        if answer.status_code == 304 and isinstance(kept, kind):
            return kept
        try:
            paper = kind.model_validate_json(answer.content)
        except ValidationError:
            raise _no_worker(
                "What it says of its model can't be read; its version may differ from the app's."
            ) from None
        self._papers[path] = answer.headers.get("etag", ""), paper
        return paper

    def answer(
        self, request: AwaitedRequest, page: str | None = None, lane: Lane = "interactive"
    ) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """The answer's lines, each with its newline, as they arrive. A newer run of the same page ends it.

        Raises Refused where the worker refuses. The iterator raises WorkerLost when
        the connection breaks; it just ends when the worker ends the stream. Leaving
        the context closes the connection, which ends the run on the worker.
        """
        params = {"lane": lane} | ({} if page is None else {"page": page})
        return self._frames(f"/v1/{request.kind}", canonical_json(request), params)

    def study(
        self, request: StudyRequest, recorded: Sequence[bytes] = ()
    ) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """As `answer`. recorded: the lines that it was answered with before it was interrupted; then what comes
        after them."""
        body = b"".join((canonical_json(request), b"\n", *recorded))
        return self._frames("/v1/study", body, {"lane": "background"}, JSON_LINES)

    def replay(self, request: ReplayRequest) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """As `answer`, behind those who wait for answers that nobody has seen yet."""
        return self._frames("/v1/replay", canonical_json(request), {"lane": "background"})

    async def latent(self, request: LatentRequest) -> LatentRead:
        """Raises Refused (404, 422, 503), also where the answer breaks off. To cancel it ends it on the worker."""
        lens = firing = None
        async with self._frames("/v1/latent", canonical_json(request), {}) as lines:
            try:
                async for line in lines:
                    match FRAME.validate_json(line):
                        case Lens() as frame:
                            lens = frame
                        case Firing() as frame:
                            firing = frame
                        case Error(refusal=why):
                            raise Refused.of(503, why)
            except WorkerSilent as silent:
                raise _unusable(f"It sent nothing for {silent.seconds:g} s.") from None
            except (WorkerLost, ValidationError):
                raise _no_worker("It broke off, or its version differs from the app's.") from None
        if lens is None or firing is None:
            raise _no_worker("It broke off.")
        return LatentRead(lens=lens, firing=firing)

    async def search(self, request: SearchRequest) -> LatentsFound:
        """Raises Refused (404, 422, 503), as `latent`."""
        return await self._one("/v1/search", canonical_json(request), LatentsFound)

    async def turn(self, request: TurnRequest) -> Turned:
        """What turning a part of a circuit does. Raises Refused (404, 422, 503), as `latent`."""
        return await self._one("/v1/turn", canonical_json(request), Turned)

    async def look(self, request: LookRequest) -> Looked:
        """Why a head looks where it does. Raises Refused (404, 422, 503), as `latent`."""
        return await self._one("/v1/look", canonical_json(request), Looked)

    async def names(self, request: NamesRequest) -> NamesChecked:
        """What the set amounts to. Raises Refused (404, 413, 422, 503), as `latent`."""
        return await self._one("/v1/names", canonical_json(request), NamesChecked)

    async def _one(self, path: str, body: bytes, kind: type[P]) -> P:
        """The one frame of this kind that an answer has."""
        async with self._frames(path, body, {}) as lines:
            try:
                async for line in lines:
                    frame = FRAME.validate_json(line)
                    if isinstance(frame, kind):
                        return frame
                    if isinstance(frame, Error):
                        raise Refused.of(503, frame.refusal)
            except WorkerSilent as silent:
                raise _unusable(f"It sent nothing for {silent.seconds:g} s.") from None
            except (WorkerLost, ValidationError):
                pass
        raise _no_worker("It broke off, or its version differs from the app's.")

    @asynccontextmanager
    async def _frames(
        self, path: str, body: bytes, params: dict[str, str], media_type: str = "application/json"
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        asked = self._http.build_request(
            "POST",
            self._address(path),
            params=params,
            content=body,
            headers={"content-type": media_type},
        )
        try:
            answer = await self._http.send(asked, stream=True)
        except httpx2.ReadTimeout:
            raise _unusable(f"It did not answer within {self._silence_s:g} s.") from None
        except httpx2.HTTPError:
            raise _no_worker(self.where.detail) from None
        try:
            if answer.status_code != 200:
                raise await _refused(answer)
            yield _lines(answer, self._silence_s)
        finally:
            await answer.aclose()

    async def _get(self, path: str, patience_s: float = _QUICK_S) -> bytes:
        timeout = httpx2.Timeout(patience_s, connect=_QUICK_S)
        try:
            answer = await self._http.get(self._address(path), timeout=timeout)
        except httpx2.HTTPError as error:
            raise _no_worker(self.where.detail) from error
        if answer.status_code != 200:
            raise await _refused(answer)
        return answer.content

    def _address(self, path: str) -> str:
        if self.where.url is None:
            raise _no_worker(self.where.detail)
        return self.where.url + path


async def _lines(answer: httpx2.Response, silence_s: float) -> AsyncIterator[bytes]:
    rest = b""
    try:
        async for piece in answer.aiter_raw():
            *whole, rest = (rest + piece).split(b"\n")
            for line in filter(None, whole):  # an empty one says that the worker is at work
                yield line + b"\n"
            if len(rest) > _MAX_LINE_BYTES:
                raise WorkerLost("a line has no end")
    except httpx2.ReadTimeout as error:
        raise WorkerSilent(silence_s) from error
    except httpx2.HTTPError as error:
        raise WorkerLost(type(error).__name__) from error


async def _refused(answer: httpx2.Response) -> Refused:
    """The worker's own refusal with its own status, where it is one."""
    try:
        refusal = RefusalBody.model_validate_json(await answer.aread()).refusal
    except (ValidationError, httpx2.HTTPError):
        return _unusable(f"It answered {answer.status_code} and gave no reason.")
    if answer.status_code == 401:  # the operator's to mend, not the reader's
        return _unusable("It does not know this app's token.")
    status = answer.status_code if 400 <= answer.status_code < 500 else 503
    return Refused.of(status, refusal)


def _no_worker(detail: str) -> Refused:
    return _without_one(NO_WORKER, f"A model is needed, and no worker answers. {detail}")


def _unusable(detail: str) -> Refused:
    """It answers."""
    return _without_one("worker_unusable", f"A model is needed, and the worker cannot be used. {detail}")


def _without_one(code: str, asked: str) -> Refused:
    return Refused(
        503,
        code,
        asked,
        "Saved findings can be read without a worker.",
        "Wait a moment and try again.",
    )
