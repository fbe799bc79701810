"""What of a figure is drawn in one go, and its panels, as static/study/figures/series.js has them. Knows no Plotly."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.exports.study.looks import looks_of
from app.wording.cells import cell_text
from protocol.looks import RoleLook, role_of
from protocol.worker.study_frames import Cell, Figure, Plot

FigureRow = tuple[Cell, ...]
FigureRows = Sequence[FigureRow]


@dataclass(frozen=True)
class SeriesPart:
    """FigureRows of a series that have one role."""

    name: str
    role: str
    look: RoleLook


@dataclass(frozen=True)
class FigureSeries:
    """By the series column, else by the role column. It may have several roles, bars in every row, other forms in
    every panel: `parts` are those, each with a look of its own."""

    name: str
    parts: tuple[SeriesPart, ...]
    value: Cell
    column: int | None
    role_column: int | None

    def rows(self, rows: FigureRows) -> list[FigureRow]:
        return [row for row in rows if _cell(row, self.column) == self.value]

    def part_of(self, row: FigureRow) -> SeriesPart:
        role = _role(row, self.role_column)
        return next((part for part in self.parts if part.role == role), self.parts[0])


def series_of(figure: Figure, plot: Plot) -> list[FigureSeries]:
    column = plot.role if plot.series is None else plot.series
    panels = grouped(figure.rows, plot.panel).values()
    roles: dict[Cell, list[str]] = {}
    for value, own in grouped(figure.rows, column).items():
        firsts = (next((row for row in panel if _cell(row, column) == value), None) for panel in panels)
        telling = own if plot.form == "bars" else [row for row in firsts if row is not None]
        roles[value] = list(dict.fromkeys(_role(row, plot.role) for row in telling))
    looks = iter(looks_of(role for mine in roles.values() for role in mine))
    series = []
    for value, mine in roles.items():
        name = "" if value is None else cell_text(value)
        parts = tuple(SeriesPart(_called(name, role, mine, plot), role, next(looks)) for role in mine)
        series.append(FigureSeries(name, parts, value, column, plot.role))
    return series


def _called(name: str, role: str, roles: list[str], plot: Plot) -> str:
    if len(roles) == 1:
        return name
    return role if plot.form == "bars" else f"{name}, {role}"


def panels_of(figure: Figure, plot: Plot) -> list[tuple[str, FigureRows]]:
    """Each with its name, "" where there is one only."""
    panels = grouped(figure.rows, plot.panel)
    return [("" if plot.panel is None else cell_text(value), rows) for value, rows in panels.items()]


def grouped(rows: FigureRows, column: int | None) -> dict[Cell, list[FigureRow]]:
    """By the values of a column, in the order in which they come; all under None where there is no such column."""
    groups: dict[Cell, list[FigureRow]] = {}
    for row in rows:
        groups.setdefault(_cell(row, column), []).append(row)
    return groups


def _cell(row: FigureRow, column: int | None) -> Cell:
    return None if column is None else row[column]


def _role(row: FigureRow, column: int | None) -> str:
    return role_of(_cell(row, column))
