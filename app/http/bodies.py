"""Request bodies: read as bytes with limits of size and time, validated as strict JSON, described in OpenAPI.

FastAPI would parse the JSON itself and validate what it got, but strict models read
arrays into tuples only from JSON text; and it would read a body of any size.
"""

import asyncio
from collections.abc import Mapping
from typing import Any, TypeVar

from fastapi import FastAPI, Request
from pydantic import BaseModel, TypeAdapter, ValidationError

from app.http.errors import RefusedWith
from protocol.base import Message
from protocol.refusal import Refused, from_validation
from protocol.vocabulary import AWAITED
from protocol.worker.requests import MAX_BODY_BYTES, MAX_NAMES_BYTES, GenerateRequest
from protocol.worker.studies import RUN, RunRequest

MAX_BODY_S = 20.0
M = TypeVar("M", bound=Message)
_REF = "#/components/schemas/{model}"


async def read_body(request: Request, model: type[M], max_bytes: int = MAX_BODY_BYTES) -> M:
    """The body as a `model`. Raises Refused (408, 413, 422)."""
    body = await read_raw(request, max_bytes)
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise from_validation(error) from None


async def read_run_request(request: Request) -> RunRequest:
    """As `read_body`. What has no kind is a generate request; only a study may be as large as names are."""
    body = await read_raw(request, MAX_NAMES_BYTES)
    try:
        kind = _Kind.model_validate_json(body).kind
    except ValidationError:
        kind = "generate"
    if kind in AWAITED and len(body) > MAX_BODY_BYTES:
        raise _too_large(MAX_BODY_BYTES)
    try:
        return GenerateRequest.model_validate_json(body) if kind == "generate" else RUN.validate_json(body)
    except ValidationError as error:
        raise from_validation(error) from None


class _Kind(BaseModel):
    kind: str = "generate"


async def read_raw(request: Request, max_bytes: int) -> bytes:
    """As it came. Raises Refused (408, 413)."""
    body = bytearray()
    try:
        async with asyncio.timeout(MAX_BODY_S):
            async for piece in request.stream():
                body += piece
                if len(body) > max_bytes:
                    raise _too_large(max_bytes)
    except TimeoutError:
        raise _too_slow() from None
    return bytes(body)


def body_of(name: str) -> dict[str, Any]:
    """`openapi_extra` of a route that reads a body of this name; see `describe_bodies`."""
    refusals = {"408": "Too slow", "413": "Too large"}
    return {
        "requestBody": {"required": True, "content": _json_of(name)},
        "responses": {
            status: {"description": said, "content": _json_of("RefusalBody")} for status, said in refusals.items()
        },
    }


def octets() -> dict[str, Any]:
    """`openapi_extra` of a route that reads a file's bytes."""
    content = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
    return {"requestBody": {"required": True, "content": content}}


def _json_of(model: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": _REF.format(model=model)}}}


def describe_bodies(app: FastAPI, bodies: Mapping[str, Any]) -> None:
    """Adds the schemas that `body_of` refers to, which FastAPI can't know, to the app's OpenAPI: types by name."""
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        document = plain()
        adapters = {name: TypeAdapter[Any](body) for name, body in bodies.items()}
        named, shared = TypeAdapter.json_schemas(
            [(name, "validation", adapter) for name, adapter in adapters.items()], ref_template=_REF
        )
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        schemas |= {name: schema for (name, _), schema in named.items()} | shared["$defs"]
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # as FastAPI says to


# What is left of the body would keep the connection busy.
_CLOSE = {"Connection": "close"}


def _too_large(max_bytes: int) -> Refused:
    return RefusedWith(
        _CLOSE,
        413,
        "too_large",
        f"The body has more than {max_bytes:,} bytes.",
        f"A request may have {max_bytes:,} bytes.",
        "Shorten it.",
    )


def _too_slow() -> Refused:
    return RefusedWith(
        _CLOSE,
        408,
        "too_slow",
        "The body did not arrive in time.",
        f"A body may take {MAX_BODY_S:g} seconds.",
        "Send it again, all at once.",
    )
