"""A finding: a run somebody gave a name to. The client sends no frames, so a recording can't be forged."""

from pydantic import Field

from protocol.base import Message, Text, VisibleText
from protocol.requests import GenerateRequest


class View(Message):
    """What the page showed: which sweep and strength, and which watched latent coloured the tokens."""

    sweep: int | None = Field(default=None, ge=0, le=15)
    strength: float = Field(default=0.0, ge=-1e4, le=1e4)
    colour: int = Field(default=0, ge=0, le=15)


class FindingRequest(Message):
    """Save a run that is done."""

    run_id: str = Field(min_length=1, max_length=64)
    title: VisibleText = Field(min_length=1, max_length=140)
    note: Text = Field(default="", max_length=4_000)
    view: View = View()


class Finding(Message):
    """What `/api/findings/{slug}` answers. Times are UTC, ISO 8601."""

    slug: str
    title: Text
    note: Text
    view: View
    created: str
    request: GenerateRequest
    recording_sha256: str
    n_frames: int
    size_bytes: int
