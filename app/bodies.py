"""Request bodies: read as bytes with a limit, validated as strict JSON, described in OpenAPI.

FastAPI would parse the JSON itself and validate what it got, but strict models read
arrays into tuples only from JSON text; and it would read a body of any size.
"""

from collections.abc import Sequence
from typing import Any, TypeVar

from fastapi import FastAPI, Request
from pydantic import ValidationError
from pydantic.json_schema import models_json_schema

from protocol.base import Message
from protocol.refusal import Refused, from_validation

MAX_BODY_BYTES = 64 * 1024
M = TypeVar("M", bound=Message)
_REF = "#/components/schemas/{model}"


async def read_body(request: Request, model: type[M]) -> M:
    """The body as a `model`. Raises Refused (413, 422)."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > MAX_BODY_BYTES:
            raise _too_large()
    try:
        return model.model_validate_json(bytes(body))
    except ValidationError as error:
        raise from_validation(error) from None


def body_of(model: type[Message]) -> dict[str, Any]:
    """`openapi_extra` of a route that calls `read_body` with this model."""
    schema = {"$ref": _REF.format(model=model.__name__)}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def describe_bodies(app: FastAPI, models: Sequence[type[Message]]) -> None:
    """Adds the schemas that `body_of` refers to, which FastAPI can't know, to the app's OpenAPI."""
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        document = plain()
        _, schemas = models_json_schema([(model, "validation") for model in models], ref_template=_REF)
        document.setdefault("components", {}).setdefault("schemas", {}).update(schemas["$defs"])
        return document

    app.openapi = openapi


def _too_large() -> Refused:
    return Refused(
        413,
        "too_large",
        f"The body has more than {MAX_BODY_BYTES:,} bytes.",
        f"A request may have {MAX_BODY_BYTES:,} bytes.",
        "Shorten it.",
    )
