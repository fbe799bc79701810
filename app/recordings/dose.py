"""Dose and response of one sweep: how likely a refusal opening is at each strength, beside random directions.

The numbers of the page's curve (static/run/run.js, run/curve/curve.js), from the same frames in the same way.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from app.recordings.arms import Recorded
from protocol.vocabulary import BAND, MIN_BAND, Outcome


@dataclass(frozen=True)
class Band:
    """What n random directions of equal norm did, log-odds: mean; quantiles at 5 and 95 %, of few directions the least
    and the most; and how many of them made a refusal opening likelier than not."""

    mean: float
    low: float
    high: float
    n: int
    n_refusing: int


@dataclass(frozen=True)
class DosePoint:
    """One strength of a sweep, or none of it: `untouched`. logodds of a refusal opening."""

    strength: float
    alpha: float
    arm: int
    logodds: float
    control: Band | None
    untouched: bool = False

    @property
    def probability(self) -> float:
        return sigmoid(self.logodds)


@dataclass(frozen=True)
class Segment:
    """Neighbouring strengths that give the same answer, word for word."""

    low: float
    high: float
    text: str
    outcome: Outcome | None


def dose_points(recorded: Recorded, sweep: int) -> tuple[DosePoint, ...]:
    """By ascending strength. Among them, where the mode has a strength that changes nothing, that one: the baseline,
    or what is held by itself if anything is. Empty without a `prompt` frame."""
    if recorded.prompt is None:
        return ()
    readings, start = recorded.prompt.arms, recorded.start
    points = [
        DosePoint(
            arm.strength, arm.alpha, index, readings[index].refusal_logodds, control(recorded, sweep, arm.strength)
        )
        for index, arm in enumerate(start.arms)
        if arm.sweep == sweep
    ]
    idle = start.request.sweeps[sweep].idle
    if idle is not None:
        arm = untouched(recorded)
        points.append(DosePoint(idle, 0.0, arm, readings[arm].refusal_logodds, None, untouched=True))
    return tuple(sorted(points, key=lambda point: point.strength))


def untouched(recorded: Recorded) -> int:
    """The arm that a sweep begins from."""
    return next((index for index, arm in enumerate(recorded.start.arms) if arm.sweep is None and arm.held), 0)


def control(recorded: Recorded, sweep: int, strength: float) -> Band | None:
    values = recorded.controls.get((sweep, strength))
    if not values:
        return None
    ordered = sorted(values)
    mean, n_refusing = sum(values) / len(values), sum(value > 0 for value in values)
    low, high = (quantile(ordered, q) for q in (BAND if len(values) >= MIN_BAND else (0, 1)))
    return Band(mean, low, high, len(values), n_refusing)


def band(points: Sequence[DosePoint]) -> list[tuple[float, Band]]:
    """The control along the curve. A push of no strength is none, along whatever direction."""
    found = []
    for point in points:
        own = Band(point.logodds, point.logodds, point.logodds, 0, 0) if point.untouched else point.control
        if own:
            found.append((point.strength, own))
    return found if any(own.n for _, own in found) else []


def segments(recorded: Recorded, points: Sequence[DosePoint]) -> list[Segment]:
    """Side by side over the whole axis: each ends halfway to the next strength."""
    found: list[Segment] = []
    for place, point in enumerate(points):
        told = recorded.first(point.arm)
        outcome = told.verdict.outcome if told.verdict else None
        begins = (points[place - 1].strength + point.strength) / 2 if place else point.strength
        ends = (point.strength + points[place + 1].strength) / 2 if place + 1 < len(points) else point.strength
        if found and outcome and found[-1].outcome and found[-1].text == told.text:
            found[-1] = Segment(found[-1].low, ends, told.text, found[-1].outcome)
        else:
            found.append(Segment(begins, ends, told.text, outcome))
    return found


def domain(points: Sequence[DosePoint]) -> tuple[float, float]:
    """Lowest and highest strength; wider than nothing where only one was run."""
    low, high = points[0].strength, points[-1].strength
    return (low, high) if low < high else (low - 1.0, high + 1.0)


def monotone(xs: Sequence[float], ys: Sequence[float], n: int = 12) -> tuple[list[float], list[float]]:
    """Points on a curve through (xs, ys) that never overshoots one, `n` in each interval; xs ascending.

    Source: Fritsch & Carlson, "Monotone piecewise cubic interpolation" (1980), §4. As static/run/curve/monotone.js.
    """
    if len(xs) < 3:
        return list(xs), list(ys)
    slopes = [(ys[i + 1] - ys[i]) / (xs[i + 1] - xs[i]) for i in range(len(xs) - 1)]
    between = [0.0 if a * b <= 0 else (a + b) / 2 for a, b in pairwise(slopes)]
    tangents = [slopes[0], *between, slopes[-1]]
    for i, slope in enumerate(slopes):
        if slope == 0:
            tangents[i] = tangents[i + 1] = 0.0
            continue
        size = math.hypot(tangents[i] / slope, tangents[i + 1] / slope)
        if size > 3:
            tangents[i], tangents[i + 1] = 3 * tangents[i] / size, 3 * tangents[i + 1] / size
    x, y = [], []
    for i in range(len(slopes)):
        width = xs[i + 1] - xs[i]
        for k in range(n):
            t = k / n
            t2, t3 = t * t, t * t * t
            x.append(xs[i] + t * width)
            y.append(
                (2 * t3 - 3 * t2 + 1) * ys[i]
                + (t3 - 2 * t2 + t) * width * tangents[i]
                + (3 * t2 - 2 * t3) * ys[i + 1]
                + (t3 - t2) * width * tangents[i + 1]
            )
    return [*x, xs[-1]], [*y, ys[-1]]


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


def quantile(ordered: Sequence[float], q: float) -> float:
    """Linear between the two nearest."""
    at = (len(ordered) - 1) * q
    below = math.floor(at)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (at - below)
