"""The HTML pages: which template gets what. Knows nothing about how they look.

`/` and `/models` are drawn by the browser from /api; `/f/{slug}` also says in words what the finding
shows, so that it can be read without JavaScript and previewed by whoever is sent the link.
"""

from dataclasses import asdict

from fastapi import APIRouter, Request
from starlette.responses import Response

from app import ids
from app.answers import read_answers
from app.parts import Parts
from app.store import unknown_finding


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
        found = await parts.store.finding(slug) if ids.looks_like_one(slug) else None
        if found is None:
            raise unknown_finding()
        recording = await parts.store.recording(found.recording_sha256)
        answers = asdict(read_answers(recording, found.view))
        return parts.drawing.draw(request, "finding.html", "finding", finding=found, answers=answers)

    return router
