"""The right half of a card: dose and response beside random directions, the ribbon of answers, the slider.

Where nothing was swept: what the first answer token may be. Knows a recording and a canvas.
"""

from app.exports.canvas import Box, Canvas, CanvasPoint
from app.exports.lettering import Type, cut, drawable
from app.exports.palette import mixed, palette
from app.recordings.arms import Recorded
from app.recordings.dose import DosePoint as Dose
from app.recordings.dose import band, domain, dose_points, monotone, segments, sigmoid, untouched
from app.wording.numbers import probability
from app.wording.words import amount_in, intervention_label, visible
from protocol.app.findings import View
from protocol.vocabulary import OUTCOMES, ROLES

PLOT_LEFT, PLOT_RIGHT = 590.0, 1120.0
HEAD, PLOT_TOP, FLOOR = 69.0, 100.0, 428.0
RIBBON = (452.0, 490.0)
SLIDER = 526.0
NAMES_X = 561.0
EDGE = 1140.0  # no text goes beyond it

HEADING, NOTE = Type("semibold", 17), Type("regular", 16)


def draw_plot(canvas: Canvas, recorded: Recorded, view: View, of: str = "") -> None:
    """of: which prompt it is of, where there are two."""
    sweep = recorded.sweep_of(view)
    points = dose_points(recorded, sweep) if sweep is not None else ()
    if points and sweep is not None:
        _Curve(canvas, recorded, sweep, points, recorded.arm_of(view), of).draw()
    elif recorded.prompt:
        _first_token(canvas, recorded, of)


