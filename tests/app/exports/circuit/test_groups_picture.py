"""The picture of a circuit's groups: as PNG and as SVG the same words and numbers, each effect with its control."""

import io
import xml.etree.ElementTree as ElementTree

import pytest
from PIL import Image

from app.exports.circuit.groups_picture import PICTURE_WIDTH, groups_png, groups_svg
from app.recordings.circuit import DrawnCircuit
from protocol.circuit import GROUP_ROLES
from tests.app.circuit_frames import CIRCUIT
from tests.app.exports.circuit.test_graph import drawn_of

SVG = "{http://www.w3.org/2000/svg}"


def words_of(drawn: DrawnCircuit) -> list[str]:
    return [text.text or "" for text in ElementTree.fromstring(groups_svg(drawn)).iter(f"{SVG}text")]


@pytest.mark.parametrize("more", [{}, {"beside": None}])
def test_every_group_has_its_effect_the_graphs_and_its_band(more: dict[str, object]) -> None:
    drawn = drawn_of(**more)
    words = words_of(drawn)
    for group in drawn.groups:
        assert GROUP_ROLES[group.role].name in words
    assert sum("; [−0.10, 0.25]" in text for text in words) == len(drawn.groups) * len(drawn.sides)
    assert any(text.startswith("graph ") for text in words)
    assert "−4.20" in words


def test_an_arrow_stands_with_both_sides_and_their_bands() -> None:
    assert "0.00 [−0.10, 0.25] | 0.66 [−0.10, 0.25]" in words_of(drawn_of())


@pytest.mark.parametrize("more", [{}, {"beside": None}])
def test_the_png_is_as_large_as_the_svg(more: dict[str, object]) -> None:
    drawn = drawn_of(**more)
    root = ElementTree.fromstring(groups_svg(drawn))
    size = Image.open(io.BytesIO(groups_png(drawn))).size
    assert size == (int(root.get("width", "0")), int(root.get("height", "0"))) == (PICTURE_WIDTH, size[1])


def test_hostile_names_stay_text() -> None:
    drawn = drawn_of()
    side = drawn.opening.sides[0]
    entity = side.entity.model_copy(update={"text": '<script>alert(1)</script>" onload="x'})
    sides = (side.model_copy(update={"entity": entity}), *drawn.opening.sides[1:])
    drawn.opening = drawn.opening.model_copy(update={"sides": sides})
    svg = groups_svg(drawn)
    assert b"<script" not in svg
    assert ElementTree.fromstring(svg).get("onload") is None
    assert CIRCUIT.beside is not None
