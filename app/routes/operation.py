"""What whoever runs the app asks of it."""

from fastapi import APIRouter

from app.health import Health, health_of
from app.parts import Parts
from app.routes.said import refusals


def routes(parts: Parts) -> APIRouter:
    router = APIRouter(tags=["operation"], responses=refusals(500))

    @router.get("/healthz")
    async def healthz() -> Health:
        return await health_of(parts.worker, parts.runs_kept)

    return router
