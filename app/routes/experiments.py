"""Experiments: what a form offers for a model, and what its draft comes to. Runs nothing."""

from typing import Annotated

from fastapi import APIRouter, Path, Request
from pydantic import ValidationError

from app.http.bodies import body_of, read_raw
from app.routes.openapi import refusals
from app.services import Parts
from protocol.app.experiments.catalogue import ExperimentOffers, made, offers, read_draft
from protocol.app.experiments.experiment import ExperimentMade
from protocol.base import Name
from protocol.refusal import Refused, from_validation
from protocol.worker.models import ModelCard
from protocol.worker.requests import MAX_NAMES_BYTES


def routes(parts: Parts) -> APIRouter:
    router = APIRouter(prefix="/api", tags=["experiments"], responses=refusals(404, 422, 500, 503))

    @router.get("/models/{model:path}/experiments")
    async def experiments(model: Annotated[Name, Path()]) -> ExperimentOffers:
        """Every experiment, with the draft to begin with and the form that edits it."""
        card = await _card(model)
        return offers(card, await parts.worlds.whole(card.id) if card.world else None)

    @router.post("/experiments", responses=refusals(408, 413), openapi_extra=body_of("ExperimentDraft"))
    async def experiment(request: Request) -> ExperimentMade:
        """The study that a draft comes to and its cost; or what the protocol doesn't allow of it, in words."""
        body = await read_raw(request, MAX_NAMES_BYTES)
        try:
            draft = read_draft(body)
        except ValidationError as error:
            return ExperimentMade(problem=from_validation(error).refusal)
        card = await _card(draft.model)
        return made(card, draft, await parts.worlds.whole(card.id) if card.world else None)

    async def _card(model: str) -> ModelCard:
        for card in (await parts.worker.models()).models:
            if card.id == model:
                return card
        raise Refused(
            404,
            "unknown_model",
            "A model is asked that isn't here.",
            "Those that are here stand under /api/models.",
            "Choose one of them.",
        )

    return router
