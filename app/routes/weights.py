"""Weights: fetched into the store of this machine, for whoever runs the app."""

from typing import Annotated

from fastapi import APIRouter, Path, Request

from app.door.operator import OperatorAccess
from app.http.bodies import body_of, read_body
from app.operate.fetching import Fetching
from app.routes.openapi import refusals
from app.services import Parts
from protocol.app.weights import WeightsAsked, WeightsFetched
from protocol.base import Name
from protocol.refusal import Refused


def routes(parts: Parts, operator: OperatorAccess, fetching: Fetching | None) -> APIRouter:
    """fetching: None where the worker is somebody else's, and so is its store."""
    router = APIRouter(prefix="/api/models", tags=["models"], responses=refusals(401, 403, 404, 422, 500, 503))

    @router.get("/{model:path}/weights")
    async def weights(request: Request, model: Annotated[Name, Path()]) -> WeightsFetched:
        """How far they are; what is asked before they are fetched: licence, origin, sizes."""
        return await (await _of(request, model)).told(model)

    @router.post("/{model:path}/weights", responses=refusals(409, 413), openapi_extra=body_of("WeightsAsked"))
    async def fetch(request: Request, model: Annotated[Name, Path()]) -> WeightsFetched:
        """Begins to fetch them, since the licence was read and accepted. What has come whole is not fetched again."""
        found = await _of(request, model)
        await read_body(request, WeightsAsked)
        return await found.begin(model)

    async def _of(request: Request, model: str) -> Fetching:
        operator.require(request)
        known = await parts.worker.models()
        card = next((card for card in known.models if card.id == model), None)
        if fetching is None or card is None or not card.weights.startswith("store:"):
            raise Refused(
                404,
                "nothing_to_fetch",
                f"The weights of {model} asked.",
                "Those that the app's own worker keeps in its store can be fetched from here.",
                "See docs/models.md for all others.",
            )
        return fetching

    return router
