"""A study's figure as Plotly figures, by plotly for Python, one for each panel: what static/study/figures draws.

Plotly is imported when the first one is made. Knows the table and how it is to be drawn, and no study.
"""

import html
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from app.exports.palette import Scheme, palette
from app.wording.cells import head_of
from protocol.worker.study_frames import Cell, Figure, Plot

if TYPE_CHECKING:
    from plotly.graph_objects import Figure as Drawn

ROLE_HUES = {
    "known": "known",
    "unknown": "unknown",
    "refused": "refusal",
    "right": "ink",
    "wrong": "invented",
    "invented": "invented",
    "control": "control",
    "baseline": "ink-2",
}
"""Of what a row's role names."""
OTHERS = ("ink-2", "known", "unknown", "refusal", "invented", "control")
MOST_PANELS = 12
FigureRows = Sequence[tuple[Cell, ...]]


def plots_of(figure: Figure, scheme: Scheme) -> list[tuple[str, "Drawn"]]:
    """Each with its panel's name, which is "" where there is one only; none for a table that is not drawn."""
    plot = figure.plot
    if plot is None or not figure.rows:
        return []
    if plot.panel is None:
        return [("", _drawn(figure, plot, figure.rows, scheme))]
    panels = _groups(figure.rows, plot.panel)
    return [(str(name), _drawn(figure, plot, rows, scheme)) for name, rows in list(panels.items())[:MOST_PANELS]]


def _drawn(figure: Figure, plot: Plot, rows: FigureRows, scheme: Scheme) -> "Drawn":
    import plotly.graph_objects as go

    colour, drawn = palette(scheme), go.Figure()
    groups = _groups(rows, plot.series)
    if plot.form == "heat":
        _heat(drawn, plot, rows, colour)
    else:
        for number, (name, own) in enumerate(groups.items()):
            role = str(own[0][plot.role]) if plot.role is not None else str(name)
            hue = colour[ROLE_HUES.get(role, OTHERS[number % len(OTHERS)])]
            _series(drawn, plot, own, _words(name), hue)
    quiet = {"fixedrange": True, "gridcolor": colour["rule"], "zerolinecolor": colour["rule-2"]}
    drawn.update_layout(
        template="none",
        showlegend=len(groups) > 1 and plot.form != "heat",
        barmode="group",
        boxmode="group",
        dragmode=False,
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        margin={"l": 64, "r": 24, "t": 28, "b": 64},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": "system-ui, sans-serif", "size": 12, "color": colour["ink-3"]},
        xaxis=quiet | {"title": {"text": _words(head_of(figure.columns[plot.x]))}},
        yaxis=quiet | {"title": {"text": _words(head_of(figure.columns[plot.y]))}, **_range(plot)},
    )
    return drawn


def _series(drawn: "Drawn", plot: Plot, rows: FigureRows, name: str, hue: str) -> None:
    x, y = _column(rows, plot.x), _column(rows, plot.y)
    low, high = _column(rows, plot.low), _column(rows, plot.high)
    if plot.form == "bars":
        drawn.add_bar(x=x, y=y, name=name, marker={"color": hue}, error_y=_interval(y, low, high, hue))
    elif plot.form == "box":
        fences = {"lowerfence": low, "q1": _column(rows, plot.q1), "median": y, "q3": _column(rows, plot.q3)}
        drawn.add_box(x=x, upperfence=high, name=name, marker={"color": hue}, **fences)
    elif plot.form == "points":
        marker = {"color": hue, "size": 5}
        drawn.add_scatter(x=x, y=y, name=name, mode="markers", marker=marker, error_y=_interval(y, low, high, hue))
    else:
        if low and high:
            edge = {"mode": "lines", "line": {"width": 0}, "hoverinfo": "skip", "showlegend": False}
            drawn.add_scatter(x=x, y=high, **edge)
            drawn.add_scatter(x=x, y=low, fill="tonexty", fillcolor=_faint(hue), **edge)
        drawn.add_scatter(x=x, y=y, name=name, mode="lines+markers", line={"color": hue, "width": 2})


def _heat(drawn: "Drawn", plot: Plot, rows: FigureRows, colour: dict[str, str]) -> None:
    at = {(row[plot.x], row[plot.y]): row[plot.value or 0] for row in rows}
    xs, ys = (list(dict.fromkeys(row[column] for row in rows)) for column in (plot.x, plot.y))
    scale = [[0, colour["unknown"]], [0.5, colour["bg"]], [1, colour["known"]]]
    plain = [[0, colour["bg"]], [1, colour["known"]]]
    values = [[at.get((x, y)) for x in xs] for y in ys]
    centred = {"zmid": 0, "colorscale": scale} if plot.diverging else {"colorscale": plain}
    drawn.add_heatmap(x=[_safe(x) for x in xs], y=[_safe(y) for y in ys], z=values, hoverongaps=False, **centred)


def _groups(rows: FigureRows, column: int | None) -> dict[Cell, list[tuple[Cell, ...]]]:
    groups: dict[Cell, list[tuple[Cell, ...]]] = {}
    for row in rows:
        groups.setdefault("" if column is None else row[column], []).append(row)
    return groups


def _column(rows: FigureRows, column: int | None) -> list[Any]:
    """Words made harmless: Plotly reads tags in them."""
    if column is None:
        return []
    return [_safe(row[column]) for row in rows]


def _safe(cell: Cell) -> Cell:
    return _words(cell) if isinstance(cell, str) else cell


def _interval(y: list[Any], low: list[Any], high: list[Any], hue: str) -> dict[str, Any] | None:
    if not low or not high:
        return None

    def apart(edges: list[Any]) -> list[float]:
        pairs = zip(y, edges, strict=True)
        return [abs(edge - middle) if edge is not None and middle is not None else 0 for middle, edge in pairs]

    spread = {"type": "data", "symmetric": False, "array": apart(high), "arrayminus": apart(low)}
    return spread | {"color": hue, "thickness": 1}


def _faint(hue: str) -> str:
    red, green, blue = (int(hue[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.15)"


def _range(plot: Plot) -> dict[str, Any]:
    """None leaves an end to Plotly."""
    return {} if plot.y_min is None and plot.y_max is None else {"range": [plot.y_min, plot.y_max]}


def _words(cell: Cell) -> str:
    return html.escape(str(cell))
