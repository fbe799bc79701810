"""A real HTTP server that speaks the worker's protocol from a script, for when timing is what is tested.

In a test it runs in a thread and its script can change; as `python -m tests.app.scripted_worker`
it is a child process like the real one. It has no model, so it proves nothing about answers.
"""

import argparse
import json
import os
import select
import socket
import sys
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal
from urllib.parse import parse_qs, urlsplit

from protocol.canonical import sha256
from protocol.refusal import Refused
from protocol.worker.circuits import CircuitRequest, LookRequest, TurnRequest
from protocol.worker.frames import Error
from protocol.worker.models import ModelCard, Models
from protocol.worker.names import NamesRequest
from protocol.worker.report import ModelReport
from protocol.worker.requests import GenerateRequest, LatentRequest, SearchRequest
from protocol.worker.studies import STUDY, StudyRequest
from protocol.worker.world import ModelWorld
from tests.app.circuit_frames import circuit_recording, looked, turned
from tests.app.frames import CARD, latent_read, latents_found, names_checked, recording, study_recording


@dataclass
class Script:
    """lines     None: the lines of `recording`, `circuit_recording` or `study_recording`, for this request
    pause_s   before each line but the first
    ending    whole: as HTTP ends · cut: HTTP ends whole, after `cut_after` lines · torn: the
              connection breaks there, in the middle of a line
    refused   answered before the first frame
    thinks_s  until the status line
    in_turn   what each line takes before it is said
    """

    lines: list[bytes] | None = None
    pause_s: float = 0.0
    ending: Literal["whole", "cut", "torn"] = "whole"
    cut_after: int = 3
    refused: Refused | None = None
    thinks_s: float = 0.0
    in_turn: threading.Semaphore | None = None


