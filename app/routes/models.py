"""Models: what the worker says about those it can load."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from app.names.world import MAX_NAMES_SHOWN, WorldPage, WorldSearch
from app.routes.disconnect import unless_gone
from app.routes.openapi import refusals
from app.services import Parts
from protocol.app.latent import LatentRead
from protocol.base import Name, Text, VisibleText
from protocol.steering import LatentTarget
from protocol.vocabulary import MAX_SEARCH_CHARACTERS, Tier
from protocol.worker.latent_frames import LatentsFound
from protocol.worker.models import Models
from protocol.worker.report import ModelReport
from protocol.worker.requests import LatentRequest, SearchRequest

MAX_LATENT = 2**31 - 1


def routes(parts: Parts) -> APIRouter:
    router = APIRouter(prefix="/api/models", tags=["models"], responses=refusals(422, 500, 503))

    @router.get("")
    async def models() -> Models:
        """The models that the worker knows, with their cards. Those that hold their weights come first."""
        return await parts.worker.models()

    @router.get("/{model:path}/world", responses=refusals(404))
    async def world(
        model: Annotated[Name, Path()],
        q: Annotated[Text, Query(max_length=MAX_SEARCH_CHARACTERS, description="words of the name or of a fact")] = "",
        type: Annotated[Name | None, Query(description="of the entity, e.g. 'city'")] = None,
        tier: Annotated[Tier | None, Query(description="how the name stands with the model")] = None,
        offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
        limit: Annotated[int, Query(ge=1, le=MAX_NAMES_SHOWN)] = 50,
    ) -> WorldPage:
        """What is true in the model's world, searched without regard to case and accents."""
        return await parts.worlds.page(model, WorldSearch(q, type, tier, offset, limit))

    @router.get("/{model:path}/report", responses=refusals(404))
    async def report(model: Annotated[Name, Path()]) -> ModelReport:
        """What was measured when the model was made."""
        return await parts.worker.report(model)

    @router.get("/{model:path}/latent", response_model=LatentRead, responses=refusals(404))
    async def latent(
        request: Request,
        model: Annotated[Name, Path()],
        dictionary: Annotated[Name, Query(description="id of one of the model's dictionaries")],
        latent: Annotated[int, Query(ge=0, le=MAX_LATENT, description="index in the dictionary")],
        n_tokens: Annotated[int, Query(ge=1, le=100, description="of the lens, promoted and suppressed each")] = 8,
        n_snippets: Annotated[int, Query(ge=0, le=50, description="of the model's sample of text")] = 8,
    ) -> LatentRead | Response:
        """What is known of one latent by itself. Asked for the first time, the worker reads its sample of text, which
        takes seconds; leaving ends that."""
        target = LatentTarget(dictionary=dictionary, latent=latent)
        asked = LatentRequest(model=model, target=target, n_tokens=n_tokens, n_snippets=n_snippets)
        return await unless_gone(request, parts.worker.latent(asked)) or Response(status_code=499)

    @router.get("/{model:path}/latents", response_model=LatentsFound, responses=refusals(404))
    async def latents(
        request: Request,
        model: Annotated[Name, Path()],
        q: Annotated[
            VisibleText, Query(max_length=MAX_SEARCH_CHARACTERS, description="a word, or a few that stand together")
        ],
        n: Annotated[int, Query(ge=1, le=50, description="latents, of each kind")] = 12,
    ) -> LatentsFound | Response:
        """Latents by meaning: those that write a word, and those that fire where the model's sample of text says it.
        Asked for the first time, the worker reads that sample, which takes seconds; leaving ends that."""
        asked = SearchRequest(model=model, query=q, n=n)
        return await unless_gone(request, parts.worker.search(asked)) or Response(status_code=499)

    return router