class _Curve:
    def __init__(
        self, canvas: Canvas, recorded: Recorded, sweep: int, points: tuple[Dose, ...], arm: int, of: str
    ) -> None:
        self._of = of
        self._canvas, self._recorded, self._sweep, self._points = canvas, recorded, sweep, points
        self._range = domain(points)
        shown = [point for point in points if point.arm == arm]
        zero = [point for point in points if point.untouched]
        self._shown = shown[0] if shown else zero[0] if zero else None
        self._zero = zero[0] if zero else None
        xs, ys = monotone([point.strength for point in points], [point.logodds for point in points])
        self._line = [self._at(x, y) for x, y in zip(xs, ys, strict=True)]
        self._band = band(points)

    def draw(self) -> None:
        self._head()
        self._grid()
        self._control()
        self._effect()
        self._ribbon()
        self._slider()

    def _at(self, strength: float, logodds: float) -> CanvasPoint:
        return self._x(strength), FLOOR - (FLOOR - PLOT_TOP) * sigmoid(logodds)

    def _x(self, strength: float) -> float:
        low, high = self._range
        return PLOT_LEFT + (PLOT_RIGHT - PLOT_LEFT) * (strength - low) / (high - low)

    def _head(self) -> None:
        n = max((point.control.n for point in self._points if point.control), default=0)
        self._canvas.text((550, HEAD), _titled("Chance it opens with a refusal", self._of), HEADING, "ink-2")
        self._canvas.text(
            (PLOT_RIGHT, HEAD), f"grey: {n} random directions" if n else "no control was run", NOTE, "ink-3", "right"
        )

    def _grid(self) -> None:
        for share, name in ((1.0, "1"), (0.5, "0.5"), (0.0, "0")):
            y = FLOOR - (FLOOR - PLOT_TOP) * share
            self._canvas.line([(PLOT_LEFT - 6, y), (PLOT_RIGHT, y)], "rule")
            self._canvas.text((PLOT_LEFT - 12, y), name, NOTE, "ink-3", "right")
        if self._zero:
            x = self._x(self._zero.strength)
            self._canvas.line([(x, PLOT_TOP - 6), (x, RIBBON[0])], "rule-2")
        elif self._recorded.prompt:  # a mode in which no strength leaves the model as it is
            arm = untouched(self._recorded)
            y = self._at(0, self._recorded.prompt.arms[arm].refusal_logodds)[1]
            self._canvas.dashed([(PLOT_LEFT, y), (PLOT_RIGHT, y)], "refusal-fill", 1.4, 2.5)

    def _control(self) -> None:
        low, mean, high = self._control_lines()
        if len(high) > 1:
            self._canvas.area([*high, *reversed(low)], "band")
            self._canvas.line(high, "control-fill", 0.8)
            self._canvas.line(low, "control-fill", 0.8)
            self._canvas.dashed(mean, "control", 1.5, 3)
        else:
            self._canvas.line(high + low, "control-fill", 6)

    def _effect(self) -> None:
        self._canvas.line(self._line, "refusal", 3.2)
        for point in self._points:
            self._canvas.disc(self._at(point.strength, point.logodds), 4.2, "bg", "refusal", 1.9)
        shown = self._shown
        if shown is None:
            return
        at = self._at(shown.strength, shown.logodds)
        beside = self._at(shown.strength, shown.control.mean) if shown.control else None
        top = min(at[1], beside[1]) if beside else at[1]
        if not shown.untouched:
            self._canvas.line([(at[0], top), (at[0], RIBBON[0])], "ink-2", 1.6)
        if beside:
            self._canvas.disc(beside, 6.5, "bg", "control", 2.4)
        self._canvas.disc(at, 8.2, "refusal", "bg", 2)
        self._number(at, probability(shown.probability), Type("semibold", 25), "refusal", beside)
        if shown.control and beside:
            said = probability(sigmoid(shown.control.mean))
            self._number(beside, said, Type("semibold", 20), "control", at)

    def _number(self, at: CanvasPoint, said: str, kind: Type, colour: str, other: CanvasPoint | None) -> None:
        """Beside its point, where it covers least of the curve, the band and what is already written."""
        width, rise = kind.width(said), kind.size * 0.95
        places = [
            (x, min(max(at[1] + steps * rise, PLOT_TOP + 4), FLOOR - 8))
            for x in (at[0] + 14, at[0] - 14 - width)
            for steps in (1, -1, 2, -2, 3, -3, 4, -4, 0)
            if x >= PLOT_LEFT and x + width <= EDGE
        ]
        drawn = [self._line, *self._control_lines(), [other or at]]
        left, y = min(places, key=lambda place: self._covered(place, width, kind, drawn))
        self._canvas.text((left, y), said, kind, colour)

    def _control_lines(self) -> tuple[list[CanvasPoint], list[CanvasPoint], list[CanvasPoint]]:
        """Low, mean and high."""
        return (
            [self._at(x, own.low) for x, own in self._band],
            [self._at(x, own.mean) for x, own in self._band],
            [self._at(x, own.high) for x, own in self._band],
        )

    def _covered(self, place: CanvasPoint, width: float, kind: Type, drawn: list[list[CanvasPoint]]) -> float:
        left, y = place
        box = (left - 5, y - kind.size * 0.55, left + width + 5, y + kind.size * 0.55)
        hidden = sum(_crosses(box, a, b) for line in drawn for a, b in zip(line, line[1:] or line, strict=False))
        return hidden + 10_000 * sum(_overlap(box, taken) for _, taken in self._canvas.written)

    def _ribbon(self) -> None:
        colours = palette()
        kind = Type("regular", 17)
        for segment in segments(self._recorded, self._points):
            box = (self._x(segment.low) + 1, RIBBON[0], self._x(segment.high) - 1, RIBBON[1])
            width = box[2] - box[0]
            if width < 1:
                continue
            hue = OUTCOMES[segment.outcome].hue if segment.outcome else "control-fill"
            fill = mixed(colours[hue], 0.12, colours["bg"])
            self._canvas.box(box, min(5, width / 2), fill, hue, 1.2 if width > 8 else 0.6)
            if not segment.outcome or width < 26:
                continue
            verb = OUTCOMES[segment.outcome].badge.lower()
            y = (RIBBON[0] + RIBBON[1]) / 2
            words = kind.width(verb) + 48 <= width
            self._canvas.icon(segment.outcome, (box[0] + (21 if words else width / 2), y), 16, hue)
            if words:
                self._canvas.text((box[0] + 37, y), verb, kind, hue)

    def _slider(self) -> None:
        steering = self._recorded.start.request.sweeps[self._sweep]
        used = self._recorded.start.sweeps[self._sweep]
        hue = ROLES[used.role]
        self._canvas.box((PLOT_LEFT - 3, SLIDER - 3, PLOT_RIGHT + 3, SLIDER + 3), 3, "rule-2")
        shown, zero = self._shown, self._zero
        taken: Box | None = None
        if shown:
            x = self._x(shown.strength)
            begin = self._x(zero.strength) if zero else x
            if begin != x:
                self._canvas.box((min(begin, x), SLIDER - 3, max(begin, x), SLIDER + 3), 0, hue)
            if zero:
                self._canvas.line([(begin, SLIDER - 11), (begin, SLIDER + 11)], "ink-2", 1.6)
            self._canvas.disc((x, SLIDER), 17, hue)
            self._canvas.disc((x, SLIDER), 13.2, "bg")
            self._canvas.disc((x, SLIDER), 5.4, hue)
        name = drawable(intervention_label(self._recorded, used, steering))
        said = "" if shown is None or shown.untouched else " " + amount_in(self._recorded, steering, shown.strength)
        kind = Type("semibold", 16)
        name = cut(name, kind, EDGE - PLOT_LEFT - 20 - kind.width(said)) + said
        width = kind.width(name)
        where = x if said and shown else (PLOT_LEFT + PLOT_RIGHT) / 2
        left = min(max(where - width / 2, PLOT_LEFT - 3), EDGE - 17 - width)
        if zero and (shown is None or shown.untouched):
            # Named at the end of the track, because the thumb's place says "untouched".
            left = PLOT_RIGHT + 3 - width if self._x(zero.strength) < (PLOT_LEFT + PLOT_RIGHT) / 2 else PLOT_LEFT - 3
        taken = self._canvas.text((left, NAMES_X), name, kind, hue)
        if zero:
            self._untouched(zero, taken)

    def _untouched(self, zero: Dose, taken: Box) -> None:
        said = "held alone" if untouched(self._recorded) else "untouched"
        width = NOTE.width(said)
        left = min(max(self._x(zero.strength) - width / 2, PLOT_LEFT - 3), PLOT_RIGHT + 3 - width)
        if left + width + 14 <= taken[0] or left >= taken[2] + 14:
            self._canvas.text((left, NAMES_X), said, NOTE, "ink-2")


