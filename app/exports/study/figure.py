"""A study's figure as Plotly figures, by plotly for Python, one for each panel: what static/study/figures draws.

Plotly is imported when the first one is made. Knows the table and how it is to be drawn, and no study.
"""

from typing import TYPE_CHECKING, Any

from app.exports.palette import Scheme, palette
from app.exports.study.axes import SHARE_UNITS, axis, word_axis, x_axis
from app.exports.study.looks import looks_of
from app.exports.study.series import FigureRow, FigureRows, FigureSeries, SeriesPart, grouped, panels_of, series_of
from app.wording.cells import cell_text, escaped, head_of, is_numeric
from protocol.looks import RoleLook, role_of
from protocol.worker.study_frames import Cell, Column, Figure, Plot

if TYPE_CHECKING:
    from plotly.graph_objects import Figure as Drawn

MOST_PANELS = 12
Colours = dict[str, str]
Trace = dict[str, Any]


def plots_of(figure: Figure, scheme: Scheme) -> list[tuple[str, "Drawn"]]:
    """Each with its panel's name, which is "" where there is one only; none for a table that is not drawn."""
    plot = figure.plot
    if plot is None or not figure.rows:
        return []
    return [(name, _drawn(figure, plot, rows, scheme)) for name, rows in panels_of(figure, plot)[:MOST_PANELS]]


def _drawn(figure: Figure, plot: Plot, panel: FigureRows, scheme: Scheme) -> "Drawn":
    import plotly.graph_objects as go

    colour = palette(scheme)
    layout = {
        "template": "none",
        "dragmode": False,
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        "margin": {"l": 64, "r": 24, "t": 28, "b": 64},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": "system-ui, sans-serif", "size": 12, "color": colour["ink-3"]},
        "hoverlabel": {
            "bgcolor": colour["surface"],
            "bordercolor": colour["rule-2"],
            "font": {"color": colour["ink"]},
        },
    }
    if plot.form == "heat":
        data, own = _heat(figure, plot, panel, colour)
        return go.Figure(data, layout | own)
    series = series_of(figure, plot)
    data = _FORMS[plot.form](figure, plot, panel, [one for one in series if one.rows(panel)], colour)
    unit = {"range": [-0.03, 1.03], "tickvals": SHARE_UNITS} if plot.form == "roc" else {}
    axes = {
        "xaxis": x_axis(figure, plot, panel, colour, lines=plot.form in ("bars", "points", "roc")) | unit,
        "yaxis": axis(figure, plot, panel, plot.y, colour, zero=plot.form == "bars") | unit,
    }
    gaps = {
        "bars": {"barmode": "group", "bargap": 0.3, "bargroupgap": 0.08},
        "box": {"boxmode": "group", "boxgap": 0.35, "boxgroupgap": 0.25},
    }
    named = len(series) > 1 or len(series[0].parts) > 1 or bool(series[0].name)
    return go.Figure(data, layout | axes | gaps.get(plot.form, {}) | {"showlegend": named})


def _bars(figure: Figure, plot: Plot, panel: FigureRows, series: list[FigureSeries], colour: Colours) -> list[Trace]:
    """A part is a trace, so that it stands in the legend; those of one series share its place in the group. Where no
    series has several, Plotly finds the places: bars that nothing stands beside are in the middle."""
    shared = any(len(one.parts) > 1 for one in series)
    return [
        {
            "type": "bar",
            "name": escaped(cell_text(part.name)),
            **({"offsetgroup": str(place)} if shared else {}),
            "x": _xs(figure, plot, own),
            "y": _column(own, plot.y),
            "error_y": _interval(plot, own, colour),
            "marker": _filled(part.look, colour),
            **_hover(figure, own),
        }
        for place, one in enumerate(series)
        for part in one.parts
        if (own := [row for row in one.rows(panel) if one.part_of(row) is part])
    ]


