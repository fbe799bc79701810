"""How a refused or failed request is answered: JSON under /api and /healthz, a page elsewhere.

Knows nothing about why. Every body holds a refusal in three parts, never an exception's
text and never the input.
"""

import logging
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.drawing import Drawing
from protocol.refusal import Refusal, Refused

log = logging.getLogger(__name__)

_FAILED = Refusal(
    code="app_failed",
    asked="The app failed to answer this; that is a mistake of ours, not of yours.",
    allowed="Other pages and requests still work.",
    change="Try again; if it happens again, tell whoever runs this app.",
)


def answer_errors(app: FastAPI, drawing: Drawing) -> None:
    """Registers the handlers. `drawing` draws the ones that are not JSON."""

    async def on_refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, Refused)
        return answer_refusal(request, drawing, error.status, error.refusal)

    async def on_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return answer_refusal(request, drawing, error.status_code, _refusal_of(error.status_code), error.headers)

    async def on_invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return answer_refusal(request, drawing, 422, _invalid(error))

    app.add_exception_handler(Refused, on_refused)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_middleware(CatchUnexpected, drawing=drawing)


def answer_refusal(
    request: Request, drawing: Drawing, status: int, refusal: Refusal, headers: dict[str, str] | None = None
) -> Response:
    if request.url.path.startswith(("/api/", "/healthz")):
        return JSONResponse({"refusal": refusal.model_dump()}, status, headers)
    answer = drawing.error(request, status, refusal)
    answer.headers.update(headers or {})
    return answer


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
            log.exception("%s %s failed", scope["method"], scope["path"])
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
    where = str(first["loc"][-1]) if first["loc"][0] in ("query", "path") else "request"
    return Refusal(
        code="invalid_request",
        asked=f"The parameter {where} can't be used.",
        allowed=f"{first['msg'].removeprefix('Value error, ')}.",
        change=f"Change {where} and send it again.",
    )
