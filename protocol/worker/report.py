"""What was measured on a model when it was made: the `report.json` beside its card.

Words and numbers only; knows nothing of how they were measured, and the pages nothing of what they mean.
"""

from typing import Self

from pydantic import Field, model_validator

from protocol.base import Message, Text


class ReportFigure(Message):
    """One number with its interval, what was wanted of it, in words and as a bound, and its control."""

    what: Text
    value: float | None = Field(description="None: not measured")
    low: float | None
    high: float | None
    n: int | None = Field(ge=0, description="how many it was counted on")
    wanted: Text = Field(description="e.g. '≥ .99'; may be empty")
    at_least: float | None = None
    at_most: float | None = None
    met: bool | None = Field(description="None: nothing was wanted, or it can't be said")
    control: Text = Field(description="what the same measure says without the cause; may be empty")


class ReportTable(Message):
    """Cells are text, already rounded."""

    title: Text
    note: Text
    columns: tuple[Text, ...]
    rows: tuple[tuple[Text, ...], ...]

    @model_validator(mode="after")
    def _rectangular(self) -> Self:
        if any(len(row) != len(self.columns) for row in self.rows):
            raise ValueError(f"a row of the table has another length than its {len(self.columns)} columns")
        return self


class Series(Message):
    """One line of a curve, one value a layer; `low` and `high` are its band."""

    name: Text
    values: tuple[float, ...]
    low: tuple[float, ...] | None
    high: tuple[float, ...] | None


class Curve(Message):
    """Lines over layers. `x` and `y` label the axes."""

    title: Text
    x: Text
    y: Text
    layers: tuple[int, ...]
    series: tuple[Series, ...]

    @model_validator(mode="after")
    def _one_value_a_layer(self) -> Self:
        n = len(self.layers)
        for line in self.series:
            if any(part is not None and len(part) != n for part in (line.values, line.low, line.high)):
                raise ValueError(f"a series of the curve has another length than its {n} layers")
        return self


class Dialogue(Message):
    """One question and the whole greedy answer, as an example of its group."""

    group: Text
    question: Text
    answer: Text
    verdict: Text
    truth: Text = Field(description="may be empty")


class ModelReport(Message):
    """`measured` is an ISO date; `seconds` is how long measuring took on `hardware`."""

    measured: Text = Field(pattern=r"^\d{4}-\d{2}-\d{2}")
    hardware: Text
    seconds: float = Field(ge=0)
    figures: tuple[ReportFigure, ...]
    tables: tuple[ReportTable, ...]
    curves: tuple[Curve, ...]
    dialogues: tuple[Dialogue, ...]
