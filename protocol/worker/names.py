"""Sets of names that a study reads or asks about: from the model's world, or the reader's own.

A set is told to a worker as it is; which names are taken, their split and their lengths come back (study_frames).
"""

import math
from typing import Annotated, Literal, Self, get_args

from pydantic import Field, model_validator

from protocol.base import Message, Name, NotAllowed, Text, VisibleText
from protocol.vocabulary import (
    MAX_NAME_CHARACTERS,
    MAX_NAMES,
    MAX_TEMPLATE_CHARACTERS,
    MAX_TYPE_CHARACTERS,
    SPLITS,
    Label,
    Split,
)

LABELS: tuple[Label, ...] = get_args(Label)


class GivenName(Message):
    """A reader's own. `label`: what the reader says, or what a labelling found; None: not known yet, so it is left out
    where known is held against unknown. `facts`: attribute -> the truth, used to judge answers, never to make them."""

    name: VisibleText = Field(max_length=MAX_NAME_CHARACTERS)
    type: Name = Field(default="entity", max_length=MAX_TYPE_CHARACTERS)
    label: Label | None = None
    facts: dict[Name, Text] = Field(default={}, max_length=20)

    @property
    def identity(self) -> tuple[str, str]:
        """What may stand once in a set. The same name with other accents is another text to a model, and may."""
        return self.type, " ".join(self.name.casefold().split())


class _Names(Message):
    match_lengths: bool = Field(
        default=True,
        description="of each type and each length in tokens as many known as unknown names; the rest is left out. "
        "Invented names of other lengths than real ones would be told apart by that alone",
    )
    seed: int = Field(default=42, ge=0, lt=2**31, description="deals the splits, and draws where names are left out")


class WorldNames(_Names):
    """Names of the model's own world: tier known is labelled known, tier unknown unknown, the others neither."""

    kind: Literal["world"] = "world"
    types: tuple[Name, ...] = Field(default=(), max_length=20, description="none: all")
    most: int | None = Field(default=None, ge=2, le=MAX_NAMES, description="of each type and tier; None: all")


class GivenNames(_Names):
    """The reader's own names. A name may stand once in a type."""

    kind: Literal["given"] = "given"
    names: tuple[GivenName, ...] = Field(min_length=2, max_length=MAX_NAMES)

    @model_validator(mode="after")
    def _are_distinct(self) -> Self:
        seen: set[tuple[str, str]] = set()
        for number, one in enumerate(self.names, 1):
            if one.identity in seen:
                raise ValueError(f"name number {number} stands twice in its type; leave one out")
            seen.add(one.identity)
        return self


Names = Annotated[WorldNames | GivenNames, Field(discriminator="kind")]


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


class NamesRequest(Message):
    """Look at a set before a study is begun."""

    kind: Literal["names"] = "names"
    model: Name
    names: Names
    template: Text | None = Field(default=None, max_length=MAX_TEMPLATE_CHARACTERS, description="as in DiscoverRequest")


class NamesText(Message):
    """Names as somebody pasted them, to be looked at before a study is begun.

    text   CSV (comma, semicolon or tab) whose header has a column `name`, and may have `type` and `label`; any other
           column is a fact. Or names, one a line, without a header. None: the names of the model's own world
    type   of the names that tell none; label likewise
    """

    model: Name
    text: Text | None = None
    type: Name = Field(default="entity", max_length=MAX_TYPE_CHARACTERS)
    label: Label | None = None
    template: Text | None = Field(default=None, max_length=MAX_TEMPLATE_CHARACTERS, description="as in DiscoverRequest")


def dealt(n: int) -> dict[Split, int]:
    """How many of the n names of a type and group each split is dealt, in the order in which they are dealt."""
    sizes: dict[Split, int] = {}
    share = 0.0
    for split in get_args(Split):
        share += SPLITS[split].share
        sizes[split] = math.ceil(share * n) - sum(sizes.values())
    return sizes
