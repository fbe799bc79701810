"""The HTML pages: which template gets what. Knows nothing about how they look.

`/` and `/models` are drawn by the browser from /api; the pages of findings say in words what they show, so that they
can be read without JavaScript and previewed by whoever is sent the link.
"""

import asyncio
from functools import partial
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from app import ids
from app.findings.circuits_side_by_side import circuit_lines
from app.findings.side_by_side import ComparedFinding, Line, lines, scale_words, start_of
from app.findings.store import Search
from app.findings.studies_side_by_side import ComparedFigure, compared_figures, study_lines
from app.http.prefix import root_of
from app.recordings.circuit import read_circuit
from app.recordings.study import read_study
from app.refusals import unknown_finding
from app.routes.finding_page import finding_page
from app.services import Parts
from app.settings import ROOT
from protocol.app.experiments.catalogue import EXPERIMENTS
from protocol.app.findings import Finding
from protocol.base import Name, Text
from protocol.glossary.glossary import CHAPTERS
from protocol.glossary.term import PAPERS
from protocol.refusal import Refusal, Refused
from protocol.vocabulary import MAX_SEARCH_CHARACTERS, Outcome

FINDINGS_SHOWN = 20  # findings on a page of the gallery
_EXPERIMENTS = [one.about.model_dump() for one in EXPERIMENTS]
_UNLIKE = Refusal(
    code="unlike_findings",
    asked="Two findings of different kinds are to be held beside each other.",
    allowed="Two answers are compared line by line, two circuits too, two studies of one kind figure by figure.",
    change="Choose another finding of the same kind.",
)
FIRST_CIRCUIT = "/static/first/circuit.jsonl"  # drawn at once, worker or not
MAX_SLUG = 64  # characters; what is longer isn't one


def routes(parts: Parts) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.api_route("/", methods=["GET", "HEAD"])
    async def explore(request: Request) -> Response:
        return parts.drawing.draw(request, "explore.html", "explore", first=parts.first_recording)

    @router.api_route("/discover", methods=["GET", "HEAD"])
    async def discover(request: Request) -> Response:
        return parts.drawing.draw(request, "discover.html", "discover")

    @router.api_route("/experiments", methods=["GET", "HEAD"])
    async def experiments(request: Request) -> Response:
        first, paper = parts.first_studies, PAPERS["ferrando"]
        return parts.drawing.draw(
            request, "experiments.html", "experiments", experiments=_EXPERIMENTS, first=first, paper=paper
        )

    @router.api_route("/neurons", methods=["GET", "HEAD"])
    async def neurons(request: Request) -> Response:
        return parts.drawing.draw(
            request, "neurons.html", "neurons", first=parts.first_studies, paper=PAPERS["h_neurons"]
        )

    @router.api_route("/circuit", methods=["GET", "HEAD"])
    async def circuit(request: Request) -> Response:
        first = FIRST_CIRCUIT if (ROOT / FIRST_CIRCUIT[1:]).is_file() else None
        return parts.drawing.draw(request, "circuit.html", "circuit", first=first)

    @router.api_route("/models", methods=["GET", "HEAD"])
    async def models(request: Request) -> Response:
        return parts.drawing.draw(request, "models.html", "models")

    @router.api_route("/method", methods=["GET", "HEAD"])
    async def method(request: Request) -> Response:
        return parts.drawing.draw(request, "method.html", "method", chapters=CHAPTERS, papers=PAPERS)

    @router.api_route("/findings", methods=["GET", "HEAD"])
    async def gallery(
        request: Request,
        q: Annotated[Text, Query(max_length=MAX_SEARCH_CHARACTERS)] = "",
        model: Name | None = None,
        outcome: Outcome | None = None,
        kind: Name | None = None,
        before: Annotated[str | None, Query(max_length=MAX_SLUG)] = None,
        a: Annotated[str | None, Query(max_length=MAX_SLUG, description="chosen to be compared")] = None,
    ) -> Response:
        if before is not None and not ids.looks_like_one(before):
            raise unknown_finding()
        page = await parts.findings.findings(Search(q, model, outcome, kind, before, FINDINGS_SHOWN + 1))
        chosen = await _finding(a) if a else None
        asked = {"q": q, "model": model, "outcome": outcome, "kind": kind, "before": before, "a": a}
        return parts.drawing.draw(
            request,
            "findings.html",
            "findings",
            page=page,
            shown=page.findings[:FINDINGS_SHOWN],
            older=len(page.findings) > FINDINGS_SHOWN,
            chosen=chosen,
            asked={name: value for name, value in asked.items() if value},
            link=partial(_link, root_of(request.scope), asked),
        )

    @router.api_route("/compare", methods=["GET", "HEAD"])
    async def compare(
        request: Request,
        a: Annotated[str, Query(max_length=MAX_SLUG)] = "",
        b: Annotated[str, Query(max_length=MAX_SLUG)] = "",
    ) -> Response:
        left, right = sides = [await _side(slug) for slug in (a, b)]
        figures: tuple[ComparedFigure, ...] = ()
        compared: tuple[Line, ...] = ()
        scale = ""
        if left.finding and right.finding and a != b:
            if left.finding.request.kind != right.finding.request.kind:
                sides[1] = ComparedFinding(b, refusal=_UNLIKE, status=409)
            elif left.studied and right.studied:
                compared, figures = study_lines(left, right), tuple(compared_figures(left.studied, right.studied))
            elif left.drawn and right.drawn:
                compared = circuit_lines(left, right)
            else:
                compared, scale = lines(left, right), scale_words(left, right)
        status = max(side.status for side in sides)
        return parts.drawing.draw(
            request, "compare.html", "compare", status, sides=sides, lines=compared, figures=figures, scale=scale
        )

    @router.api_route("/f/{slug}", methods=["GET", "HEAD"])
    async def finding(request: Request, slug: str) -> Response:
        return await finding_page(parts, request, await _finding(slug))

    async def _finding(slug: str) -> Finding:
        if not ids.looks_like_one(slug):
            raise unknown_finding()
        return await parts.findings.finding(slug)

    async def _side(slug: str) -> ComparedFinding:
        if not slug:
            return ComparedFinding("")
        try:
            found = await _finding(slug)
            recording = await parts.findings.frames(found.recording_sha256)
        except Refused as refused:
            return ComparedFinding(
                slug if ids.looks_like_one(slug) else "?", refusal=refused.refusal, status=refused.status
            )
        if found.circuit:
            return ComparedFinding(slug, found, drawn=await asyncio.to_thread(read_circuit, recording))
        if found.study:
            return ComparedFinding(slug, found, studied=await asyncio.to_thread(read_study, recording))
        return ComparedFinding(slug, found, start_of(recording))

    return router


def _link(root: str, asked: dict[str, str | None], **changes: str | None) -> str:
    """To the gallery as it was asked for, but for the changes; from its first page, unless one is named."""
    query = {name: value for name, value in {**asked, "before": None, **changes}.items() if value}
    return f"{root}/findings" + (f"?{urlencode(query)}" if query else "")
