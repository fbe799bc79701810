"""How a run stands."""

from typing import Literal

from pydantic import Field

from protocol.base import Message, Name
from protocol.worker.requests import Lane

RunState = Literal["queued", "running", "paused", "done", "error", "cancelled", "cut"]

ENDED: tuple[RunState, ...] = ("done", "error", "cancelled", "cut")


class RunSummary(Message):
    """`saved`: a finding holds it, so it is not deleted after a day.

    kind      of its request: "generate", or which study
    attempt   how often it was begun. A background run that was interrupted is made again: a generate run from its
              beginning, so that frames count from 0 again; a study from where it was
    progress  share of the answers and controls, or of the study's steps, that are whole, 0 to 1
    """

    id: str
    state: RunState
    lane: Lane
    kind: Name
    model: Name
    created: str
    request_sha256: str
    attempt: int
    n_frames: int
    progress: float = Field(ge=0, le=1)
    saved: bool