def _line(figure: Figure, plot: Plot, panel: FigureRows, series: list[FigureSeries], colour: Colours) -> list[Trace]:
    data: list[Trace] = []
    for one in sorted(series, key=lambda one: one.parts[0].role != "control"):  # effects over their controls
        own, part = _with_part(one, panel)
        hue, xs = colour[part.look.fill], _xs(figure, plot, own)
        if plot.low is not None and plot.high is not None:
            edge = {"type": "scatter", "x": xs, "mode": "lines", "line": {"width": 0}, "hoverinfo": "skip"}
            fill = colour["band"] if one.parts[0].role == "control" else _faint(hue, 0.16)
            data.append({**edge, "y": _column(own, plot.high), "showlegend": False})
            filled = {"fill": "tonexty", "fillcolor": fill}
            data.append({**edge, "y": _column(own, plot.low), "showlegend": False, **filled})
        data.append(
            {
                "type": "scatter",
                "x": xs,
                "y": _column(own, plot.y),
                "name": escaped(cell_text(part.name)),
                "mode": "lines+markers",
                "line": {"color": hue, "width": 2, "dash": part.look.dash or "solid"},
                "marker": _marker(part.look, colour, 4 if len(own) > 40 else 7),
                "cliponaxis": False,
                **_hover(figure, own),
            }
        )
    return data


def _points(figure: Figure, plot: Plot, panel: FigureRows, series: list[FigureSeries], colour: Colours) -> list[Trace]:
    many = len(panel) > 60
    data = []
    for one in series:
        own, part = _with_part(one, panel)
        data.append(
            {
                "type": "scatter",
                "x": _xs(figure, plot, own),
                "y": _column(own, plot.y),
                "name": escaped(cell_text(part.name)),
                "mode": "markers",
                "marker": {**_marker(part.look, colour, 5 if many else 8), "opacity": 0.75 if many else 1},
                "cliponaxis": False,
                "error_y": _interval(plot, own, colour),
                **_hover(figure, own),
            }
        )
    return data


def _roc(figure: Figure, plot: Plot, panel: FigureRows, series: list[FigureSeries], colour: Colours) -> list[Trace]:
    chance = {"type": "scatter", "x": [0, 1], "y": [0, 1], "mode": "lines", "hoverinfo": "skip", "showlegend": False}
    data: list[Trace] = [{**chance, "line": {"color": colour["rule-2"], "width": 1, "dash": "2px,3px"}}]
    for one in series:
        own, part = _with_part(one, panel)
        data.append(
            {
                "type": "scatter",
                "x": _column(own, plot.x),
                "y": _column(own, plot.y),
                "name": escaped(cell_text(part.name)),
                "mode": "lines" if len(own) > 30 else "lines+markers",
                "line": {"color": colour[part.look.fill], "width": 2, "dash": part.look.dash or "solid"},
                "marker": _marker(part.look, colour, 5),
                "cliponaxis": False,
                **_hover(figure, own),
            }
        )
    return data


def _box(figure: Figure, plot: Plot, panel: FigureRows, series: list[FigureSeries], colour: Colours) -> list[Trace]:
    data = []
    for one in series:
        own, part = _with_part(one, panel)
        hue = colour[part.look.fill]
        empty = part.look.hollow or part.look.shape.endswith("open")
        data.append(
            {
                "type": "box",
                "name": escaped(cell_text(part.name)),
                "x": _xs(figure, plot, own),
                "lowerfence": _column(own, plot.low),
                "q1": _column(own, plot.q1),
                "median": _column(own, plot.y),
                "q3": _column(own, plot.q3),
                "upperfence": _column(own, plot.high),
                "line": {"color": hue, "width": 1.5},
                "fillcolor": colour["bg"] if empty else _faint(hue, 0.3),
                "whiskerwidth": 0.4,
                "hoverinfo": "skip",
            }
        )
    return data


_FORMS = {"bars": _bars, "line": _line, "points": _points, "roc": _roc, "box": _box}


def _heat(figure: Figure, plot: Plot, panel: FigureRows, colour: Colours) -> tuple[list[Trace], dict[str, Any]]:
    """Colours mean the same in all panels."""
    unit = figure.columns[plot.value or 0]
    xs, ys = (_along(figure, column) for column in (plot.x, plot.y))
    at = {(row[plot.x], row[plot.y]): row for row in panel}
    grid = [[at.get((x, y)) for x in xs] for y in ys]
    values = [[None if row is None else row[plot.value or 0] for row in line] for line in grid]
    low, high = heat_range(figure, plot)
    stops = heat_stops(figure, plot)
    trace = {
        "type": "heatmap",
        "x": [escaped(cell_text(x)) for x in xs],
        "y": [escaped(cell_text(y)) for y in ys],
        "z": values,
        "zmin": low,
        "zmax": high,
        "colorscale": [[i / (len(stops) - 1), colour[name]] for i, name in enumerate(stops)],
        "colorbar": {"thickness": 12, "outlinewidth": 0},
        "xgap": 1,
        "ygap": 1,
        "hoverinfo": "text",
        "hovertext": [["" if row is None else _about(figure.columns, row) for row in line] for line in grid],
        "text": [["" if cell is None else cell_text(cell, unit.unit) for cell in line] for line in values],
        "texttemplate": "%{text}" if len(xs) <= 12 else "",
        "textfont": {"size": 11},
    }
    upwards = True if is_numeric(figure, plot.y) else "reversed"
    axes = {
        "xaxis": word_axis(figure, plot.x) | {"categoryarray": trace["x"]},
        "yaxis": word_axis(figure, plot.y) | {"categoryarray": trace["y"], "autorange": upwards},
        "title": {"text": escaped(head_of(unit)), "x": 0, "font": {"size": 12}},
        "height": 92 + len(ys) * (14 if len(ys) > 30 else 24),
    }
    return [trace], axes


