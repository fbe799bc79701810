"""What every message has in common: frozen, strict, and text that is safe to keep.

Knows nothing about any particular message.
"""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

JSON_LINES = "application/jsonl"
"""The media type of a stream of frames, one JSON object a line."""


class Message(BaseModel):
    """A frozen, strict pydantic model that refuses fields it does not know.

    Strict models read JSON arrays into tuples only from JSON text: use
    `model_validate_json`, never `model_validate(json.loads(...))`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False, hide_input_in_errors=True)


class NotAllowed(ValueError):
    """A message's own rule is broken: what is asked, what is allowed, what to change, a sentence each."""

    def __init__(self, asked: str, allowed: str, change: str) -> None:
        super().__init__(f"{asked} {allowed} {change}")
        self.parts = asked, allowed, change


def _storable(text: str) -> str:
    if (place := text.find("\x00")) >= 0:
        raise ValueError(
            f"its character {place + 1:,} is NUL (U+0000), which isn't seen; delete it or type the text anew"
        )
    if any("\ud800" <= c <= "\udfff" for c in text):
        raise ValueError("the text holds half of a surrogate pair; take it out or send the whole character")
    return text


def _visible(text: str) -> str:
    if not text.strip():
        raise ValueError("the text is empty; type something")
    return text


_DIRECTING = dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A)))


def undirected(text: str) -> str:
    """Without the invisible marks that turn what stands behind them around (U+202A to 202E, 2066 to 2069): a line that
    holds them isn't read as it is written, nor is what follows it. Scripts from right to left need none."""
    return text.translate(_DIRECTING)


Text = Annotated[str, AfterValidator(_storable)]
"""Any text that UTF-8 and a database can hold: no NUL, no lone surrogate."""

VisibleText = Annotated[Text, AfterValidator(_visible)]
"""A `Text` with something in it besides white space."""

Title = Annotated[Text, AfterValidator(undirected), AfterValidator(_visible)]
"""What somebody calls a thing, which stands among other words: undirected, and a `VisibleText`."""

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]*$", max_length=120)]
"""An id: of a model, a dictionary, a vector."""
