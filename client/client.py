"""The app from Python: everything that the page does, headless. Knows HTTP and the protocol, and nothing of the app's
insides: it runs wherever `protocol` and httpx2 are.

    with Client("http://127.0.0.1:8000") as app:
        recording = app.run(GenerateRequest(model="tiny-gemma2-chat", prompt="What sport does Michael Batkin play?"))
        print(recording.text())
        saved = app.save(recording.run_id, "Nobody knows Batkin")

A study runs in the background: `begin` asks for it, `result` follows it to its end, over as many days, crashes and
pauses as that takes.

Whatever the app refuses is raised as Refused, with its three parts. A connection that breaks or falls silent while a
background run is followed is made again, for as long as the app still answers; an interactive run ends with its
connection, so there Lost is raised.
"""

import base64
import contextlib
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Self, TypeVar
from urllib.parse import quote

import httpx2
from pydantic import ValidationError

from client.proxy import proxy_for
from client.recording import Recording
from protocol.app.experiments.experiment import ExperimentMade
from protocol.app.findings import Finding, FindingRequest, FindingsPage, Saved, SecondRun, View
from protocol.app.latent import LatentRead
from protocol.app.names_file import NamesFile
from protocol.app.read_names import ReadNames
from protocol.app.runs import ENDED, RunSummary
from protocol.app.verify import Verification
from protocol.base import Message
from protocol.canonical import canonical_json
from protocol.refusal import Refusal, RefusalBody, Refused
from protocol.steering import LatentTarget
from protocol.worker.circuit_frames import Turned
from protocol.worker.circuits import Beside, CircuitRequest, LookRequest, TurnRequest
from protocol.worker.frames import FRAME, Error, Frame
from protocol.worker.latent_frames import LatentsFound
from protocol.worker.looked import Looked
from protocol.worker.models import Models
from protocol.worker.names import NamesText
from protocol.worker.studies import AwaitedRequest, RunRequest

_SILENCE_S = 120.0
_QUICK_S = 30.0
_LOOK_S = 30.0  # a tail that is silent this long is no run that is lost: the app is asked how it stands
_AGAIN_S = (0.2, 0.5, 1.0, 2.0, 5.0, 5.0, 5.0, 5.0, 5.0)  # pauses before the app is asked again
_PASSING = (429, 503)  # refusals that say: later

M = TypeVar("M", bound=Message)


class Lost(Exception):
    """The connection broke, or nobody answers."""


class Silent(Lost):
    """The connection holds, and nothing comes."""


