"""What routes say of themselves in OpenAPI."""

from collections.abc import Iterable
from typing import Any

from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from protocol.base import JSON_LINES
from protocol.refusal import RefusalBody


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    return {status: {"model": RefusalBody} for status in statuses}


def stream_of_frames(status: int = 200) -> dict[int | str, dict[str, Any]]:
    said = "Frames, one JSON object a line; see protocol/worker/frames.py"
    return {status: {"description": said, "content": {JSON_LINES: {"schema": {"type": "string"}}}}}


def file_of(media_type: str, said: str) -> dict[int | str, dict[str, Any]]:
    schema = {"type": "object" if media_type.endswith("json") else "string"}
    return {200: {"description": said, "content": {media_type: {"schema": schema}}}}


def sum_up(routes: Iterable[BaseRoute]) -> None:
    """A route's summary is the first sentence of its docstring, not the function's name; to be called before they are
    included in an app."""
    for route in routes:
        if isinstance(route, APIRoute) and not route.summary and route.description:
            first, _, rest = " ".join(route.description.split("\n\n")[0].split()).partition(". ")
            route.summary = first.rstrip(".")
            route.description = rest + route.description.partition("\n\n")[1] + route.description.partition("\n\n")[2]
