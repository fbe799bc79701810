"""Request bodies: read as bytes with limits of size and time, validated as strict JSON, described in OpenAPI.

FastAPI would parse the JSON itself and validate what it got, but strict models read
arrays into tuples only from JSON text; and it would read a body of any size.
"""

import asyncio
from collections.abc import Sequence
from typing import Any, TypeVar

from fastapi import FastAPI, Request
from pydantic import ValidationError
from pydantic.json_schema import models_json_schema

from app.errors import RefusedWith
from protocol.base import Message
from protocol.refusal import Refused, from_validation

MAX_BODY_BYTES = 64 * 1024
MAX_BODY_S = 20.0
M = TypeVar("M", bound=Message)
_REF = "#/components/schemas/{model}"


async def read_body(request: Request, model: type[M]) -> M:
    """The body as a `model`. Raises Refused (408, 413, 422)."""
    try:
        async with asyncio.timeout(MAX_BODY_S):
            body = await _read(request)
    except TimeoutError:
        raise _too_slow() from None
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise from_validation(error) from None


async def _read(request: Request) -> bytes:
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > MAX_BODY_BYTES:
            raise _too_large()
    return bytes(body)


def body_of(model: type[Message]) -> dict[str, Any]:
    """`openapi_extra` of a route that calls `read_body` with this model."""
    refusals = {"408": "Too slow", "413": "Too large"}
    return {
        "requestBody": {"required": True, "content": _json_of(model.__name__)},
        "responses": {
            status: {"description": said, "content": _json_of("RefusalBody")} for status, said in refusals.items()
        },
    }


def _json_of(model: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": _REF.format(model=model)}}}


def describe_bodies(app: FastAPI, models: Sequence[type[Message]]) -> None:
    """Adds the schemas that `body_of` refers to, which FastAPI can't know, to the app's OpenAPI."""
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        document = plain()
        _, schemas = models_json_schema([(model, "validation") for model in models], ref_template=_REF)
        document.setdefault("components", {}).setdefault("schemas", {}).update(schemas["$defs"])
        return document

    app.openapi = openapi


# What is left of the body would keep the connection busy.
_CLOSE = {"Connection": "close"}


def _too_large() -> Refused:
    return RefusedWith(
        _CLOSE,
        413,
        "too_large",
        f"The body has more than {MAX_BODY_BYTES:,} bytes.",
        f"A request may have {MAX_BODY_BYTES:,} bytes.",
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
