"""The one password that everybody who may see a private app shares. Knows nothing about users; there are none.

It travels as HTTP Basic, with any user name, which browsers ask for by themselves, or as a Bearer token.
"""

import base64
import binascii
import hashlib
import hmac

from fastapi import Request

from app.door.budget import Budget
from app.door.clients import client_of
from app.door.limits import too_many
from app.http.errors import RefusedWith
from app.http.prefix import path_of
from protocol.refusal import Refused

OPEN = ("/healthz", "/readyz")
"""Answered to strangers too, without detail."""

WRONG_PER_MINUTE = 10


class Entrance:
    """A guard. After too many wrong passwords a client's right one counts no more until a minute is over: else
    guessing would go on."""

    def __init__(self, password: str | None) -> None:
        self._digest = None if password is None else _digest(password.encode())
        self._wrong = Budget(WRONG_PER_MINUTE)

    async def __call__(self, request: Request) -> None:
        path = path_of(request.scope)
        # Anybody can read the files in the source; the numbers have a token of their own.
        if self._digest is None or path.startswith("/static/") or path == "/metrics":
            return
        if "authorization" in request.headers:
            await self._count(request)
        if path not in OPEN and not self.knows(request):
            raise _no_password()

    def knows(self, request: Request) -> bool:
        """Whether the password came along; also where there is none. Takes as long whatever came."""
        return self._digest is None or hmac.compare_digest(_digest(_given(request)), self._digest)

    async def _count(self, request: Request) -> None:
        client = client_of(request)
        if await self._wrong.is_spent(client):
            raise too_many("too_many_passwords", "wrong passwords", self._wrong, await self._wrong.wait_s(client))
        if not self.knows(request):
            await self._wrong.take(client)


def _given(request: Request) -> bytes:
    """Empty, which is no password, where there is none to read."""
    scheme, _, said = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return said.strip().encode("latin-1")
    if scheme.lower() != "basic":
        return b""
    try:
        return base64.b64decode(said.strip(), validate=True).partition(b":")[2]
    except (binascii.Error, ValueError):
        return b""


def _digest(password: bytes) -> bytes:
    return hashlib.sha256(password).digest()


def _no_password() -> Refused:
    return RefusedWith(
        {"WWW-Authenticate": 'Basic realm="Hallucinoscope", charset="UTF-8"'},
        401,
        "no_password",
        "This app is private, and the request came without its password or with another.",
        "Whoever knows the password may see everything.",
        "Send it as HTTP Basic password, with any user name, or as Bearer token; whoever runs this app knows it.",
    )
