"""Which questions a study puts: of which names, about what. Knows no study."""

from typing import Literal

from pydantic import Field

from protocol.base import Message, Name, NotAllowed, Text
from protocol.vocabulary import Split
from protocol.worker.names import Names, WorldNames


class Asked(Message):
    """Which questions are put: names of one part of the set, a question each or one for every attribute."""

    names: Names = WorldNames(most=100)
    split: Split | Literal["all"] = "test"
    groups: tuple[Text, ...] = Field(default=(), max_length=10, description="labels and tiers; none: all of them")
    most: int = Field(default=25, ge=1, le=1_000, description="prompts of each type and group (known, unknown, tier)")
    attributes: tuple[Name, ...] = Field(default=(), max_length=20, description="none: all that the type has")
    per_name: Literal["one", "all"] = Field(default="one", description="one attribute of a name, drawn by hash; or all")


def too_few_samples(k: int, n_samples: int) -> NotAllowed:
    return NotAllowed(
        f"{k} of {n_samples} samples are to be right.", f"{n_samples} can be.", "Lower k, or take more samples."
    )
