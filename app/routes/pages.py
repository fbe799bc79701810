"""The HTML pages: which template gets what. Knows nothing about how they look.

`/` and `/models` are drawn by the browser from /api; `/f/{slug}` also says in words what the finding
shows, so that it can be read without JavaScript and previewed by whoever is sent the link.
"""

from fastapi import APIRouter, Request
from starlette.responses import Response

from app import ids
from app.parts import Parts
from app.refusals import unknown_finding


def routes(parts: Parts) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.api_route("/", methods=["GET", "HEAD"])
    async def explore(request: Request) -> Response:
        return parts.drawing.draw(request, "explore.html", "explore")

    @router.api_route("/models", methods=["GET", "HEAD"])
    async def models(request: Request) -> Response:
        return parts.drawing.draw(request, "models.html", "models")

    @router.api_route("/f/{slug}", methods=["GET", "HEAD"])
    async def finding(request: Request, slug: str) -> Response:
        if not ids.looks_like_one(slug):
            raise unknown_finding()
        found = await parts.findings.finding(slug)
        return parts.drawing.draw(request, "finding.html", "finding", finding=found, answers=found.answers)

    return router