@dataclass
class ScriptedWorker:
    """`left` gets an entry for each run whose reader left before its end: the lines sent until then.
    `papers_sent` counts the worlds and reports that were sent whole. `pages`, `lanes`: of `asked`, each its own.
    As the real one does, it ends a page's older run when the newer one comes.
    A study that brings the lines it has is answered with those that follow; `brought` says how many they were.
    With a `token`, all but /health has to bring it."""

    script: Script = field(default_factory=Script)
    ready: bool = True
    failed: str | None = None
    doing: str | None = None
    refusal: dict[str, str] | None = None
    silent_s: float = 0.0  # before /health is answered
    card: ModelCard = CARD
    world: ModelWorld | None = None
    report: ModelReport | None = None
    papers_sent: int = 0
    left: list[int] = field(default_factory=list)
    asked: list[
        GenerateRequest
        | CircuitRequest
        | TurnRequest
        | LookRequest
        | LatentRequest
        | SearchRequest
        | NamesRequest
        | StudyRequest
    ] = field(default_factory=list)
    brought: list[int] = field(default_factory=list)
    pages: list[str | None] = field(default_factory=list)
    lanes: list[str] = field(default_factory=list)
    token: str | None = None
    running: int = 0
    most_running: int = 0
    engine: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.newest: dict[str, object] = {}  # by page, what is streaming
        self._server: ThreadingHTTPServer | None = None
        self._port = 0

    def reset(self) -> None:
        self.script, self.ready, self.failed = Script(), True, None
        self.doing, self.refusal, self.silent_s = None, None, 0.0
        self.card, self.world, self.report, self.papers_sent = CARD, None, None, 0
        self.left, self.asked, self.pages, self.lanes, self.brought = [], [], [], [], []
        self.most_running, self.token = 0, None
        self.listen()

    def listen(self) -> str:
        """Does nothing where it listens already; after `close` it comes back on the same port."""
        worker = self
        if self._server:
            return f"http://127.0.0.1:{self._port}"

        class Handler(_Handler):
            scripted = worker

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 64

            def handle_error(self, request: object, address: object) -> None:
                pass  # a reader who left is what we test

        self._server = Server(("127.0.0.1", self._port), Handler)
        self._port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return f"http://127.0.0.1:{self._port}"

    def close(self) -> None:
        """Stops listening."""
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    scripted: ScriptedWorker

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        worker = self.scripted
        card = worker.card
        if self.path == "/health":
            known = self._brings_token()
            time.sleep(worker.silent_s)
            said = {"ready": worker.ready, "model": card.id, "failed": worker.failed, "authorized": known}
            said |= {"doing": worker.doing, "refusal": worker.refusal}
            self._json(200, said | {"running": worker.running, "engine": worker.engine})
        elif not self._brings_token():
            self._refuse_stranger()
        elif self.path == "/v1/models":
            reports = (card.id,) if worker.report else ()
            self._json(200, Models(models=(card,), reports=reports).model_dump(mode="json"))
        elif self.path == f"/v1/models/{card.id}/world" and worker.world:
            self._paper(worker.world)
        elif self.path == f"/v1/models/{card.id}/report" and worker.report:
            self._paper(worker.report)
        elif self.path.startswith("/v1/models/"):
            none = Refused(404, "no_paper", "A paper was asked for.", "There is none.", "Choose another model.")
            self._json(404, {"refusal": none.refusal.model_dump()})
        else:
            self._json(404, {})

    def _paper(self, paper: ModelWorld | ModelReport) -> None:
        tag = f'"{sha256(paper)}"'
        if self.headers["if-none-match"] == tag:
            self.send_response(304)
            self.send_header("etag", tag)
            return self.end_headers()
        self.scripted.papers_sent += 1
        self._json(200, paper.model_dump(mode="json"), etag=tag)

    def do_POST(self) -> None:
        worker, script = self.scripted, self.scripted.script
        body = self.rfile.read(int(self.headers["content-length"]))
        asked, lines, recorded = self._understood(body)
        if not self._brings_token():
            return self._refuse_stranger()
        worker.asked.append(asked)
        query = parse_qs(urlsplit(self.path).query)
        page = query.get("page", [None])[0]
        worker.pages.append(page)
        worker.lanes.append(query.get("lane", ["interactive"])[0])
        if script.refused:
            return self._json(script.refused.status, {"refusal": script.refused.refusal.model_dump()})
        lines = lines if script.lines is None else script.lines
        if lines[: len(recorded)] != recorded:
            changed = Refused(409, "study_changed", "The rest was asked.", "It is another now.", "Begin it anew.")
            return self._json(409, {"refusal": changed.refusal.model_dump()})
        if self._reader_left_within(script.thinks_s):
            return worker.left.append(0)
        worker.running += 1
        worker.most_running = max(worker.most_running, worker.running)
        try:
            self._stream(lines[len(recorded) :], script, page)
        finally:
            worker.running -= 1

    def _understood(self, body: bytes) -> tuple[object, list[bytes], list[bytes]]:
        """The request, what it is answered with, and how much of that it brings."""
        match urlsplit(self.path).path:
            case "/v1/latent":
                return LatentRequest.model_validate_json(body), latent_read(), []
            case "/v1/search":
                return SearchRequest.model_validate_json(body), latents_found(), []
            case "/v1/names":
                return NamesRequest.model_validate_json(body), names_checked(), []
            case "/v1/circuit":
                drawn = CircuitRequest.model_validate_json(body)
                return drawn, circuit_recording(drawn), []
            case "/v1/turn":
                return TurnRequest.model_validate_json(body), turned(), []
            case "/v1/look":
                return LookRequest.model_validate_json(body), looked(), []
            case "/v1/study":
                first, *recorded = body.splitlines(keepends=True)
                asked = STUDY.validate_json(first)
                self.scripted.brought.append(len(recorded))
                return asked, study_recording(asked), recorded
            case _:
                asked = GenerateRequest.model_validate_json(body)
                return asked, recording(asked), []

    def _brings_token(self) -> bool:
        token = self.scripted.token
        return token is None or self.headers["authorization"] == f"Bearer {token}"

    def _refuse_stranger(self) -> None:
        refused = Refused(401, "no_token", "Asked without the token.", "It is needed.", "Bring it.")
        self._json(401, {"refusal": refused.refusal.model_dump()})

    def _stream(self, lines: list[bytes], script: Script, page: str | None) -> None:
        newest, this = self.scripted.newest, object()
        if page is not None:
            newest[page] = this
        self.send_response(200)
        self.send_header("content-type", "application/jsonl")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        for n_sent, line in enumerate(lines):
            if script.ending != "whole" and n_sent == script.cut_after:
                if script.ending == "torn":
                    self._chunk(line[: len(line) // 2])
                    self.close_connection = True
                    return self.connection.shutdown(socket.SHUT_RDWR)
                break
            if n_sent and self._reader_left_within(script.pause_s):
                self.close_connection = True
                return self.scripted.left.append(n_sent)
            if page is not None and newest[page] is not this:
                self._chunk(_superseded(n_sent))
                break
            if script.in_turn:
                script.in_turn.acquire(timeout=60)
            self._chunk(line)
        self.wfile.write(b"0\r\n\r\n")

    def _reader_left_within(self, seconds: float) -> bool:
        readable, _, _ = select.select([self.connection], [], [], seconds)
        return bool(readable) and not self.connection.recv(1, socket.MSG_PEEK)

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def _json(self, status: int, body: object, **headers: str) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def _superseded(seq: int) -> bytes:
    why = Refused(409, "superseded", "A newer run of the same page was asked.", "One at a time.", "Read the newer one.")
    return Error(seq=seq, refusal=why.refusal).model_dump_json().encode() + b"\n"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--pause-s", type=float, default=0.0)
    parser.add_argument("--listens-after-s", type=float, default=0.0)
    options = parser.parse_args()
    threading.Thread(target=_listen, args=(options.listens_after_s, options.pause_s), daemon=True).start()
    while sys.stdin.buffer.read(4096):
        pass
    os._exit(0)


def _listen(after_s: float, pause_s: float) -> None:
    time.sleep(after_s)
    print(json.dumps({"listening": ScriptedWorker(Script(pause_s=pause_s)).listen()}), flush=True)


if __name__ == "__main__":
    main()
