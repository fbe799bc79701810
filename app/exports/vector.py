"""A picture in px as SVG: what Canvas draws as pixels, by the same calls. Text stays text, as wide as it was
measured, whatever font it is read with.

Knows nothing about what is drawn.
"""

from collections.abc import Sequence
from typing import Literal
from xml.sax.saxutils import escape

from app.exports.canvas import Box, CanvasPoint
from app.exports.lettering import Type
from app.exports.palette import palette

FONTS = "Inter, system-ui, sans-serif"


class Vector:
    def __init__(self, width: int, height: int) -> None:
        self._colours = palette()
        self._size = (width, height)
        self._parts: list[str] = []

    def svg(self, title: str) -> bytes:
        """title: what a screen reader says of it."""
        width, height = self._size
        named = f'role="img" aria-label="{_quoted(title)}"'
        body = "\n".join(self._parts)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            f'viewBox="0 0 {width} {height}" font-family="{FONTS}" {named}>\n<title>{escape(title)}</title>\n'
            f'<rect width="{width}" height="{height}" fill="{self._colours["bg"]}"/>\n{body}\n</svg>\n'
        ).encode()

    def text(
        self, at: CanvasPoint, text: str, kind: Type, colour: str, side: Literal["left", "middle", "right"] = "left"
    ) -> Box:
        """On the middle of its line, as Canvas has it."""
        (x, y), width = at, kind.width(text)
        anchor = {"left": "start", "middle": "middle", "right": "end"}[side]
        weight = 600 if kind.weight == "semibold" else 400
        self._parts.append(
            f'<text x="{x:.1f}" y="{y + 0.364 * kind.size:.1f}" font-size="{kind.size:g}" font-weight="{weight}" '
            f'text-anchor="{anchor}" fill="{self._colour(colour)}" textLength="{width:.1f}" '
            f'lengthAdjust="spacingAndGlyphs">{escape(text)}</text>'
        )
        left = x - {"left": 0.0, "middle": width / 2, "right": width}[side]
        return (left, y - kind.line / 2, left + width, y + kind.line / 2)

    def line(self, points: Sequence[CanvasPoint], colour: str, width: float = 1.0) -> None:
        if len(points) > 1:
            way = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
            stroke = f'stroke="{self._colour(colour)}" stroke-width="{width:g}"'
            self._parts.append(f'<polyline points="{way}" fill="none" {stroke}/>')

    def box(self, box: Box, radius: float, fill: str, edge: str | None = None, width: float = 1.0) -> None:
        left, top, right, bottom = box
        stroke = f' stroke="{self._colour(edge)}" stroke-width="{width:g}"' if edge else ""
        self._parts.append(
            f'<rect x="{left:.1f}" y="{top:.1f}" width="{right - left:.1f}" height="{bottom - top:.1f}" '
            f'rx="{radius:g}" fill="{self._colour(fill)}"{stroke}/>'
        )

    def disc(self, at: CanvasPoint, radius: float, fill: str, edge: str | None = None, width: float = 0.0) -> None:
        stroke = f' stroke="{self._colour(edge)}" stroke-width="{width:g}"' if edge else ""
        self._parts.append(
            f'<circle cx="{at[0]:.1f}" cy="{at[1]:.1f}" r="{radius:g}" fill="{self._colour(fill)}"{stroke}/>'
        )

    def _colour(self, name: str) -> str:
        return self._colours.get(name, name)


def _quoted(text: str) -> str:
    return escape(text, {'"': "&quot;"})
