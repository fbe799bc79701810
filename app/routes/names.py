"""Names: what somebody pasted, read and looked at before a study is begun."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from app.http.bodies import body_of, octets, read_body, read_raw
from app.names.encodings import ENCODINGS, read_file
from app.names.pasted import PastedNames, read_names, with_warnings
from app.routes.disconnect import unless_gone
from app.routes.openapi import refusals
from app.services import Parts
from protocol.app.names_file import NamesFile
from protocol.app.read_names import ReadNames
from protocol.refusal import Refused
from protocol.worker.names import GivenNames, NamesRequest, NamesText, WorldNames
from protocol.worker.requests import MAX_NAMES_BYTES

_ONE_OF = f"^({'|'.join(ENCODINGS)})$"


def routes(parts: Parts) -> APIRouter:
    router = APIRouter(prefix="/api/names", tags=["names"], responses=refusals(422, 500, 503))

    @router.post("", response_model=ReadNames, responses=refusals(404, 413), openapi_extra=body_of("NamesText"))
    async def names(request: Request) -> ReadNames | Response:
        """What a study would make of them, without making it. Whatever stands in its way is told with its line."""
        asked = await read_body(request, NamesText, MAX_NAMES_BYTES)
        pasted = await asyncio.to_thread(read_names, asked) if asked.text is not None else None
        return await unless_gone(request, _checked(asked, pasted)) or Response(status_code=499)

    @router.post("/file", responses=refusals(408, 413), openapi_extra=octets())
    async def names_file(
        request: Request,
        encoding: Annotated[
            str | None, Query(pattern=_ONE_OF, description="where it is known, a choice of an answer before")
        ] = None,
    ) -> NamesFile:
        """A file's bytes as text, as spreadsheets write it in many encodings. What can be read in several ways is
        answered with them instead of a guess."""
        data = await read_raw(request, MAX_NAMES_BYTES)
        return await asyncio.to_thread(read_file, data, encoding)

    async def _checked(asked: NamesText, pasted: PastedNames | None) -> ReadNames:
        given = WorldNames() if pasted is None else GivenNames(names=pasted.names)
        looked_at = NamesRequest(model=asked.model, names=given, template=asked.template)
        try:
            checked = with_warnings(await parts.worker.names(looked_at))
        except Refused as refused:
            raise pasted.located(refused) if pasted else refused from None
        if pasted is None:
            return ReadNames(names=(), checked=checked)
        return ReadNames(names=pasted.names, checked=checked, notes=pasted.notes)

    return router
