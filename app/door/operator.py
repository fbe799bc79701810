"""Who may see what concerns only whoever runs the app. Knows nothing about what that is."""

import hmac

from fastapi import Request

from app.door.clients import is_local
from app.http.errors import RefusedWith
from protocol.refusal import Refused


class OperatorAccess:
    """token: what must come along, as Bearer; None: asking on this machine is enough."""

    def __init__(self, token: str | None) -> None:
        self._token = token

    def require(self, request: Request) -> None:
        """Raises Refused (401, 403)."""
        if self._token is None:
            if not is_local(request):
                raise _only_here()
            return
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        known = hmac.compare_digest(given.strip().encode("latin-1"), self._token.encode())
        if scheme.lower() != "bearer" or not known:
            raise _no_token()


def _only_here() -> Refused:
    return Refused(
        403,
        "operator_only",
        "This is for whoever runs the app, and the request came from elsewhere.",
        "Without an operator's token it is told on the app's own machine only.",
        "Ask there, or set HALLUCINOSCOPE_OPERATOR_TOKEN and send it as Bearer token.",
    )


def _no_token() -> Refused:
    return RefusedWith(
        {"WWW-Authenticate": "Bearer"},
        401,
        "no_operator_token",
        "This is for whoever runs the app, and the request came without the operator's token or with another.",
        "It needs the header Authorization: Bearer, with the token.",
        "Send the token that HALLUCINOSCOPE_OPERATOR_TOKEN was set to.",
    )
