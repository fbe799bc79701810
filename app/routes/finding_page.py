"""The page of a finding, drawn for who opens it and for who takes it along. Knows no route."""

import asyncio

from fastapi import Request
from starlette.responses import Response

from app.recordings.study import read_study
from app.services import Parts
from app.wording.provenance import provenance, study_provenance
from protocol.app.findings import Finding


async def finding_page(parts: Parts, request: Request, found: Finding) -> Response:
    if found.study is None:
        return parts.drawing.draw(request, "finding.html", "finding", finding=found, provenance=provenance(found))
    studied = await asyncio.to_thread(read_study, await parts.findings.frames(found.recording_sha256))
    return parts.drawing.draw(
        request, "study.html", "finding", finding=found, studied=studied, provenance=study_provenance(studied)
    )