class Client:
    """Asks one app, which may stand below a path of its host. password: where it has one. Raises UnusableProxy."""

    def __init__(self, url: str, *, password: str | None = None) -> None:
        self._http = httpx2.Client(
            base_url=url,
            timeout=httpx2.Timeout(_SILENCE_S, connect=_QUICK_S),
            headers={"authorization": _basic(password)} if password else {},
            transport=httpx2.HTTPTransport(proxy=proxy_for(url)),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def models(self) -> Models:
        return self._ask(Models, "GET", "/api/models")

    def latent(self, model: str, target: LatentTarget, *, n_tokens: int = 8, n_snippets: int = 8) -> LatentRead:
        """Takes seconds the first time that anybody asks."""
        asked = {"dictionary": target.dictionary, "latent": target.latent}
        asked |= {"n_tokens": n_tokens, "n_snippets": n_snippets}
        return self._ask(LatentRead, "GET", f"/api/models/{quote(model, safe='')}/latent", params=asked)

    def search(self, model: str, query: str, *, n: int = 12) -> LatentsFound:
        """Latents that write a word, and those that fire where the sample of text says it. As `latent`."""
        return self._ask(
            LatentsFound, "GET", f"/api/models/{quote(model, safe='')}/latents", params={"q": query, "n": n}
        )

    def run(self, request: AwaitedRequest, on_frame: Callable[[Frame], object] = lambda _: None) -> Recording:
        """Follows a run to its end. Raises Refused, also where the run ended early, and Lost."""
        with self.stream(request) as (run_id, frames):
            return _gathered(Recording(run_id), frames, on_frame)

    @contextmanager
    def stream(self, request: AwaitedRequest) -> Iterator[tuple[str, Iterator[Frame]]]:
        """A run's id and its frames as they come. Leaving the context ends the run."""
        with _told():
            asked = self._http.build_request("POST", "/api/runs", content=canonical_json(request), headers=_JSON)
            answer = self._http.send(asked, stream=True)
        try:
            _accept(answer)
            yield answer.headers["x-run-id"], _frames(answer)
        finally:
            answer.close()

    def circuit(self, model: str, prompt: str, beside: str | None = None, **how: Any) -> Recording:
        """What leads from the prompt to its answer, beside another prompt that differs in its name. how: more of a
        CircuitRequest. As `run`; what a part of it does is asked by `turn`."""
        other = Beside(prompt=beside) if beside is not None else None
        return self.run(CircuitRequest(model=model, prompt=prompt, beside=other, **how))

    def turn(self, request: TurnRequest) -> Turned:
        """What the graph predicts of a part of a circuit that is turned, and what the model does."""
        return self._ask(Turned, "POST", "/api/turn", content=canonical_json(request), headers=_JSON)

    def look(self, request: LookRequest) -> Looked:
        """Why a head looks where it does."""
        return self._ask(Looked, "POST", "/api/look", content=canonical_json(request), headers=_JSON)

    def names(self, asked: NamesText) -> ReadNames:
        """What a study would make of pasted names, or of the model's world. Raises Refused with the line at fault."""
        return self._ask(ReadNames, "POST", "/api/names", content=canonical_json(asked), headers=_JSON)

    def names_file(self, data: bytes, encoding: str | None = None) -> NamesFile:
        """The text of a file of names, for `names`; or, where its bytes can be read in several ways, these."""
        asked = {} if encoding is None else {"encoding": encoding}
        return self._ask(NamesFile, "POST", "/api/names/file", params=asked, content=data, headers=_BYTES)

    def experiment(self, draft: Message) -> ExperimentMade:
        """The study that an experiment's draft comes to, and what it will cost; or what isn't allowed of it."""
        return self._ask(ExperimentMade, "POST", "/api/experiments", content=canonical_json(draft), headers=_JSON)

    def begin(self, request: RunRequest) -> RunSummary:
        """A background run: it waits for its turn, goes on when everybody has left, and survives a crash. A study goes
        on from where it was."""
        return self._ask(
            RunSummary,
            "POST",
            "/api/runs",
            params={"lane": "background"},
            content=canonical_json(request),
            headers=_JSON,
        )

    def summary(self, run_id: str) -> RunSummary:
        return self._ask(RunSummary, "GET", f"/api/runs/{quote(run_id, safe='')}")

    def pause(self, run_id: str) -> RunSummary:
        """A study leaves the worker within a second, and keeps its frames."""
        return self._ask(RunSummary, "POST", f"/api/runs/{quote(run_id, safe='')}/pause")

    def resume(self, run_id: str) -> RunSummary:
        """A study that rests waits for its turn, and goes on from where it was."""
        return self._ask(RunSummary, "POST", f"/api/runs/{quote(run_id, safe='')}/resume")

    def follow(self, run_id: str) -> Iterator[Frame]:
        """All frames of a run from its first, as they come, over as many connections as it takes; waits where a study
        or waits for its turn. See Recording for a second `start`. Raises Refused (404) once the run is forgotten, Lost
        where nobody answers for long."""
        after, attempt, n_failures, n_turns = -1, None, 0, 0
        while True:
            try:
                ended = False
                with contextlib.suppress(Silent), self._tail(run_id, after, attempt) as (attempt, frames):
                    for frame in frames:
                        after, n_failures, n_turns = frame.seq, 0, 0
                        yield frame
                        if frame.kind in ("done", "error"):
                            return
                    ended = True
                if self.summary(run_id).state in ENDED and ended:
                    return  # cancelled or cut: it has no last frame
                n_failures = 0
            except (Lost, Refused) as problem:
                if n_failures == len(_AGAIN_S) or (isinstance(problem, Refused) and problem.status not in _PASSING):
                    raise
                n_failures += 1
            time.sleep(_AGAIN_S[min(n_turns, len(_AGAIN_S) - 1)])
            n_turns += 1

    def result(self, run_id: str, on_frame: Callable[[Frame], object] = lambda _: None) -> Recording:
        """As `run`, for a background run."""
        return _gathered(Recording(run_id), self.follow(run_id), on_frame)

    def cancel(self, run_id: str) -> None:
        """Ends a run that is under way; forgets one that has ended and that nobody saved."""
        with _told():
            _accept(self._http.delete(f"/api/runs/{quote(run_id, safe='')}"))

    def save(
        self,
        run_id: str,
        title: str,
        *,
        note: str = "",
        view: View | None = None,
        second: SecondRun | None = None,
        parent: str | None = None,
        listed: bool = True,
    ) -> Saved:
        """Keep its `delete_token`: it is told this once. second: another prompt of that model, kept beside this one;
        its recording is `recording(finding.second.slug)`."""
        asked = FindingRequest(
            run_id=run_id, title=title, note=note, view=view or View(), second=second, parent=parent, listed=listed
        )
        return self._ask(Saved, "POST", "/api/findings", content=canonical_json(asked), headers=_JSON)

    def finding(self, slug: str) -> Finding:
        return self._ask(Finding, "GET", f"/api/findings/{quote(slug, safe='')}")

    def findings(self, words: str = "", **filters: str | int) -> FindingsPage:
        """A page of the gallery. filters: model, outcome, kind, before (a slug), limit."""
        return self._ask(FindingsPage, "GET", "/api/findings", params={"q": words, **filters})

    def recording(self, slug: str) -> Recording:
        """A finding's frames, in the spelling of the present protocol."""
        with _told():
            answer = self._http.get(f"/api/findings/{quote(slug, safe='')}/frames")
        _accept(answer)
        recording = Recording("")
        for line in _lines([answer.content]):
            recording.add(FRAME.validate_json(line))
        return recording

    def verify(self, slug: str) -> Verification:
        """Waits for as long as it takes, which may be minutes."""
        while True:
            with _told():
                answer = self._http.post(f"/api/findings/{quote(slug, safe='')}/verify")
            _accept(answer)
            if answer.status_code != httpx2.codes.ACCEPTED:
                return Verification.model_validate_json(answer.content)

    def delete(self, slug: str, token: str) -> None:
        with _told():
            headers = {"x-delete-token": token}
            _accept(self._http.delete(f"/api/findings/{quote(slug, safe='')}", headers=headers))

    @contextmanager
    def _tail(self, run_id: str, after: int, attempt: str | None) -> Iterator[tuple[str | None, Iterator[Frame]]]:
        params = {"after": after} | ({"attempt": attempt} if attempt else {})
        with _told():
            patience = httpx2.Timeout(_LOOK_S, connect=_QUICK_S)
            path = f"/api/runs/{quote(run_id, safe='')}/frames"
            asked = self._http.build_request("GET", path, params=params, timeout=patience)
            answer = self._http.send(asked, stream=True)
        try:
            _accept(answer)
            yield answer.headers.get("x-attempt"), _frames(answer)
        finally:
            answer.close()

    def _ask(self, kind: type[M], method: str, path: str, **how: Any) -> M:
        with _told():
            answer = self._http.request(method, path, **how)
        _accept(answer)
        return kind.model_validate_json(answer.content)


_JSON = {"content-type": "application/json"}
_BYTES = {"content-type": "application/octet-stream"}


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except httpx2.ReadTimeout as error:
        raise Silent("Nothing came for a while.") from error
    except httpx2.HTTPError as error:
        raise Lost(f"{type(error).__name__}: {error}") from error


def _accept(answer: httpx2.Response) -> None:
    if answer.is_success:
        return
    with _told():
        body = answer.read()
    try:
        refusal = RefusalBody.model_validate_json(body).refusal
    except ValidationError:
        raise Lost(f"It answered {answer.status_code}, and not as this app does.") from None
    raise _refused(answer.status_code, refusal)


def _frames(answer: httpx2.Response) -> Iterator[Frame]:
    """Raises Lost where the stream breaks in the middle of a line, or by itself."""
    with _told():
        for line in _lines(answer.iter_bytes()):
            try:
                yield FRAME.validate_json(line)
            except ValidationError:
                raise Lost(
                    "A line is not a frame; the connection broke, or the app is newer than this client."
                ) from None


def _lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """A newline ends one, and nothing else: JSON text may hold what `str.splitlines` takes for an end."""
    rest = b""
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        yield from whole
    if rest:
        yield rest


def _basic(password: str) -> str:
    """RFC 7617, in UTF-8: a header has no letters beyond ASCII."""
    return "Basic " + base64.b64encode(f":{password}".encode()).decode()


def _gathered(recording: Recording, frames: Iterator[Frame], on_frame: Callable[[Frame], object]) -> Recording:
    for frame in frames:
        recording.add(frame)
        on_frame(frame)
        if isinstance(frame, Error):
            raise _refused(503, frame.refusal)
    if not recording.whole:
        raise Lost("The run ended before it was whole.")
    return recording


def _refused(status: int, refusal: Refusal) -> Refused:
    return Refused.of(status, refusal)
