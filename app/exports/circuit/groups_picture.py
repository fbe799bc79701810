"""A circuit's groups as a picture with their numbers: what each does to m on either prompt, what the graph predicted of
it, the band of random directions, and the arrows that were measured. As PNG and as SVG, by the same calls.

Knows a recording. What the page draws: static/circuit.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from app.exports.canvas import Canvas, CanvasPoint
from app.exports.lettering import Type, balanced, cut, drawable, limited
from app.exports.vector import Vector
from app.recordings.circuit import DrawnCircuit, SideName, inhibits, is_outside
from app.recordings.circuit_effects import change_of
from app.wording.circuit import circuit_claim, m_text, said_untouched, who_is
from app.wording.numbers import sig3
from protocol.amounts import MINUS
from protocol.circuit import GROUP_ROLES, NAMED_ROLES
from protocol.worker.circuit_frames import Arrow, MeasuredChange, NodeGroup, RandomBand

Painter = Canvas | Vector

PICTURE_WIDTH = 1200
_LEFT, _RIGHT = 40.0, 1160.0
_NAMES = 300.0
_GROUP_HEIGHT, _ARROW_HEIGHT, _HEADS_HEIGHT = 50.0, 30.0, 58.0
_MOST_ARROWS = 12
_CLAIM, _HEAD, _NAME, _SMALL = Type("semibold", 22), Type("semibold", 17), Type("semibold", 16), Type("regular", 14)


@dataclass(frozen=True)
class _SideScale:
    """Where a side's changes of m are drawn: from -most to most, numbers to its right."""

    left: float
    right: float
    most: float

    def x(self, change: float) -> float:
        share = max(-1.0, min(1.0, change / self.most))
        return (self.left + self.right) / 2 + share * (self.right - self.left) / 2


def groups_png(drawn: DrawnCircuit) -> bytes:
    canvas = Canvas(PICTURE_WIDTH, _height(drawn))
    _compose(canvas, drawn)
    return canvas.png()


def groups_svg(drawn: DrawnCircuit) -> bytes:
    vector = Vector(PICTURE_WIDTH, _height(drawn))
    _compose(vector, drawn)
    return vector.svg(drawable(circuit_claim(drawn)) or "A circuit's groups")


def _claim_lines(drawn: DrawnCircuit) -> list[str]:
    claim = drawable(circuit_claim(drawn))
    return limited(balanced(claim, _CLAIM, _RIGHT - _LEFT), 4, _CLAIM, _RIGHT - _LEFT) if claim else []


