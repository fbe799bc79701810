"""Who may ask: those who hold the shared token; without one, this machine alone.

Knows nothing about what is asked.
"""

import hmac
import ipaddress
import re
import socket
from pathlib import Path

from starlette.types import ASGIApp, Receive, Scope, Send

from model_worker.serve.errors import refusal_of
from protocol.refusal import Refused

TOKEN_VARIABLE = "HALLUCINOSCOPE_WORKER_TOKEN"
OPEN_PATH = "/health"


class RequireToken:
    """Answers 401 to all but `Authorization: Bearer <token>`; /health is open."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] != OPEN_PATH and not brings_token(scope, self._token):
            answer = refusal_of(_no_token(), {"WWW-Authenticate": "Bearer"})
            return await answer(scope, receive, send)
        await self._app(scope, receive, send)


def brings_token(scope: Scope, token: str | None) -> bool:
    """Also where there is none to bring. Takes as long whichever of its characters are wrong."""
    scheme, _, given = dict(scope["headers"]).get(b"authorization", b"").partition(b" ")
    return token is None or (scheme.lower() == b"bearer" and hmac.compare_digest(given.strip(), token.encode()))


def read_token(file: Path | None, variable: str | None) -> str | None:
    """From the file, if there is one, else from the environment; None: there is no token.

    Raises ValueError in a sentence that doesn't repeat it.
    """
    try:
        token = (variable or "").strip() if file is None else file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"The token file can't be read: {type(error).__name__}.") from None
    if file is None and not token:
        return None
    if not re.fullmatch(r"[!-~]{16,}", token):
        raise ValueError(
            "The token can't be used. It needs 16 or more visible ASCII characters and no space; "
            "`openssl rand -hex 32` makes a good one."
        )
    return token


def address_of(host: str, token: str | None) -> str:
    """The IPv4 address to listen on. Raises ValueError, in a sentence, for one that needs a token."""
    try:
        address = socket.gethostbyname(host)
    except OSError:
        raise ValueError("The host has no IPv4 address. Give one of this machine, such as 127.0.0.1.") from None
    if token is None and not ipaddress.ip_address(address).is_loopback:
        raise ValueError(
            f"Listening on {address} was asked, which others can reach. Without a token a worker listens on loopback "
            f"only. Use --host 127.0.0.1, or share a token: --token-file or {TOKEN_VARIABLE}."
        )
    return address


def _no_token() -> Refused:
    return Refused(
        401,
        "no_token",
        "The request came without this worker's token, or with another.",
        f"All but {OPEN_PATH} needs the header Authorization: Bearer, with the token.",
        f"Give the app the same {TOKEN_VARIABLE} as the worker.",
    )
