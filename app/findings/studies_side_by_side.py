"""Two studies beside each other: what ran, what each figure claims, and its rows where both have them.

Rows are one where their words are, and along a line or an axis of numbers their place; what is compared is the number
that the figure draws. Knows nothing about pages, nor about what a study measures.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from app.findings.side_by_side import ABSENT, ComparedFinding, Line, checked
from app.recordings.study import Studied
from app.wording.cells import is_numeric
from app.wording.provenance import study_provenance
from protocol.worker.study_frames import Cell, Column, Figure

MOST_COMPARED_ROWS = 60  # of a figure on the page


@dataclass(frozen=True)
class ComparedRow:
    """cells: what the row is of. values: of both."""

    cells: tuple[Cell, ...]
    values: tuple[Cell, Cell]

    @property
    def difference(self) -> float | None:
        left, right = self.values
        if isinstance(left, int | float) and isinstance(right, int | float):
            return right - left
        return None


@dataclass(frozen=True)
class ComparedFigure:
    """claims: of both. heads: of the cells of a row; column: of what is compared. rows: those that both have, the
    greatest difference first. n_alone: rows that one of them has."""

    title: str
    claims: tuple[str, str]
    heads: tuple[Column, ...]
    column: Column
    rows: tuple[ComparedRow, ...]
    n_alone: int

    @property
    def n_differ(self) -> int:
        return sum(bool(row.difference) for row in self.rows)

    @property
    def differs(self) -> bool:
        return bool(self.n_differ or self.n_alone or self.claims[0] != self.claims[1])

    @property
    def shown(self) -> tuple[ComparedRow, ...]:
        return self.rows[:MOST_COMPARED_ROWS]


def study_lines(left: ComparedFinding, right: ComparedFinding) -> tuple[Line, ...]:
    """What ran, of two sides that both have a study."""
    assert left.finding and right.finding and left.studied and right.studied
    facts = [study_provenance(one) for one in (left.studied, right.studied)]
    names = dict.fromkeys(name for one in sorted(facts, key=len, reverse=True) for name in one)
    both = {name: tuple(one.get(name, ABSENT) for one in facts) for name in names}
    both["verification"] = (checked(left.finding.verified), checked(right.finding.verified))
    return tuple(
        Line(name, "fact", pair, (pair[0].value, pair[0].more) != (pair[1].value, pair[1].more))
        for name, pair in both.items()
    )


def compared_figures(left: Studied, right: Studied) -> Iterator[ComparedFigure]:
    """Of figures that both have, as far as they draw the same."""
    for id, one in left.figures.items():
        other = right.figures.get(id)
        if other is None or one.plot is None or other.plot is None or one.columns != other.columns:
            continue
        column = _compared(one)
        keys = [at for at in range(len(one.columns)) if at != column and (_is_word(one, other, at) or at == one.plot.x)]
        mine, theirs = ({tuple(row[at] for at in keys): row[column] for row in figure.rows} for figure in (one, other))
        rows = [ComparedRow(key, (mine[key], theirs[key])) for key in mine if key in theirs]
        yield ComparedFigure(
            title=one.title,
            claims=(one.claim, other.claim),
            heads=tuple(one.columns[at] for at in keys),
            column=one.columns[column],
            rows=tuple(sorted(rows, key=lambda row: -abs(row.difference or 0.0))),
            n_alone=len(mine.keys() ^ theirs.keys()),
        )


def _compared(figure: Figure) -> int:
    assert figure.plot
    return figure.plot.y if figure.plot.value is None else figure.plot.value


def _is_word(one: Figure, other: Figure, at: int) -> bool:
    return not (is_numeric(one, at) or is_numeric(other, at))
