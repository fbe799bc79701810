"""A finding to take along: its picture, and itself as JSON, as one HTML page, as a notebook.

Drawing takes a thread's time, so there is one at a time, and pictures are kept: link previews come in crowds.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Annotated, Literal, TypeVar

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from app import ids
from app.exports.circuit.graph import GraphOrigin, graph_file
from app.exports.kept_page import kept_page
from app.http.prefix import root_of
from app.recordings.arms import read_recording
from app.recordings.circuit import DrawnCircuit, read_circuit
from app.recordings.study import read_study
from app.refusals import unknown_finding
from app.routes.finding_page import finding_page
from app.routes.openapi import file_of, refusals
from app.services import Parts
from app.version import VERSION
from app.wording.cells import csv_of
from app.wording.circuit_tables import circuit_tables
from app.wording.token_table import TOKENS_TABLE, token_table
from protocol.app.findings import Finding
from protocol.base import Name
from protocol.refusal import Refused
from protocol.upgrade import version_of
from protocol.worker.models import ModelCard
from protocol.worker.study_frames import Figure

MAX_PICTURES = 200  # of some 50 kB
T = TypeVar("T")


def routes(parts: Parts) -> APIRouter:
    router = APIRouter(prefix="/f", tags=["findings"], responses=refusals(404, 410, 422, 500))
    one_at_a_time = asyncio.Lock()
    pictures: OrderedDict[str, bytes] = OrderedDict()

    @router.get("/{slug}/card.png", response_class=Response, responses=file_of("image/png", "1200 x 630 pixels"))
    async def card(request: Request, slug: str) -> Response:
        """The picture of a link preview."""
        finding = await _finding(slug)
        headers = {
            "ETag": f'"{finding.slug}-{VERSION}"',
            "Cache-Control": "no-cache",
            "Cross-Origin-Resource-Policy": "cross-origin",  # made to be shown elsewhere
        }
        if headers["ETag"] in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        if slug not in pictures:
            from app.exports.card import draw_card  # Pillow is slow to import
            from app.exports.told_card import draw_told_card

            if finding.circuit:
                drawn = await _drawn(partial(read_circuit, await _recording(finding)))
                pictures[slug] = await _drawn(partial(draw_told_card, finding, drawn))
            elif finding.study:
                pictures[slug] = await _drawn(partial(draw_told_card, finding))
            else:
                beside = await _recording(finding.second) if finding.second else None
                pictures[slug] = await _drawn(partial(draw_card, finding, await _recording(finding), beside))
        pictures.move_to_end(slug)
        while len(pictures) > MAX_PICTURES:
            pictures.popitem(last=False)
        return Response(pictures[slug], media_type="image/png", headers=headers)

    @router.get("/{slug}.json", response_class=Response, responses=file_of("application/json", "finding and frames"))
    async def as_json(slug: str) -> Response:
        """The finding, and its frames as they were recorded; those of a second prompt too."""
        finding = await _finding(slug)
        recording = await parts.findings.recording(finding.recording_sha256)
        second = await parts.findings.recording(finding.second.recording_sha256) if finding.second else b""
        body = b'{"finding":%s,"protocol":%d,"frames":[%s],"second_frames":[%s]}\n' % (
            finding.model_dump_json().encode(),
            version_of(recording),
            b",\n".join(recording.splitlines()),
            b",\n".join(second.splitlines()),
        )
        return _file(body, "application/json", f"{slug}.json")

    @router.get("/{slug}.html", response_class=Response, responses=file_of("text/html", "one page, self-contained"))
    async def as_page(request: Request, slug: str) -> Response:
        """The finding's page itself: it opens without this app, and without a network."""
        finding = await _finding(slug)
        drawn = bytes((await finding_page(parts, request, finding)).body).decode()
        frames = {
            f"/api/findings/{one.slug}/frames": (await _recording(one)).decode()
            for one in (finding, finding.second)
            if one
        }
        script = f"findings/{'study' if finding.study else 'circuit' if finding.circuit else 'finding'}.js"
        kept = partial(kept_page, drawn, script, parts.drawing.site(request), root_of(request.scope), frames)
        return _file((await _drawn(kept)).encode(), "text/html; charset=utf-8", f"{slug}.html")

    @router.get("/{slug}.ipynb", response_class=Response, responses=file_of("application/x-ipynb+json", "notebook"))
    async def as_notebook(slug: str) -> Response:
        """Reproduces the numbers with public libraries alone; a study's are counted again from its trials."""
        from app.exports.circuit.notebook import circuit_notebook_of
        from app.exports.notebook import notebook_of
        from app.exports.study.notebook import study_notebook_of

        finding = await _finding(slug)
        recording = await _recording(finding)
        if finding.study:
            notebook = await _drawn(partial(study_notebook_of, finding, recording))
        elif finding.circuit:
            card = await _card_of(finding.request.model)
            notebook = await _drawn(partial(circuit_notebook_of, finding, recording, card))
        else:
            notebook = await _drawn(partial(notebook_of, finding, recording, await _card_of(finding.request.model)))
        return _file(notebook, "application/x-ipynb+json", f"{slug}.ipynb")

    @router.get("/{slug}/groups.png", response_class=Response, responses=file_of("image/png", "a circuit's groups"))
    async def groups_as_png(slug: str) -> Response:
        """A circuit's groups and arrows with their numbers."""
        from app.exports.circuit.groups_picture import groups_png

        circuit = await _circuit(await _finding(slug))
        return _file(await _drawn(partial(groups_png, circuit)), "image/png", f"{slug}-groups.png")

    @router.get("/{slug}/groups.svg", response_class=Response, responses=file_of("image/svg+xml", "the same, to scale"))
    async def groups_as_svg(slug: str) -> Response:
        """The same as lines and text."""
        from app.exports.circuit.groups_picture import groups_svg

        circuit = await _circuit(await _finding(slug))
        return _file(await _drawn(partial(groups_svg, circuit)), "image/svg+xml", f"{slug}-groups.svg")

    @router.get("/{slug}/graph-{side}.json", response_class=Response, responses=file_of("application/json", "graph"))
    async def as_graph(request: Request, slug: str, side: Literal["a", "b"]) -> Response:
        """A circuit's prompt as viewers of attribution graphs read it: Neuronpedia's, and circuit-tracer's. Of two
        prompts b is the second, with the same groups."""
        finding = await _finding(slug)
        circuit = await _circuit(finding)
        if side not in circuit.sides:
            raise _no_graph()
        origin = GraphOrigin(
            slug=slug,
            title=finding.title,
            url=f"{parts.drawing.site(request)}/f/{slug}",
            created_ms=int(datetime.fromisoformat(finding.created).timestamp() * 1000),
        )
        return _file(
            await _drawn(partial(graph_file, circuit, side, origin)), "application/json", f"{slug}-{side}.json"
        )

    @router.get("/{slug}/{figure:path}.csv", response_class=Response, responses=file_of("text/csv", "a figure's table"))
    async def figure_csv(slug: str, figure: Annotated[Name, Path(description="id of a figure")]) -> Response:
        """A study's figure, a circuit's table, or `tokens` of answers with their risk, with all of its numbers."""
        finding = await _finding(slug)
        figures = await asyncio.to_thread(_tables, finding, await _recording(finding))
        if figure not in figures:
            raise _no_figure()
        table = csv_of(figures[figure]).encode()
        return _file(table, "text/csv; charset=utf-8", f"{slug}-{figure.replace('/', '-')}.csv")

    async def _finding(slug: str) -> Finding:
        if not ids.looks_like_one(slug):
            raise unknown_finding()
        return await parts.findings.finding(slug)

    async def _circuit(finding: Finding) -> DrawnCircuit:
        if finding.circuit is None:
            raise _no_graph()
        return await asyncio.to_thread(read_circuit, await _recording(finding))

    async def _recording(finding: Finding) -> bytes:
        return await parts.findings.frames(finding.recording_sha256)

    async def _card_of(model: str) -> ModelCard | None:
        """None where nobody can say: no worker, or another model's."""
        try:
            cards = (await parts.worker.models()).models
        except Refused:
            return None
        return next((card for card in cards if card.id == model), None)

    async def _drawn(draw: Callable[[], T]) -> T:
        async with one_at_a_time:
            return await asyncio.to_thread(draw)

    return router


def _tables(finding: Finding, recording: bytes) -> dict[str, Figure]:
    if finding.circuit:
        return circuit_tables(read_circuit(recording))
    if finding.study:
        return read_study(recording).figures
    return {TOKENS_TABLE: token_table(read_recording(recording))}


def _no_graph() -> Refused:
    return Refused(
        404,
        "no_graph",
        "A graph or a picture of groups was asked that this finding does not have.",
        "A circuit has groups, a graph of its prompt, graph-a.json, and of the prompt beside it graph-b.json.",
        "Follow a link from its page.",
    )


def _no_figure() -> Refused:
    return Refused(
        404,
        "unknown_figure",
        "A figure's table was asked that this finding does not have.",
        "Studies have figures and circuits tables, and their page names the file of each.",
        "Follow a link from that page.",
    )


def _file(body: bytes, media_type: str, name: str) -> Response:
    """Saved, never opened here: what people wrote must not run with this page's rights."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-cache"}
    return Response(body, media_type=media_type, headers=headers)
