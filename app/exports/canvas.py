"""A picture in px, drawn larger and made small: lines, shapes, marks and text by the name of their colour.

Pillow is imported when the first picture is drawn, so that the app starts without it. Knows nothing about findings.
"""

import io
import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

from app.exports.lettering import SCALE, Type
from app.exports.palette import palette
from protocol.vocabulary import Outcome

CanvasPoint = tuple[float, float]
Box = tuple[float, float, float, float]

# Each as a polyline in a square of 16, like static/look/icons.css.
_ICONS: dict[Outcome, tuple[tuple[CanvasPoint, ...], ...]] = {
    "refused": (((3.7, 12.3), (12.3, 3.7)),),
    "invented": (((8, 2), (8, 14)), ((2.8, 5), (13.2, 11)), ((13.2, 5), (2.8, 11))),
    "wrong": (((3.5, 3.5), (12.5, 12.5)), ((12.5, 3.5), (3.5, 12.5))),
    "right": (((2.5, 8.5), (6.3, 12.5), (13.5, 4)),),
    "answered": (((2.5, 8), (13.5, 8)), ((9, 3.5), (13.5, 8), (9, 12.5))),
    "broken": (((1.5, 9), (4.5, 5), (8, 12), (11.5, 4), (14.5, 7)),),
}


class Canvas:
    """`written`: every text and where it stands, for whoever must not cover it."""

    def __init__(self, width: int, height: int) -> None:
        from PIL import Image, ImageDraw

        self._colours = palette()
        self._size = (width, height)
        self._image = Image.new("RGB", (width * SCALE, height * SCALE), self._colours["bg"])
        self._draw = ImageDraw.Draw(self._image)
        self.written: list[tuple[str, Box]] = []

    def png(self) -> bytes:
        from PIL import Image

        out = io.BytesIO()
        self._image.resize(self._size, Image.Resampling.BOX).save(out, "PNG")
        return out.getvalue()

    def text(
        self, at: CanvasPoint, text: str, kind: Type, colour: str, side: Literal["left", "middle", "right"] = "left"
    ) -> Box:
        """On the middle of its line, `at` its left or right end or its middle. Returns the box it takes."""
        x, y = at
        width = kind.width(text)
        left = x - {"left": 0.0, "middle": width / 2, "right": width}[side]
        # Half of a capital's height under the middle: text of any size sits level with what stands beside it.
        self._draw.text(
            (left * SCALE, (y + 0.364 * kind.size) * SCALE), text, self._colour(colour), kind.font, anchor="ls"
        )
        box = (left, y - kind.line / 2, left + width, y + kind.line / 2)
        self.written.append((text, box))
        return box

    def line(self, points: Sequence[CanvasPoint], colour: str, width: float = 1.0) -> None:
        if len(points) > 1:
            self._draw.line(_scaled(points), self._colour(colour), _px(width), joint="curve")

    def dashed(self, points: Sequence[CanvasPoint], colour: str, width: float = 1.0, dash: float = 4.0) -> None:
        """As much left out as drawn, along the whole line."""
        for part in _dashes(points, dash):
            self.line(part, colour, width)

    def area(self, points: Sequence[CanvasPoint], colour: str) -> None:
        self._draw.polygon(_scaled(points), self._colour(colour))

    def box(self, box: Box, radius: float, fill: str, edge: str | None = None, width: float = 1.0) -> None:
        corners = [side * SCALE for side in box]
        edge = self._colour(edge) if edge else None
        self._draw.rounded_rectangle(corners, radius * SCALE, self._colour(fill), edge, _px(width))

    def disc(self, at: CanvasPoint, radius: float, fill: str, edge: str | None = None, width: float = 0.0) -> None:
        x, y = at
        corners = [(side) * SCALE for side in (x - radius, y - radius, x + radius, y + radius)]
        self._draw.ellipse(corners, self._colour(fill), self._colour(edge) if edge else None, _px(width))

    def arc(self, at: CanvasPoint, radius: float, degrees: tuple[float, float], colour: str, width: float) -> None:
        """`radius` to the middle of the line; degrees clockwise from the right."""
        x, y = at
        outer = radius + width / 2
        corners = [side * SCALE for side in (x - outer, y - outer, x + outer, y + outer)]
        self._draw.arc(corners, *degrees, self._colour(colour), _px(width))

    def icon(self, outcome: Outcome, middle: CanvasPoint, size: float, colour: str) -> None:
        left, top, unit = middle[0] - size / 2, middle[1] - size / 2, size / 16
        for points in _ICONS[outcome]:
            self.line([(left + x * unit, top + y * unit) for x, y in points], colour, 1.9 * unit)
        if outcome == "refused":
            self.arc(middle, 6.2 * unit, (0, 360), colour, 1.8 * unit)

    def _colour(self, name: str) -> str:
        """A name of the palette, or a colour."""
        return self._colours.get(name, name)


def _scaled(points: Sequence[CanvasPoint]) -> list[CanvasPoint]:
    return [(x * SCALE, y * SCALE) for x, y in points]


def _px(width: float) -> int:
    return max(1, round(width * SCALE))


def _dashes(points: Sequence[CanvasPoint], dash: float) -> list[list[CanvasPoint]]:
    parts: list[list[CanvasPoint]] = []
    drawn, left = True, dash
    part = [points[0]] if points else []
    for (x0, y0), (x1, y1) in pairwise(points):
        length, done = math.hypot(x1 - x0, y1 - y0), 0.0
        while length - done > left:
            done += left
            at = (x0 + (x1 - x0) * done / length, y0 + (y1 - y0) * done / length)
            if drawn:
                parts.append([*part, at])
            part, drawn, left = [at], not drawn, dash
        left -= length - done
        part.append((x1, y1))
    return [*parts, part] if drawn else parts
