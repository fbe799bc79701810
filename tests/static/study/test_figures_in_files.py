"""A study's figure is drawn and worded in a file (app/exports/study) as on the page (static/study/figures)."""

import html
import json
import re

import pytest

from app.exports.palette import palette
from app.exports.study.figure import heat_range, heat_stops, plots_of
from app.exports.study.looks import looks_of
from app.exports.study.series import panels_of, series_of
from app.wording.cells import cell_text, csv_of, head_of, is_numeric
from protocol.looks import ROLE_LOOKS, ROLE_SYNONYMS, role_of
from protocol.worker.study_frames import Cell, Column
from tests.app.exports.study.figures import FIGURES, marks
from tests.static.javascript import JavaScript

COLOUR = palette("light")
WIDTH_PX = 4000  # so wide that on the page, too, every bar stands and every label fits
ROLES = "static/study/figures/roles.js"
TEXT = "static/study/table_text.js"
PAGE = "tests/static/study/drawn.js"


def test_a_role_has_the_same_look_in_a_file_as_on_the_page(javascript: JavaScript) -> None:
    cells = [*ROLE_LOOKS, *ROLE_SYNONYMS, "Known", "entropy", "other", "", None, 3, "constructor"]
    many = [role for role in (*ROLE_LOOKS, "other") for _ in range(8)]
    assert [role_of(cell) for cell in cells] == [javascript.call(ROLES, "roleOf", cell) for cell in cells]
    ours = [{**vars(look), "fill": f"--{look.fill}"} for look in looks_of(many)]
    assert ours == javascript.call(ROLES, "looksOf", many)
    assert all(look.fill in COLOUR for look in looks_of(many)), "a hue of the palette"


@pytest.mark.parametrize("named", FIGURES)
def test_a_figure_is_drawn_in_a_file_as_on_the_page(javascript: JavaScript, named: str) -> None:
    figure = FIGURES[named]
    assert figure.plot
    colours = {name: _as_browsers_say(hue) for name, hue in COLOUR.items()}
    page = javascript.call(PAGE, "drawn", figure.model_dump(mode="json"), colours, WIDTH_PX)
    series = [
        {
            "name": one.name,
            "parts": [
                {"name": part.name, "role": part.role, "look": {**vars(part.look), "fill": f"--{part.look.fill}"}}
                for part in one.parts
            ],
        }
        for one in series_of(figure, figure.plot)
    ]
    assert series == page["series"]
    assert [name for name, _ in panels_of(figure, figure.plot)] == [panel["name"] for panel in page["panels"]]
    for (name, drawn), panel in zip(plots_of(figure, "light"), page["panels"], strict=True):
        ours = json.loads(_as_browsers_say(drawn.to_json()))
        assert name == panel["name"]
        assert marks(ours["data"]) == marks(panel["data"])
        for axis, head in (("xaxis", "x"), ("yaxis", "y")):
            mine, theirs = ours["layout"][axis], panel["layout"][axis]
            assert html.unescape(mine["title"]["text"]) == page["heads"][head]
            for key in ("range", "nticks", "categoryarray", "zerolinecolor", "gridcolor"):
                if key in theirs:
                    assert mine[key] == pytest.approx(theirs[key]), key
            if "categoryarray" not in mine and "tickvals" in theirs:
                assert mine["tickvals"] == theirs["tickvals"]
    if page["heat"]:
        bounds, stops = page["heat"]
        assert list(heat_range(figure, figure.plot)) == bounds
        assert [f"--{stop}" for stop in heat_stops(figure, figure.plot)] == stops


HEADS = [
    Column(name=name, unit=unit)
    for name, unit in (
        *(("refused", "share"), ("refused, share", "share"), ("strength", "residual_norm"), ("strength", "raw")),
        *(("x", ""), ("", ""), ("strength", "factor"), ("brought back", "share of the way"), ("x", "constructor")),
        *(("=SUM(A1)", "a, b"), ('say "x"', "\n"), ("r̄", "× r̄")),
    )
]
CELLS: list[Cell] = [
    *(None, "", "x", " x", "a,b", 'a"b', "a\nb", "a\rb", "=1", "+1", "-1", "@x", "\tx", "\rx", "−1", "<b>"),
    *(0, -0.0, 1, 1.0, -2, 3.0, 0.3125, 0.0625, 0.5625, -0.0312, 0.123456, 0.9996, 0.99951, 999.4, 999.5, 1000.5),
    *(0.0005, -0.0005, 1e-5, -1e-7, 1.5e-9, 12345, 123456.7, 1234567890123, 1e20, 1e21, 2.5, 10.25, 100.5, 0.045),
]


@pytest.mark.parametrize("unit", ["", "share", "prompts", "nats", "residual_norm"])
def test_a_cell_and_a_heading_are_worded_in_a_file_as_on_the_page(javascript: JavaScript, unit: str) -> None:
    assert [cell_text(cell, unit) for cell in CELLS] == [
        javascript.call(TEXT, "cellText", cell, {"unit": unit}) for cell in CELLS
    ]
    assert [head_of(head) for head in HEADS] == [
        javascript.call(TEXT, "headOf", head.model_dump(mode="json")) for head in HEADS
    ]


def test_the_page_and_the_finding_give_the_same_csv_byte_for_byte(javascript: JavaScript) -> None:
    width = len(HEADS)
    rows = tuple(tuple((CELLS * 2)[n : n + width]) for n in range(len(CELLS)))
    for figure in (FIGURES["points"].model_copy(update={"columns": tuple(HEADS), "rows": rows}), *FIGURES.values()):
        page = javascript.call(TEXT, "csvOf", figure.model_dump(mode="json"))
        assert csv_of(figure) == page
        assert [is_numeric(figure, column) for column in range(len(figure.columns))] == [
            javascript.call(TEXT, "isNumeric", figure.model_dump(mode="json")["rows"], column)
            for column in range(len(figure.columns))
        ]


def _as_browsers_say(colours: str) -> str:
    return re.sub("#([0-9a-f]{6})", lambda found: f"rgb({','.join(map(str, bytes.fromhex(found[1])))})", colours)