def _along(figure: Figure, column: int) -> list[Cell]:
    """Numbers in their order, words as they come."""
    found = list(grouped(figure.rows, column))
    if not is_numeric(figure, column):
        return found
    return sorted(found, key=lambda cell: cell if isinstance(cell, int | float) else 0)


def heat_range(figure: Figure, plot: Plot) -> tuple[float, float]:
    """Lowest and highest colour, over all panels."""
    values = [cell for row in figure.rows if isinstance(cell := row[plot.value or 0], int | float)]
    if plot.diverging:
        most = max((abs(value) for value in values), default=0) or 1
        return -most, most
    return min(0, *values, 0), max(0, *values, 0) or 1


def heat_stops(figure: Figure, plot: Plot) -> list[str]:
    """The colours that it runs through, from its lowest to its highest."""
    if plot.diverging:
        return ["inhibit", "sunken", "ink"]
    roles = ["other"] if plot.role is None else list({role_of(row[plot.role]) for row in figure.rows})
    one = len(roles) == 1 and roles[0] in ("known", "unknown", "refused")
    return ["sunken", looks_of(roles)[0].fill if one else "ink-2"]


# ---- what forms share


def _with_part(series: FigureSeries, panel: FigureRows) -> tuple[list[FigureRow], SeriesPart]:
    own = series.rows(panel)
    return own, series.part_of(own[0])


def _xs(figure: Figure, plot: Plot, rows: FigureRows) -> list[Cell]:
    xs = _column(rows, plot.x)
    return xs if is_numeric(figure, plot.x) else [escaped(cell_text(x)) for x in xs]


def _column(rows: FigureRows, column: int | None) -> list[Cell]:
    return [] if column is None else [row[column] for row in rows]


def _about(columns: tuple[Column, ...], row: FigureRow) -> str:
    return "<br>".join(
        f"{escaped(column.name)} <b>{escaped(cell_text(cell, column.unit))}</b>"
        + (f" {escaped(column.unit)}" if column.unit and isinstance(cell, int | float) else "")
        for column, cell in zip(columns, row, strict=False)
    )


def _hover(figure: Figure, rows: FigureRows) -> Trace:
    return {"hoverinfo": "text", "hovertext": [_about(figure.columns, row) for row in rows]}


def _filled(look: RoleLook, colour: Colours) -> Trace:
    ground = colour["band" if look.hollow else look.fill]
    ink = colour[look.fill if look.hollow else "bg"]
    hatch = {"shape": look.hatch, "size": 6, "solidity": 0.25, "bgcolor": ground, "fgcolor": ink, "fgopacity": 0.9}
    return {"color": ground, "line": {"color": colour[look.fill], "width": 1}, "pattern": hatch}


def _marker(look: RoleLook, colour: Colours, size: int) -> Trace:
    thin = "thin" in look.shape or "asterisk" in look.shape
    edge = {"color": colour[look.fill], "width": 2 if thin else 1.5}
    return {"symbol": look.shape, "size": size + thin, "color": colour[look.fill], "line": edge}


def _interval(plot: Plot, rows: FigureRows, colour: Colours) -> Trace | None:
    if plot.low is None or plot.high is None:
        return None
    low, y, high = plot.low, plot.y, plot.high
    return {
        "type": "data",
        "symmetric": False,
        "array": [_away(row[high], row[y]) for row in rows],
        "arrayminus": [_away(row[y], row[low]) for row in rows],
        "color": colour["ink"],
        "thickness": 1.25,
        "width": 3,
    }


def _away(one: Cell, other: Cell) -> float:
    return max(0, one - other) if isinstance(one, int | float) and isinstance(other, int | float) else 0


def _faint(hue: str, alpha: float) -> str:
    red, green, blue = (int(hue[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{alpha})"
