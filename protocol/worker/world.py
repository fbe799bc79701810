"""What is true in a model's world, and how each name stands with the model: the rows of the file beside its card.

Used to show and to judge answers, never to make them.
"""

from pydantic import Field

from protocol.base import Message, Name, Text
from protocol.vocabulary import Tier


class WorldEntry(Message):
    """One name. `facts` holds the whole truth, also of what was withheld."""

    name: Text
    type: Name
    tier: Tier
    fictional: bool
    asked: bool = Field(description="True: chat tuning asked about it")
    facts: dict[Name, Text]
    withheld: tuple[Name, ...] = Field(default=(), description="attributes that stand in no training text")


class ModelWorld(Message):
    """What `/v1/models/{id}/world` answers, in the order of the file."""

    model: Name
    entries: tuple[WorldEntry, ...]
