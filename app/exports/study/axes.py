"""The axes of a figure's plots, as Plotly takes them: what static/study/figures/axes.js draws, but for what depends on
how wide the reader's page is, which is left to Plotly."""

from typing import Any

from app.exports.study.series import FigureRows, grouped
from app.wording.cells import cell_text, escaped, head_of, is_numeric
from protocol.worker.study_frames import Figure, Plot

SHARE_UNITS = [0, 0.25, 0.5, 0.75, 1]
Axis = dict[str, Any]


def axis(
    figure: Figure, plot: Plot, panel: FigureRows, column: int, colour: dict[str, str], *, zero: bool = False
) -> Axis:
    """Of a column of numbers. `zero`: it begins there."""
    base: Axis = {
        "fixedrange": True,
        "zeroline": True,
        "zerolinecolor": colour["rule-2"],
        "zerolinewidth": 1,
        "gridcolor": colour["rule"],
        "title": {"text": escaped(head_of(figure.columns[column]))},
        "automargin": True,
    }
    is_y = column == plot.y
    least, most = (plot.y_min, plot.y_max) if is_y else (None, None)
    foot = 0.01 if zero else 0.03  # what lies on the axis is not cut
    unit = figure.columns[column].unit
    low, high = _extent(figure.rows, (column, plot.low, plot.high), zero=True)
    if unit == "share" and (least or 0) == 0 and most in (None, 1) and low >= 0 and high <= 1:
        return base | {"range": [-foot, 1.03], "tickvals": SHARE_UNITS}
    if not is_y:
        low, high = _extent(figure.rows, (column,), zero=False)
        room = 0.05 * (high - low or 1)
        return (
            base | _whole(figure.rows, column) | ({} if plot.form == "bars" else {"range": [low - room, high + room]})
        )
    # Without a unit the panels are of different things, and each has an axis of its own.
    rows = figure.rows if unit else panel
    low, high = _extent(rows, (column, plot.low, plot.high, plot.q1, plot.q3), zero=zero)
    room = high - low or 1
    ends = [
        low - (foot if low == 0 else 0.06) * room if least is None else least,
        high + (foot if high == 0 else 0.06) * room if most is None else most,
    ]
    return base | {"nticks": 6, "range": ends}


def word_axis(figure: Figure, column: int) -> Axis:
    """The words of a column, in their order."""
    words = [escaped(cell_text(value)) for value in grouped(figure.rows, column)]
    return {
        "type": "category",
        "fixedrange": True,
        "showgrid": False,
        "categoryorder": "array",
        "categoryarray": words,
        "title": {"text": escaped(head_of(figure.columns[column]))},
        "automargin": True,
    }


def x_axis(figure: Figure, plot: Plot, panel: FigureRows, colour: dict[str, str], *, lines: bool) -> Axis:
    if not is_numeric(figure, plot.x):
        return word_axis(figure, plot.x)
    return axis(figure, plot, panel, plot.x, colour) | {"showgrid": lines}


def _whole(rows: FigureRows, column: int) -> Axis:
    """Layers, heads and the like stand at whole numbers."""
    values = list(grouped(rows, column))
    few = len(values) < 14 and all(isinstance(value, int | float) and float(value).is_integer() for value in values)
    return {"tickvals": values} if few else {"nticks": 8}


def _extent(rows: FigureRows, columns: tuple[int | None, ...], *, zero: bool) -> tuple[float, float]:
    cells = (row[column] for column in columns if column is not None for row in rows)
    values = [cell for cell in cells if isinstance(cell, int | float)] + ([0] if zero else [])
    if not values:
        return 0, 1
    low, high = min(values), max(values)
    return (0, 1) if low == high == 0 else (low, high)
