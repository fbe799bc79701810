"""Request bodies: read as bytes with a limit. Large ones are validated on another thread, so /health answers meanwhile.

Knows nothing about what is done with them.
"""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from fastapi import Request
from pydantic import ValidationError

from protocol.base import Message
from protocol.refusal import Refused, from_validation
from protocol.worker.frames import FRAME, Frame
from protocol.worker.requests import MAX_BODY_BYTES
from protocol.worker.studies import STUDY, StudyRequest

MAX_STUDY_BYTES = 256 * 1024 * 1024  # of a study's request and the frames that it had before it was interrupted
M = TypeVar("M", bound=Message)
T = TypeVar("T")


async def message_of(request: Request, kind: type[M], max_bytes: int = MAX_BODY_BYTES) -> M:
    """The body as a `kind`. Raises Refused (413, 422)."""
    body = await _body(request, max_bytes)
    return await _valid(lambda: kind.model_validate_json(body), len(body))


async def study_of(request: Request) -> tuple[StudyRequest, list[Frame]]:
    """The body as JSON Lines: a study, and the frames that it was answered with before it was interrupted. Raises
    Refused (413, 422)."""
    body = await _body(request, MAX_STUDY_BYTES)

    def read() -> tuple[StudyRequest, list[Frame]]:
        first, *lines = body.split(b"\n")
        # line by line: whoever else wants the interpreter gets it in between
        return STUDY.validate_json(first), [FRAME.validate_json(line) for line in lines if line]

    return await _valid(read, len(body))


async def _body(request: Request, max_bytes: int) -> bytes:
    """Raises Refused (413)."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > max_bytes:
            raise Refused(
                413,
                "body_too_large",
                "The request is too large.",
                f"{max_bytes:,} bytes are allowed.",
                "Shorten the prompt, or ask for fewer arms or names.",
            )
    return bytes(body)


async def _valid(read: Callable[[], T], size_bytes: int) -> T:
    """Raises Refused (422)."""
    try:
        return read() if size_bytes <= MAX_BODY_BYTES else await asyncio.to_thread(read)
    except ValidationError as error:
        raise from_validation(error) from error
