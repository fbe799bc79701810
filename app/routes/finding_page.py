"""The page of a finding, drawn for who opens it and for who takes it along. Knows no route."""

import asyncio
from urllib.parse import urlencode

from fastapi import Request
from starlette.responses import Response

from app.recordings.circuit import read_circuit
from app.recordings.study import read_study
from app.services import Parts
from app.wording.circuit import m_text, said_untouched, who_is
from app.wording.circuit_tables import circuit_tables
from app.wording.provenance import circuit_provenance, provenance, study_provenance
from protocol.app.findings import Finding
from protocol.worker.circuits import CircuitRequest, OpeningTarget


async def finding_page(parts: Parts, request: Request, found: Finding) -> Response:
    if found.circuit:
        return await _circuit_page(parts, request, found)
    if found.study is None:
        return parts.drawing.draw(request, "finding.html", "finding", finding=found, provenance=provenance(found))
    studied = await asyncio.to_thread(read_study, await parts.findings.frames(found.recording_sha256))
    return parts.drawing.draw(
        request, "study.html", "finding", finding=found, studied=studied, provenance=study_provenance(studied)
    )


async def _circuit_page(parts: Parts, request: Request, found: Finding) -> Response:
    drawn = await asyncio.to_thread(read_circuit, await parts.findings.frames(found.recording_sha256))
    return parts.drawing.draw(
        request,
        "circuit_finding.html",
        "finding",
        finding=found,
        drawn=drawn,
        sides=[(who_is(drawn, side), said_untouched(drawn, side), m_text(drawn.side(side).m)) for side in drawn.sides],
        tables=circuit_tables(drawn),
        opens=_question(found),
        provenance=circuit_provenance(drawn),
    )


def _question(found: Finding) -> str:
    """Behind the # of the page that draws circuits: what static/circuit/address.js reads."""
    request = found.request
    assert isinstance(request, CircuitRequest)
    told = {
        "prompt": request.prompt,
        "beside": request.beside.prompt if request.beside else "",
        "format": request.format if request.format != "chat" else "",
        "said": request.said,
        "basis": request.basis if request.basis != "latents" else "",
        "target": request.target.model_dump_json() if request.target != OpeningTarget(weighs="all") else "",
        "hold": f"[{','.join(held.model_dump_json() for held in request.hold)}]" if request.hold else "",
        "parent": found.slug,
    }
    return urlencode({name: value for name, value in told.items() if value} | found.view.options)
