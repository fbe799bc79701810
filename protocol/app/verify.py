"""What checking a finding came to: its recording against the same run, made again on the worker that is here now."""

from typing import Literal

from pydantic import Field

from protocol.base import Message, Text
from protocol.refusal import Refusal
from protocol.worker.ran import ModelUsed


class Tolerance(Message):
    """By how much numbers may differ: log-probabilities and log-odds in nats; activations by a share of the larger
    of the two, and besides by this much in their own unit.

    jumps   A JumpReLU latent that comes near its threshold may be 0 one time and the threshold the next, however
            little else changes: this share of the latents that fire may do so.
    risk    a token's, between 0 and 1.
    """

    nats: float = Field(gt=0)
    activation_share: float = Field(gt=0)
    activation: float = Field(gt=0)
    jumps: float = Field(ge=0, lt=1)
    risk: float = Field(default=1e-4, gt=0)


class Drift(Message):
    """One place where recording and replay differ beyond the tolerance."""

    what: Text = Field(description="e.g. 'log-probability', 'answer token', 'prompt token'")
    where: Text = Field(description="e.g. 'arm 3 (Known entity, strength 1), answer token 2'; counted from 0")
    recorded: Text
    now: Text

    def __str__(self) -> str:
        return f"{self.where}: {self.what} was {self.recorded} and is {self.now} now."


class Verification(Message):
    """reproduced: every token is still the one that is chosen and every number is within the tolerance.
    drifted: `first` says where not. cannot_run: `refusal` says why nothing could be compared.

    largest_nats: of log-probabilities and log-odds; largest_activation: in the activation's own unit; both over all
    that was compared but for jumps, which are counted. changed: what ran differently (weights, a dictionary, the
    device), whatever the verdict.

    Of a study some of what was recorded is asked again: `pieces`, by their numbers, of n_pieces trials (of a search:
    frames of counts), drawn with `seed`.
    """

    verdict: Literal["reproduced", "drifted", "cannot_run"]
    checked: str = Field(description="UTC, ISO 8601")
    model: ModelUsed | None = Field(default=None, description="what ran now")
    tolerance: Tolerance | None = None
    n_tokens: int = Field(default=0, description="of all answers")
    n_tokens_kept: int = Field(default=0, description="how many the model still chooses, within the tolerance")
    n_pieces: int = Field(default=0, description="of a study: how many were recorded")
    pieces: tuple[int, ...] = ()
    seed: int | None = None
    n_numbers: int = 0
    n_jumps: int = Field(default=0, description="latents at their threshold that fire one time only, as tolerated")
    largest_nats: float | None = None
    largest_activation: float | None = None
    first: Drift | None = None
    n_drifts: int = 0
    changed: tuple[Text, ...] = ()
    refusal: Refusal | None = None


class Checking(Message):
    """A check that is still under way: for so many seconds, with so many frames of about n_recorded. To ask again is to
    wait for it."""

    state: Literal["checking"] = "checking"
    for_s: float
    n_frames: int
    n_recorded: int
