"""What routes say of themselves in OpenAPI."""

from typing import Any

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