def _titled(what: str, of: str) -> str:
    return f"{what}, {of}" if of else what


def _first_token(canvas: Canvas, recorded: Recorded, of: str) -> None:
    """Of the baseline: the likeliest tokens, with those that open a refusal in its colour."""
    top = recorded.prompt.arms[0].top[:7] if recorded.prompt else ()
    canvas.text((550, HEAD), _titled("First answer token", of), HEADING, "ink-2")
    canvas.text((PLOT_RIGHT, HEAD), "violet: opens a refusal", NOTE, "refusal", "right")
    kind, left, right = Type("regular", 20), 690.0, 1050.0
    for place, token in enumerate(top):
        y = 122 + place * 56
        hue = "refusal" if token.opens_refusal else "ink-2"
        name = cut(drawable(visible(token.text)), kind, 120)
        canvas.text((left - 16, y), name, kind, hue, "right")
        canvas.box((left, y - 15, right, y + 15), 4, "sunken")
        width = max(2.0, (right - left) * token.prob)
        canvas.box((left, y - 15, left + width, y + 15), min(4, width / 2), hue)
        canvas.text((right + 14, y), probability(token.prob), NOTE, hue)


def _crosses(box: Box, a: CanvasPoint, b: CanvasPoint) -> int:
    """How many of nine places on the way from a to b lie in the box."""
    left, top, right, bottom = box
    places = [(a[0] + (b[0] - a[0]) * k / 8, a[1] + (b[1] - a[1]) * k / 8) for k in range(9)]
    return sum(left <= x <= right and top <= y <= bottom for x, y in places)


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
