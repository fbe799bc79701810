"""How a run stands."""

from typing import Literal

from pydantic import Field

from protocol.base import Message

RunState = Literal["queued", "running", "done", "error", "cancelled", "cut"]
Lane = Literal["interactive", "background"]

ENDED: tuple[RunState, ...] = ("done", "error", "cancelled", "cut")


class RunSummary(Message):
    """`saved`: a finding holds it, so it is not deleted after a day.

    attempt   how often it was begun. A background run that was interrupted is made again from its beginning: frames
              count from 0 again
    progress  share of the answers and controls that are whole, 0 to 1
    """

    id: str
    state: RunState
    lane: Lane
    created: str
    request_sha256: str
    attempt: int
    n_frames: int
    progress: float = Field(ge=0, le=1)
    saved: bool
