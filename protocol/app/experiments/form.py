"""What a form offers of a draft: fields in parts, each with the place in the draft that it writes.

A place is a path of keys, "asked.most". Bounds are read off the draft's own model, so that a form offers what the
protocol allows. Knows nothing about any experiment, and nothing about how a field looks.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, Field

from protocol.base import Message, Text
from protocol.steering import Target
from protocol.vocabulary import Role

Path = Text


class NumberField(Message):
    """paths: all are set to the same number. whole: no fractions."""

    kind: Literal["number"] = "number"
    paths: tuple[Path, ...]
    label: Text
    note: Text = ""
    min: float | None = None
    max: float | None = None
    whole: bool = True


class NumbersField(Message):
    """Numbers with spaces between."""

    kind: Literal["numbers"] = "numbers"
    path: Path
    label: Text
    note: Text = ""


class FieldOption(Message):
    """words None: what a page calls the target. Choosing it sets other fields too, and changes their notes."""

    value: Text | Target
    words: Text | None = None
    sets: dict[Path, Text | float | tuple[float, ...]] = Field(default={})
    notes: dict[Path, Text] = Field(default={})


class ChoiceField(Message):
    """One of several."""

    kind: Literal["choice"] = "choice"
    path: Path
    label: Text
    options: tuple[FieldOption, ...]
    note: Text = ""


class TicksField(Message):
    """Some of several, in the order of the options."""

    kind: Literal["ticks"] = "ticks"
    path: Path
    label: Text
    options: tuple[FieldOption, ...]
    note: Text = ""


class TickField(Message):
    kind: Literal["tick"] = "tick"
    path: Path
    label: Text


class PushField(Message):
    """A push of the draft: its target by name, its strength with its unit in `note`, and where if there are `places`.
    optional: it may be left out, which is null."""

    kind: Literal["push"] = "push"
    path: Path
    role: Role
    optional: bool
    note: Text
    places: tuple[FieldOption, ...] = ()


class WordsField(Message):
    """Words without a control. target: stands before them with the mark of its role, named as a page calls it."""

    kind: Literal["words"] = "words"
    words: Text
    role: Role = "other"
    target: Target | None = None


FormField = Annotated[
    NumberField | NumbersField | ChoiceField | TicksField | TickField | PushField | WordsField,
    Field(discriminator="kind"),
]


class FormPart(Message):
    title: Text
    fields: tuple[FormField, ...]


def number_field(draft: type[Message], *paths: Path, label: str, note: str = "", whole: bool = True) -> NumberField:
    low, high = bounds(draft, paths[0])
    return NumberField(paths=paths, label=label, note=note, min=low, max=high, whole=whole)


def options(words: Mapping[Any, str]) -> tuple[FieldOption, ...]:
    return tuple(FieldOption(value=value, words=said) for value, said in words.items())


def same_words(values: tuple[str, ...]) -> tuple[FieldOption, ...]:
    """Whose words are their values."""
    return options({value: value for value in values})


def bounds(model: type[BaseModel], path: Path) -> tuple[float | None, float | None]:
    """The least and the greatest number that the model takes there."""
    first, _, rest = path.partition(".")
    field = model.model_fields[first]
    if rest:
        return bounds(next(one for one in (field.annotation, *get_args(field.annotation)) if _is_model(one)), rest)
    found = {name: getattr(one, name) for one in field.metadata for name in ("ge", "le") if hasattr(one, name)}
    return found.get("ge"), found.get("le")


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)
