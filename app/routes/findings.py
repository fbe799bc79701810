"""Findings: saved, found, checked, taken back, and taken along."""

import secrets
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import JSONResponse
from starlette.responses import Response

from app import ids
from app.findings.checks import Arrived
from app.findings.circuit_check import check_circuit
from app.findings.joint_check import together
from app.findings.store import Search
from app.findings.study_check import MOST_ASKED, check_study
from app.findings.verification import verify
from app.http.bodies import body_of, read_body
from app.http.prefix import root_of
from app.refusals import unknown_finding, unknown_run
from app.routes.openapi import refusals, stream_of_frames
from app.services import Parts
from protocol.app.findings import Finding, FindingRequest, FindingsPage, Saved
from protocol.app.verify import Checking, Verification
from protocol.base import JSON_LINES, Name, Text
from protocol.version import PROTOCOL
from protocol.vocabulary import MAX_SEARCH_CHARACTERS, Outcome
from protocol.worker.circuits import CircuitRequest
from protocol.worker.requests import GenerateRequest

MAX_FINDINGS_SHOWN = 100


def routes(parts: Parts) -> APIRouter:
    router = APIRouter(prefix="/api/findings", tags=["findings"], responses=refusals(422, 500))
    store = parts.findings

    @router.post(
        "",
        status_code=201,
        response_model=Saved,
        responses=refusals(404, 409, 410, 413),
        openapi_extra=body_of("FindingRequest"),
    )
    async def save_finding(request: Request) -> Response:
        """Saves a run, or two, as a finding. Its delete token is told this once."""
        asked = await read_body(request, FindingRequest)
        if not all(ids.looks_like_one(one.run_id) for one in (asked, asked.second) if one):
            raise unknown_run()
        saved = await store.save(asked)
        headers = {"Location": f"{root_of(request.scope)}/f/{saved.finding.slug}", "Cache-Control": "no-store"}
        return JSONResponse(saved.model_dump(mode="json"), 201, headers)

    @router.get("", responses=refusals(404))
    async def findings(
        q: Annotated[
            Text, Query(max_length=MAX_SEARCH_CHARACTERS, description="words of title, note, prompt or answer")
        ] = "",
        model: Annotated[Name | None, Query(description="id of a model")] = None,
        outcome: Annotated[Outcome | None, Query(description="of the answer that the finding shows")] = None,
        kind: Annotated[Name | None, Query(description="of its request, e.g. 'generate' or 'discover'")] = None,
        before: Annotated[str | None, Query(description="slug of the last finding of the page before")] = None,
        limit: Annotated[int, Query(ge=1, le=MAX_FINDINGS_SHOWN)] = 20,
    ) -> FindingsPage:
        """Those that are listed, newest first."""
        if before is not None and not ids.looks_like_one(before):
            raise unknown_finding()
        return await store.findings(Search(q, model, outcome, kind, before, limit))

    @router.get("/{slug}", responses=refusals(404, 410))
    async def finding(slug: str) -> Finding:
        """A finding without its frames. What it shows, what made it, and the hash of its recording."""
        return await _finding(slug)

    @router.delete("/{slug}", status_code=204, response_class=Response, responses=refusals(403, 404, 410))
    async def delete_finding(
        slug: str,
        x_delete_token: Annotated[Text, Header(max_length=200, description="told when the finding was saved")] = "",
    ) -> Response:
        """Its link answers 410 from then on; the recording goes with the last finding that holds it."""
        if not ids.looks_like_one(slug):
            raise unknown_finding()
        await store.delete(slug, x_delete_token)
        return Response(status_code=204)

    @router.post(
        "/{slug}/verify",
        response_model=Verification,
        responses=refusals(404, 410, 503) | {202: {"model": Checking, "description": "Under way; ask again"}},
    )
    async def verify_finding(slug: str) -> Response:
        """Replays the recording on the worker that is here now, that of a second prompt too, and says whether they
        still hold. Of a study some of its trials are asked again, drawn anew each time. What takes long goes on by
        itself: it is answered within twenty seconds how far it has come (202), and to ask again is to wait for it."""
        found = await _finding(slug)
        digests = [one.recording_sha256 for one in (found, found.second) if one]
        recorded = [await store.frames(digest) for digest in digests]
        is_study = not isinstance(found.request, GenerateRequest | CircuitRequest)
        n_recorded = MOST_ASKED if is_study else sum(frames.count(b"\n") for frames in recorded)

        async def check(arrived: Arrived) -> Verification:
            verification = await _checked(found, recorded[0], arrived)
            if found.second is None or verification.verdict == "cannot_run":
                return verification
            return together(verification, await _checked(found.second, recorded[1], arrived))

        answer = await parts.checks.ask(slug, check, n_recorded)
        return JSONResponse(answer.model_dump(mode="json"), 202 if isinstance(answer, Checking) else 200)

    @router.get(
        "/{slug}/frames",
        response_class=Response,
        responses=stream_of_frames() | {304: {"description": "Unchanged"}} | refusals(404, 410),
    )
    async def finding_frames(request: Request, slug: str) -> Response:
        """The recording, in the spelling of the present protocol."""
        digest = (await _finding(slug)).recording_sha256
        # Asked about every time, so that what was taken back is gone at once, also from caches.
        headers = {"ETag": f'"{digest}-{PROTOCOL}"', "Cache-Control": "no-cache"}
        if headers["ETag"] in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return Response(await store.frames(digest), media_type=JSON_LINES, headers=headers)

    @router.get("/{slug}/recording", response_class=Response, responses=stream_of_frames() | refusals(404, 410))
    async def finding_recording(slug: str) -> Response:
        """The bytes as they were recorded; their SHA-256 is the finding's `recording_sha256`."""
        data = await store.recording((await _finding(slug)).recording_sha256)
        return Response(data, media_type=JSON_LINES, headers={"Cache-Control": "no-cache"})

    async def _checked(found: Finding, frames: bytes, arrived: Arrived) -> Verification:
        match found.request:
            case GenerateRequest():
                verification = await verify(parts.worker, frames, arrived)
            case CircuitRequest():
                verification = await check_circuit(parts.worker, frames, arrived)
            case study:
                verification = await check_study(parts.worker, study, frames, secrets.randbelow(2**31), arrived)
        if verification.verdict != "cannot_run":  # says something of this moment, nothing of the finding
            await store.add_verification(found.recording_sha256, verification)
        return verification

    async def _finding(slug: str) -> Finding:
        if not ids.looks_like_one(slug):
            raise unknown_finding()
        return await store.finding(slug)

    return router
