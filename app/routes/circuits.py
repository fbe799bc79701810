"""Circuits: what is asked about one that was drawn, and answered at once. The circuit itself is a run."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.http.bodies import body_of, read_body
from app.routes.disconnect import unless_gone
from app.routes.openapi import refusals
from app.services import Parts
from protocol.worker.circuit_frames import Turned
from protocol.worker.circuits import LookRequest, TurnRequest
from protocol.worker.looked import Looked


def routes(parts: Parts) -> APIRouter:
    router = APIRouter(prefix="/api", tags=["circuits"], responses=refusals(404, 413, 422, 500, 503))

    @router.post("/turn", response_model=Turned, openapi_extra=body_of("TurnRequest"))
    async def turn(request: Request) -> Turned | Response:
        """What turning a group of nodes does: what the graph predicts, and what the model does, beside random
        directions. Leaving ends it."""
        asked = await read_body(request, TurnRequest)
        return await unless_gone(request, parts.worker.turn(asked)) or Response(status_code=499)

    @router.post("/look", response_model=Looked, openapi_extra=body_of("LookRequest"))
    async def look(request: Request) -> Looked | Response:
        """Why a head gives a token the attention that it does. Leaving ends it."""
        asked = await read_body(request, LookRequest)
        return await unless_gone(request, parts.worker.look(asked)) or Response(status_code=499)

    return router