def _height(drawn: DrawnCircuit) -> int:
    arrows = _told_arrows(drawn)
    below = 44 + _ARROW_HEIGHT * ((len(arrows) + 1) // 2) if arrows else 0
    return int(118 + _CLAIM.line * len(_claim_lines(drawn)) + _GROUP_HEIGHT * len(drawn.groups) + below + 40)


def _compose(painter: Painter, drawn: DrawnCircuit) -> None:
    y = 48.0
    for line in _claim_lines(drawn):
        painter.text((_LEFT, y), line, _CLAIM, "ink")
        y += _CLAIM.line
    y = draw_group_rows(painter, drawn, drawn.groups, (_LEFT, _RIGHT), y + 18)
    arrows = _told_arrows(drawn)
    if arrows:
        y += 8
        painter.text((_LEFT, y), "Arrows outside their band: how far the target goes with the source", _HEAD, "ink")
        y += 32
        for n, arrow in enumerate(arrows):
            _arrow(painter, drawn, arrow, _LEFT + (n % 2) * 570, y + (n // 2) * _ARROW_HEIGHT)


def telling(drawn: DrawnCircuit) -> list[NodeGroup]:
    """Groups that say what a name is to it, and were measured; without such, all that were. The strongest first."""

    def most(group: NodeGroup) -> float:
        changes = [change_of(drawn, group, which) for which in drawn.sides]
        return max((abs(change.measured) for change in changes if change), default=0.0)

    measured = [group for group in drawn.groups if most(group)]
    narrow = [group for group in measured if group.role in NAMED_ROLES]
    return sorted(narrow or measured, key=most, reverse=True)


def group_rows_height(n: int) -> float:
    return _HEADS_HEIGHT + _GROUP_HEIGHT * n


def draw_group_rows(
    painter: Painter, drawn: DrawnCircuit, groups: Sequence[NodeGroup], between: tuple[float, float], y: float
) -> float:
    """A row a group, a column a prompt, between left and right. Returns where they end."""
    left, right = between
    scales = _scales(drawn, groups, between)
    for which, scale in scales.items():
        side = drawn.side(which)
        head = f"{who_is(drawn, which)}: {said_untouched(drawn, which)}, m = {m_text(side.m)}"
        painter.text((scale.left, y), cut(drawable(head), _HEAD, scale.right - scale.left + 130), _HEAD, "ink")
    y += 24
    does = "each taken away" if len(drawn.sides) == 1 else "set to the other prompt's"
    painter.text((left, y), f"change of m, {does}", _SMALL, "ink-2")
    for scale in scales.values():
        painter.text((scale.left, y), "bar: the model · ring: the graph · grey: random", _SMALL, "ink-2")
    y += 34
    for group in groups:
        painter.line([(left, y - _GROUP_HEIGHT / 2), (right, y - _GROUP_HEIGHT / 2)], "rule")
        _group(painter, drawn, scales, group, (left, y))
        y += _GROUP_HEIGHT
    return y


def _scales(
    drawn: DrawnCircuit, groups: Sequence[NodeGroup], between: tuple[float, float]
) -> dict[SideName, _SideScale]:
    left, right = between
    sizes = [1e-6]
    for group in groups:
        for which in drawn.sides:
            change = change_of(drawn, group, which)
            if change is not None:
                band = change.control
                sizes += [abs(change.measured), *((abs(band.low), abs(band.high)) if band else ())]
    width = (right - left - _NAMES) / len(drawn.sides)
    return {
        which: _SideScale(left + _NAMES + n * width, left + _NAMES + (n + 1) * width - 190, max(sizes))
        for n, which in enumerate(drawn.sides)
    }


def _group(
    painter: Painter, drawn: DrawnCircuit, scales: dict[SideName, _SideScale], group: NodeGroup, at: CanvasPoint
) -> None:
    left, y = at
    term = GROUP_ROLES[group.role]
    painter.text((left, y - 9), term.name, _NAME, term.hue)
    low, high = group.layers
    layers = f"L{low}" if low == high else f"L{low} to {high}"
    nodes = f"{group.n_members:,} node{'s' if group.n_members > 1 else ''}"
    painter.text((left, y + 11), f"{term.where} · {layers} · {nodes}", _SMALL, "ink-2")
    for which, scale in scales.items():
        change = change_of(drawn, group, which)
        middle = scale.x(0.0)
        painter.line([(middle, y - 20), (middle, y + 20)], "rule-2")
        if change is None:
            painter.text((scale.right + 12, y), "not measured", _SMALL, "ink-3")
        else:
            _change(painter, scale, change, term.hue, y)


def _change(painter: Painter, scale: _SideScale, change: MeasuredChange, hue: str, y: float) -> None:
    band, middle = change.control, scale.x(0.0)
    if band is not None:
        left, right = scale.x(band.low), scale.x(band.high)
        painter.box((left - 1, y - 14, right + 1, y + 14), 2, "band")
    end = scale.x(change.measured)
    painter.box((min(middle, end), y - 6, max(middle, end) + 1, y + 6), 2, hue)
    painter.disc((scale.x(change.predicted), y), 5, "bg", "ink", 1.6)
    painter.text((scale.right + 12, y - 9), _signed(change.measured), _NAME, "ink")
    painter.text((scale.right + 12, y + 11), f"graph {_signed(change.predicted)}; {_in_band(band)}", _SMALL, "ink-2")


def _told_arrows(drawn: DrawnCircuit) -> list[Arrow]:
    outside = [arrow for arrow in drawn.arrows if is_outside(arrow)]
    return sorted(outside, key=lambda arrow: -max(abs(arrow.in_a), abs(arrow.in_b)))[:_MOST_ARROWS]


def _arrow(painter: Painter, drawn: DrawnCircuit, arrow: Arrow, x: float, y: float) -> None:
    names = {group.id: GROUP_ROLES[group.role] for group in drawn.groups}
    source, target = names.get(arrow.source), names.get(arrow.target or "")
    said, hue = (source.name, source.hue) if source else (drawable(arrow.source), "ink")
    *_, right, _bottom = painter.text((x, y), said, _NAME, hue)
    holds = inhibits(drawn, arrow)
    colour = "inhibit" if holds else "ink"
    end = right + 36
    painter.line([(right + 8, y), (end, y)], colour, 2)
    if holds:
        painter.line([(end, y - 6), (end, y + 6)], colour, 2.4)
    else:
        painter.line([(end - 6, y - 5), (end, y), (end - 6, y + 5)], colour, 2)
    said, hue = (target.name, target.hue) if target else (drawable(arrow.target or "m"), "ink")
    *_, right, _bottom = painter.text((end + 8, y), said, _NAME, hue)
    parts = [f"{_share(share)} {_in_band(band)}" for share, band in _by_side(drawn, arrow)]
    painter.text((right + 12, y), " | ".join(parts), _SMALL, "ink-2")


def _by_side(drawn: DrawnCircuit, arrow: Arrow) -> list[tuple[float, RandomBand | None]]:
    both = [(arrow.in_a, arrow.control_a), (arrow.in_b, arrow.control_b)]
    return both[: len(drawn.sides)]


def _in_band(band: RandomBand | None) -> str:
    return f"[{_share(band.low)}, {_share(band.high)}]" if band else "no control"


def _share(value: float) -> str:
    """Two decimals: a dozen stand beside each other."""
    return f"{abs(value):.2f}" if abs(value) < 0.005 else f"{value:.2f}".replace("-", MINUS)


def _signed(change: float) -> str:
    return f"+{sig3(change)}" if change > 0 else sig3(change)
