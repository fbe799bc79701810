"""A finding as a very small picture for lists: numbers between 0 and 1, whoever draws them.

Of a question its dose and response beside the random band, of a study its first figure that has a plot, of a circuit
its groups where they are in prompt and model, without groups its strongest nodes. Knows no page.
"""

from collections.abc import Sequence
from math import isfinite

from app.recordings.arms import Recorded
from app.recordings.circuit import DrawnCircuit, inhibits, is_outside
from app.recordings.dose import domain, dose_points
from app.recordings.study import Studied
from protocol.app.findings import Sketch, SketchArrow, SketchPoint, View
from protocol.circuit import GROUP_ROLES, GroupRole
from protocol.looks import NO_ROLE_LOOK, ROLE_LOOKS, role_of
from protocol.worker.study_frames import Cell, Figure

MOST_POINTS = 24
LEAST_LOGODDS = 4.7  # a curve's axis shows at least odds of 1 to 110, either way
MOST_NODES = 12
_DIGITS = 3
_PLACES: dict[GroupRole, float] = {"which_name": 0.1, "not_recognised": 0.4, "recognised": 0.55, "rest": 0.3}
_PLACES |= {"cant_answer": 0.85, "say_answer": 1.0}


def run_sketch(recorded: Recorded, view: View) -> Sketch | None:
    """None where nothing was swept, or nothing was measured."""
    sweep = recorded.sweep_of(view)
    points = dose_points(recorded, sweep) if sweep is not None else ()
    if len(points) < 2:
        return None
    bands = [(own.low, own.high) if (own := point.control) else (point.logodds,) * 2 for point in points]
    most = max(LEAST_LOGODDS, *(abs(point.logodds) for point in points), *(abs(end) for band in bands for end in band))
    low, high = domain(points)
    has_band = any(point.control for point in points)
    shown = recorded.arm_of(view)
    return Sketch(
        form="curve",
        points=tuple(
            SketchPoint(
                x=_share(point.strength, low, high),
                y=_share(point.logodds, -most, most),
                low=_share(band[0], -most, most) if has_band else None,
                high=_share(band[1], -most, most) if has_band else None,
            )
            for point, band in zip(points, bands, strict=True)
        ),
        at=next((i for i, point in enumerate(points) if point.arm == shown), None),
    )


def study_sketch(studied: Studied) -> Sketch | None:
    for figure in studied.figures.values():
        if found := _of_figure(figure):
            return found
    return None


def circuit_sketch(drawn: DrawnCircuit) -> Sketch | None:
    """From the prompt's beginning to its end, and from the lowest group to the highest; arrows whose measured share
    lies outside what random directions did. None where nothing is told."""
    groups = [group for group in drawn.groups if group.role not in ("rest", "end_neither")]
    if not groups:
        last = max((one.layer for one in drawn.layers), default=0) or 1
        strongest = sorted(range(len(drawn.nodes)), key=lambda n: -abs(drawn.nodes[n].effect))[:MOST_NODES]
        n_columns = max(1, len(drawn.opening.columns) - 1)
        points = [
            SketchPoint(
                x=round(drawn.nodes[n].column / n_columns, _DIGITS),
                y=round(drawn.layer_of[n] / last, _DIGITS),
                hue=_hue_of(drawn.nodes[n].role),
            )
            for n in strongest
        ]
        return Sketch(form="groups", points=tuple(points)) if points else None
    numbers = {group.id: number for number, group in enumerate(groups)}
    low, high = (edge(sum(group.layers) for group in groups) for edge in (min, max))
    return Sketch(
        form="groups",
        points=tuple(
            SketchPoint(
                x=_PLACES.get(group.role, 0.5),
                y=_share(sum(group.layers), low, high),
                hue=_hue_of(group.role),
            )
            for group in groups
        ),
        arrows=tuple(
            SketchArrow(source=numbers[arrow.source], target=numbers[arrow.target], inhibits=inhibits(drawn, arrow))
            for arrow in drawn.arrows
            if arrow.source in numbers and arrow.target in numbers and is_outside(arrow)
        ),
    )


def _hue_of(role: GroupRole | None) -> str:
    hue = GROUP_ROLES[role].hue if role else "ink"
    return "ink" if hue.startswith("ink") else hue


def _of_figure(figure: Figure) -> Sketch | None:
    plot = figure.plot
    if plot is None or not figure.rows:
        return None
    column = plot.y if plot.value is None else plot.value
    is_line = plot.form in ("line", "roc")
    series = plot.role if plot.series is None else plot.series
    first = figure.rows[0]
    alike = [one for one in (plot.panel, series if is_line else None) if one is not None]
    rows = [row for row in figure.rows if all(row[one] == first[one] for one in alike)]
    rows = [row for row in rows if _number(row[column]) is not None][:MOST_POINTS]
    values = [_number(row[column]) or 0.0 for row in rows]
    if len(values) < 2:
        return None
    low, high = min(0.0, *values), max(values)
    if plot.y_max is not None:
        high = max(high, plot.y_max)
    along = [_number(row[plot.x]) for row in rows] if is_line else []
    xs = _places(along) if along and all(x is not None for x in along) else _places(range(len(rows)))
    return Sketch(
        form="curve" if is_line else "bars",
        points=tuple(
            SketchPoint(x=x, y=_share(value, low, high), hue=_hue(row[plot.role] if plot.role is not None else None))
            for x, value, row in zip(xs, values, rows, strict=True)
        ),
    )


def _places(values: Sequence[float | None]) -> list[float]:
    found = [value for value in values if value is not None]
    return [_share(value, min(found), max(found)) for value in found]


def _hue(cell: Cell) -> str:
    """A class of static/look/marks.css; what is of no hue is ink."""
    name = ROLE_LOOKS.get(role_of(cell), NO_ROLE_LOOK).fill
    return "ink" if name.startswith("ink") else name.removesuffix("-fill")


def _number(cell: Cell) -> float | None:
    return float(cell) if isinstance(cell, int | float) and isfinite(cell) else None


def _share(value: float, low: float, high: float) -> float:
    return round((value - low) / (high - low), _DIGITS) if high > low else 0.5
