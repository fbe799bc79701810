"""Dose and response as a Plotly figure, by plotly for Python: what the page's curve shows, with words on hovering.

Plotly is imported when the first figure is made.
"""

import html
import math
from typing import TYPE_CHECKING

from app.exports.palette import Scheme, palette
from app.recordings.arms import Recorded
from app.recordings.dose import DosePoint, band, domain, dose_points, monotone, sigmoid, untouched
from app.wording.numbers import probability
from app.wording.words import amount_in
from protocol.vocabulary import OUTCOMES, UNITS

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

TICKS = (1e-6, 1e-4, 0.001, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999, 0.9999, 0.999999)
MAX_HOVERED = 120  # characters of an answer


def dose_figure(recorded: Recorded, sweep: int, arm: int, scheme: Scheme) -> "Figure":
    """The scale is the log-odds, labelled with probabilities. Marks `arm` where the sweep has it."""
    import plotly.graph_objects as go

    points, colour = dose_points(recorded, sweep), palette(scheme)
    figure = go.Figure()
    control = band(points)
    xs = [x for x, _ in control]
    thin = {"color": colour["control-fill"], "width": 0.75}
    quiet = {"mode": "lines", "hoverinfo": "skip"}
    if control:
        figure.add_scatter(x=xs, y=[own.high for _, own in control], line=thin, **quiet)
        figure.add_scatter(
            x=xs, y=[own.low for _, own in control], line=thin, fill="tonexty", fillcolor=colour["band"], **quiet
        )
        mean = {"color": colour["control"], "width": 1.5, "dash": "3px,3px"}
        figure.add_scatter(x=xs, y=[own.mean for _, own in control], line=mean, **quiet)
    x, y = monotone([point.strength for point in points], [point.logodds for point in points])
    figure.add_scatter(x=x, y=y, line={"color": colour["refusal"], "width": 2.5}, cliponaxis=False, **quiet)
    figure.add_scatter(
        x=[point.strength for point in points],
        y=[point.logodds for point in points],
        mode="markers",
        cliponaxis=False,
        marker={
            "opacity": 1,
            "size": [12 if point.arm == arm else 7 for point in points],
            "color": [colour["refusal"] if point.arm == arm else colour["bg"] for point in points],
            "line": {"color": colour["refusal"], "width": 1.75},
        },
        text=[_hover(recorded, sweep, point) for point in points],
        hovertemplate="%{text}<extra></extra>",
    )
    low, high = _range(points)
    ticks = [logodds for p in TICKS if low <= (logodds := math.log(p / (1 - p))) <= high]
    begin, end = domain(points)
    steering = recorded.start.request.sweeps[sweep]
    figure.update_layout(
        template="none",
        showlegend=False,
        hovermode="closest",
        dragmode=False,
        margin={"l": 56, "r": 24, "t": 8, "b": 44},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": "system-ui, sans-serif", "size": 12, "color": colour["ink-3"]},
        hoverlabel={
            "bgcolor": colour["surface"],
            "bordercolor": colour["rule-2"],
            "font": {"color": colour["ink"]},
            "align": "left",
        },
        xaxis={
            "range": [begin - 0.02 * (end - begin), end + 0.02 * (end - begin)],
            "title": {"text": f"strength, {UNITS[steering.measured_in].name}"},
            "fixedrange": True,
            "showgrid": False,
            "zeroline": False,
        },
        yaxis={
            "range": [low, high],
            "tickvals": ticks,
            "ticktext": [f"{sigmoid(tick):.6g} " for tick in ticks],
            "fixedrange": True,
            "gridcolor": colour["rule"],
            "zerolinecolor": colour["rule-2"],
            "zerolinewidth": 1,
        },
    )
    if steering.idle is not None:
        figure.add_vline(steering.idle, line={"color": colour["rule-2"], "width": 1})
    elif recorded.prompt:
        logodds = recorded.prompt.arms[untouched(recorded)].refusal_logodds
        figure.add_hline(logodds, line={"color": colour["refusal-fill"], "width": 1, "dash": "dot"})
    return figure


def _hover(recorded: Recorded, sweep: int, point: DosePoint) -> str:
    """Plotly reads tags in labels: what was said must not become one."""
    steering = recorded.start.request.sweeps[sweep]
    rows = [
        "untouched" if point.untouched else html.escape(amount_in(recorded, steering, point.strength)),
        f"P(refusal opening) <b>{probability(point.probability)}</b>",
    ]
    if own := point.control:
        rows.append(
            f"{own.n} random directions {probability(sigmoid(own.mean))} "
            f"({probability(sigmoid(own.low))} – {probability(sigmoid(own.high))})"
        )
    told = recorded.first(point.arm)
    said = told.text if len(told.text) <= MAX_HOVERED else told.text[:MAX_HOVERED] + "…"
    verdict = f"{OUTCOMES[told.verdict.outcome].badge.lower()}: " if told.verdict else ""
    rows.append(html.escape(f"{verdict}“{' '.join(said.split())}”"))
    return "<br>".join(rows)


def _range(points: tuple[DosePoint, ...]) -> tuple[float, float]:
    values = [point.logodds for point in points]
    values += [edge for point in points if point.control for edge in (point.control.low, point.control.high)]
    low, high = min(-4.7, *values), max(4.7, *values)
    return low - 0.05 * (high - low), high + 0.05 * (high - low)
