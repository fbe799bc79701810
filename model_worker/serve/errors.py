"""How a request that can't be met is answered: always a refusal in three parts, never with what was sent.

Knows nothing about why.
"""

from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from protocol.refusal import Refused


def answer_refusals(server: FastAPI) -> None:
    @server.exception_handler(Refused)
    async def refuse(_request: Request, refused: Refused) -> JSONResponse:
        return refusal_of(refused)

    @server.exception_handler(RequestValidationError)
    async def refuse_parameter(_request: Request, error: RequestValidationError) -> JSONResponse:
        return refusal_of(_parameter(error))

    @server.exception_handler(ClientDisconnect)
    async def nobody(_request: Request, _gone: ClientDisconnect) -> Response:
        """The client left before it had asked; there is nobody to tell, and nothing to log."""
        return Response(status_code=499)

    @server.exception_handler(HTTPException)
    async def refuse_address(_request: Request, error: HTTPException) -> JSONResponse:
        return refusal_of(_address(error.status_code))


def refusal_of(refused: Refused, headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"refusal": refused.refusal.model_dump()}, refused.status, headers)


def _parameter(error: RequestValidationError) -> Refused:
    """Bodies are validated elsewhere, so this is a parameter of ours, by a name of ours."""
    first = error.errors()[0]
    name = first["loc"][-1]
    return Refused(
        422,
        "invalid_request",
        f"The parameter {name} can't be used.",
        f"{first['msg']}.",
        f"Change {name} or leave it out.",
    )


def _address(status: int) -> Refused:
    return Refused(
        status,
        "wrong_address",
        f"This address can't be asked that: {HTTPStatus(status).phrase}.",
        "The addresses and their methods are in docs/worker-api.md.",
        "Check both.",
    )
