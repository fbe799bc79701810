"""How a refused or failed request is answered: JSON where programs ask, a page elsewhere.

Knows nothing about why. Every body holds a refusal in three parts, never an exception's
text and never the input.
"""

import logging
from collections.abc import Mapping
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.database.connection import DatabaseBusy
from app.http.prefix import path_of
from app.http.route_name import is_described, methods_of, route_of
from app.http.templates import Drawing
from app.refusals import DATABASE_BUSY
from protocol.refusal import Refusal, Refused

log = logging.getLogger(__name__)

_FOR_PROGRAMS = ("/api/", "/healthz", "/readyz", "/metrics", "/openapi.json")
_FAILED = Refusal(
    code="app_failed",
    asked="The app failed to answer this; that is a mistake of ours, not of yours.",
    allowed="Other pages and requests still work.",
    change="Try again; if it happens again, tell whoever runs this app.",
)


_BUSY_S = 5


class RefusedWith(Refused):
    """A refusal that needs headers, such as when to try again."""

    def __init__(self, headers: dict[str, str], status: int, code: str, asked: str, allowed: str, change: str) -> None:
        super().__init__(status, code, asked, allowed, change)
        self.headers = headers


def answer_errors(app: FastAPI, drawing: Drawing) -> None:
    """Registers the handlers. `drawing` draws the ones that are not JSON."""

    async def on_refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, Refused)
        return answer_refused(request, drawing, error)

    async def on_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        status, headers = error.status_code, error.headers
        if status == 405:  # Starlette names the methods of one route; an address may have several
            headers = {"Allow": ", ".join(methods_of(request))}
        return answer_refusal(request, drawing, status, _refusal_of(status), headers)

    async def on_invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return answer_refusal(request, drawing, 422, _invalid(error))

    async def on_busy(request: Request, _error: Exception) -> Response:
        headers = {"Retry-After": str(_BUSY_S)}
        return answer_refusal(request, drawing, 503, DATABASE_BUSY, headers)

    async def on_left(_request: Request, _error: Exception) -> Response:
        return Response(status_code=499)  # nobody reads it; the log says it

    app.add_exception_handler(Refused, on_refused)
    app.add_exception_handler(DatabaseBusy, on_busy)
    app.add_exception_handler(ClientDisconnect, on_left)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_middleware(CatchUnexpected, drawing=drawing)


def answer_refused(request: Request, drawing: Drawing, refused: Refused) -> Response:
    headers = refused.headers if isinstance(refused, RefusedWith) else None
    return answer_refusal(request, drawing, refused.status, refused.refusal, headers)


def answer_refusal(
    request: Request, drawing: Drawing, status: int, refusal: Refusal, headers: Mapping[str, str] | None = None
) -> Response:
    if _program_asks(request):
        return JSONResponse({"refusal": refusal.model_dump()}, status, headers)
    answer = drawing.error(request, status, refusal)
    answer.headers.update(headers or {})
    return answer


def _program_asks(request: Request) -> bool:
    """Files that are made of a finding are for both: a reader who follows a link to one gets a page."""
    # not `request.url`, which would read a Host header that may be broken
    if path_of(request.scope).startswith(_FOR_PROGRAMS):
        return True
    return is_described(request.scope) and "text/html" not in request.headers.get("accept", "")


class CatchUnexpected:
    """Answers 500 for an exception that nobody expected, and logs it.

    Starlette's own last resort sits outside of all middleware, where an answer gets no
    security headers.
    """

    def __init__(self, app: ASGIApp, drawing: Drawing) -> None:
        self._app = app
        self._drawing = drawing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        started = False

        async def note_start(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, note_start)
        except Exception:
            # Not its path: that may hold the id of a run, or what somebody made up.
            log.exception("a request failed: %s %s", scope["method"], route_of(scope))
            if started:
                raise
            answer = answer_refusal(Request(scope), self._drawing, 500, _FAILED)
            await answer(scope, receive, send)


def _refusal_of(status: int) -> Refusal:
    if status == 404:
        return Refusal(
            code="not_found",
            asked="There is nothing at this address.",
            allowed="Pages start at /, the interface at /api/ (see /openapi.json).",
            change="Check the address.",
        )
    if status == 405:
        return Refusal(
            code="method_not_allowed",
            asked="This address does not take this method.",
            allowed="The methods that it takes are in the Allow header.",
            change="Use one of them.",
        )
    return Refusal(
        code=f"http_{status}",
        asked=f"The request was refused: {HTTPStatus(status).phrase}.",
        allowed="See /openapi.json.",
        change="Change the request.",
    )


def _invalid(error: RequestValidationError) -> Refusal:
    """Names a parameter only if it is one of ours: of a query string or a path, not of a body."""
    first = error.errors()[0]
    where = str(first["loc"][-1]) if first["loc"][0] in ("query", "path", "header") else "request"
    return Refusal(
        code="invalid_request",
        asked=f"The parameter {where} can't be used.",
        allowed=f"{first['msg'].removeprefix('Value error, ')}.",
        change=f"Change {where} and send it again.",
    )
