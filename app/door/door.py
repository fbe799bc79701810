"""Who comes in: guards are asked, in turn, before a request reaches the app. Knows no guard.

Pure ASGI, because anything else buffers streams.
"""

from collections.abc import Awaitable, Callable, Sequence

from fastapi import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from app.http.errors import answer_refused
from app.http.templates import Drawing
from protocol.refusal import Refused

Guard = Callable[[Request], Awaitable[None]]
"""Raises Refused for a request that must not come in. It sees the headers, never the body."""


class Door:
    """Answers what the first guard that minds says."""

    def __init__(self, app: ASGIApp, guards: Sequence[Guard], drawing: Drawing) -> None:
        self._app = app
        self._guards = tuple(guards)
        self._drawing = drawing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        request = Request(scope)
        try:
            for guard in self._guards:
                await guard(request)
        except Refused as refused:
            answer = answer_refused(request, self._drawing, refused)
            return await answer(scope, receive, send)
        await self._app(scope, receive, send)
