"""Every request, once it is answered: counted, and told in one line of the log. Pure ASGI, so that no stream waits.

The line has no query string, no text that somebody typed and no address: the client is a keyed hash whose key is
drawn when the app starts and kept nowhere, so that one client's lines can be told from another's and nothing more.
Files and health checks that went well are told at the level DEBUG, which is not shown: they come by the dozen.
"""

import hashlib
import logging
import secrets
import time

from fastapi import Request
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.door.clients import client_of
from app.http.route_name import method_of, route_of
from app.telemetry.metrics import Metrics
from protocol.base import JSON_LINES

log = logging.getLogger("app.access")

_QUIET = ("/static", "/healthz", "/readyz", "/metrics")
_LEFT = 499  # what nginx says of a client who went before the answer


class Observed:
    """Outside of what answers, so that it sees what was answered."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics
        self._key = secrets.token_bytes(16)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        started = time.perf_counter()
        status, n_bytes, run, streams = _LEFT, 0, None, False

        async def note(message: Message) -> None:
            nonlocal status, n_bytes, run, streams
            if message["type"] == "http.response.start":
                headers = Headers(raw=message["headers"])
                status, run = message["status"], headers.get("x-run-id")
                streams = run is not None and headers.get("content-type") == JSON_LINES
                if streams:
                    self._metrics.stream_began()
            elif message["type"] == "http.response.body":
                n_bytes += len(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, receive, note)
        finally:
            if streams:
                self._metrics.stream_ended()
            self._tell(scope, status, time.perf_counter() - started, n_bytes, run)

    def _tell(self, scope: Scope, status: int, seconds: float, n_bytes: int, run: str | None) -> None:
        method, route = method_of(scope), route_of(scope)
        self._metrics.answered(method, route, status, seconds, n_bytes)
        told = {
            "method": method,
            "route": route,
            "status": status,
            "ms": round(seconds * 1000, 1),
            "bytes": n_bytes,
            "client": self._pseudonym(scope),
        }
        if named := run or scope.get("path_params", {}).get("run_id"):
            told["run"] = named
        quiet = route in _QUIET and status < 400
        log.log(logging.DEBUG if quiet else logging.INFO, "answered", extra=told)

    def _pseudonym(self, scope: Scope) -> str:
        return hashlib.blake2b(client_of(Request(scope)).encode(), key=self._key, digest_size=4).hexdigest()
