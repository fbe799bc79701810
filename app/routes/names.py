"""Names: what somebody pasted, read and looked at before a study is begun."""

import asyncio

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.http.bodies import body_of, read_body
from app.names.pasted import PastedNames, read_names, with_warnings
from app.routes.disconnect import unless_gone
from app.routes.openapi import refusals
from app.services import Parts
from protocol.app.read_names import ReadNames
from protocol.refusal import Refused
from protocol.worker.names import GivenNames, NamesRequest, NamesText, WorldNames
from protocol.worker.requests import MAX_NAMES_BYTES


def routes(parts: Parts) -> APIRouter:
    router = APIRouter(prefix="/api/names", tags=["names"], responses=refusals(422, 500, 503))

    @router.post("", response_model=ReadNames, responses=refusals(404, 413), openapi_extra=body_of("NamesText"))
    async def names(request: Request) -> ReadNames | Response:
        """What a study would make of them, without making it. Whatever stands in its way is told with its line."""
        asked = await read_body(request, NamesText, MAX_NAMES_BYTES)
        pasted = await asyncio.to_thread(read_names, asked) if asked.text is not None else None
        return await unless_gone(request, _checked(asked, pasted)) or Response(status_code=499)

    async def _checked(asked: NamesText, pasted: PastedNames | None) -> ReadNames:
        given = WorldNames() if pasted is None else GivenNames(names=pasted.names)
        looked_at = NamesRequest(model=asked.model, names=given, template=asked.template)
        try:
            checked = with_warnings(await parts.worker.names(looked_at))
        except Refused as refused:
            raise pasted.located(refused) if pasted else refused from None
        return ReadNames(names=pasted.names if pasted else (), checked=checked)

    return router
