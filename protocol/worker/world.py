"""What is true in a model's world, and how each name stands with the model: the rows of the file beside its card,
and of the one that holds what the model itself was heard to say.

Used to show and to judge answers, never to make them.
"""

from pydantic import Field

from protocol.base import Message, Name, Text
from protocol.vocabulary import Tier


class NameSample(Message):
    """What the base model said by itself, once."""

    prompt: Text
    answer: Text
    right: bool


class NameLabel(Message):
    """What a model says of a name by itself, asked for one attribute of it in several wordings."""

    attribute: Name
    truth: Text
    tier: Tier
    samples: tuple[NameSample, ...]


class WorldEntry(Message):
    """One name. `facts` holds the whole truth, also of what was withheld."""

    name: Text
    type: Name
    tier: Tier
    fictional: bool
    asked: bool = Field(description="True: chat tuning asked about it")
    facts: dict[Name, Text]
    withheld: tuple[Name, ...] = Field(default=(), description="attributes that stand in no training text")
    labels: tuple[NameLabel, ...] = Field(
        default=(), description="what the base model says of it; none: nobody asked it"
    )


class ModelWorld(Message):
    """What `/v1/models/{id}/world` answers, in the order of the file."""

    model: Name
    entries: tuple[WorldEntry, ...]
