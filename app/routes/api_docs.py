"""The interface as a page: what /openapi.json says, drawn by Swagger UI from our own files."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.services import Parts


def routes(parts: Parts) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.api_route("/docs", methods=["GET", "HEAD"])
    async def docs(request: Request) -> Response:
        return parts.drawing.draw(request, "docs.html", "docs")

    return router
