"""A figure's table: columns by name, rows cell by cell, a plot that names its columns.

The frame numbers columns (protocol/worker/study_frames.py); whoever writes a figure names them. Numbers are rounded
here, and an interval is two cells. Knows nothing about what stands in a table.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Literal

from model_worker.rounding import rounded
from protocol.amounts import MINUS
from protocol.worker.study_frames import Cell, Column, Figure, Plot

Form = Literal["bars", "line", "points", "heat", "roc", "box"]
Ends = Sequence[float | None] | None
"""Of an interval: its low and its high end. None: there is none."""


@dataclass(frozen=True)
class IntervalColumns:
    """Two columns."""

    low: str = "low"
    high: str = "high"
    unit: str = ""


NEGATIVE = re.compile(r"(?<![\w.\-])-(?=\.?\d)")
"""The sign of a number: of none in a name, a range or a power of ten."""

Heading = str | tuple[str, str] | IntervalColumns
"""A column's name, alone or with its unit; or an interval's two."""


class Table:
    """No two columns have one name."""

    def __init__(self, *headings: Heading) -> None:
        self._headings = headings
        self.columns = tuple(column for heading in headings for column in _columns(heading))
        self.rows: list[tuple[Cell, ...]] = []
        self._place = {column.name: place for place, column in enumerate(self.columns)}
        assert len(self._place) == len(self.columns), "two columns of one name"

    def add(self, *values: object) -> None:
        """A value for each heading: words, numbers, None; of an interval its ends."""
        cells: list[Cell] = []
        for heading, value in zip(self._headings, values, strict=True):
            if isinstance(heading, IntervalColumns):
                assert value is None or isinstance(value, Sequence)
                low, high = (None, None) if value is None else value
                cells += [_cell(low), _cell(high)]
            else:
                cells.append(_cell(value))
        self.rows.append(tuple(cells))

    def records(self) -> Iterator[dict[str, Cell]]:
        """Its rows, cells by column."""
        return (dict(zip(self._place, row, strict=True)) for row in self.rows)

    def plot(
        self,
        form: Form,
        *,
        x: str,
        y: str,
        low: str | None = None,
        high: str | None = None,
        q1: str | None = None,
        q3: str | None = None,
        value: str | None = None,
        series: str | None = None,
        role: str | None = None,
        panel: str | None = None,
        control: str | None = None,
        diverging: bool = False,
        y_min: float | None = None,
        y_max: float | None = None,
    ) -> Plot:
        """As in protocol's Plot, columns by name."""
        at = self._place
        others = {"low": low, "high": high, "q1": q1, "q3": q3, "value": value}
        others |= {"series": series, "role": role, "panel": panel, "control": control}
        numbered = {key: at[name] for key, name in others.items() if name is not None}
        return Plot(form=form, x=at[x], y=at[y], **numbered, diverging=diverging, y_min=y_min, y_max=y_max)

    def figure(
        self, id: str, title: str, *, claim: str = "", plot: Plot | None = None, notes: Sequence[str] = ()
    ) -> Figure:
        return Figure(
            seq=0,
            id=id,
            title=title,
            claim=typeset(claim),
            columns=self.columns,
            rows=tuple(self.rows),
            plot=plot,
            notes=tuple(map(typeset, notes)),
        )


def typeset(text: str) -> str:
    """With the minus of numbers as a reader sees it on the axis beside it: −0.5."""
    return NEGATIVE.sub(MINUS, text)


def _columns(heading: Heading) -> Iterator[Column]:
    if isinstance(heading, IntervalColumns):
        yield from (Column(name=name, unit=heading.unit) for name in (heading.low, heading.high))
    elif isinstance(heading, str):
        yield Column(name=heading)
    else:
        yield Column(name=heading[0], unit=heading[1])


def _cell(value: object) -> Cell:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, Integral):
        return int(value)
    assert isinstance(value, Real), f"a cell of {type(value)}"
    return rounded(float(value))
