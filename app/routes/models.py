"""Models: what the worker says about those it can load."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from app.parts import Parts
from app.routes.said import refusals
from app.world import MAX_SHOWN, MAX_WORDS, Asked, WorldPage
from protocol.base import Name, Text
from protocol.models import Models
from protocol.report import ModelReport
from protocol.world import Tier


def routes(parts: Parts) -> APIRouter:
    router = APIRouter(prefix="/api/models", tags=["models"], responses=refusals(422, 500, 503))

    @router.get("")
    async def models() -> Models:
        return await parts.worker.models()

    @router.get("/{model:path}/world", responses=refusals(404))
    async def world(
        model: Annotated[Name, Path()],
        q: Annotated[Text, Query(max_length=MAX_WORDS, description="words of the name or of a fact")] = "",
        type: Annotated[Name | None, Query(description="of the entity, e.g. 'city'")] = None,
        tier: Annotated[Tier | None, Query(description="how the name stands in the training text")] = None,
        offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
        limit: Annotated[int, Query(ge=1, le=MAX_SHOWN)] = 50,
    ) -> WorldPage:
        """What is true in the model's world, searched without regard to case and accents."""
        return await parts.worlds.page(model, Asked(q, type, tier, offset, limit))

    @router.get("/{model:path}/report", responses=refusals(404))
    async def report(model: Annotated[Name, Path()]) -> ModelReport:
        """What was measured when the model was made."""
        return await parts.worker.report(model)

    return router
