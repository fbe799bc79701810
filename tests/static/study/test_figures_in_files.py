"""A study's tables are worded by the server (app/wording/cells.py) as by the page (static/study), also in files."""

import pytest

from app.exports.palette import palette
from app.wording.cells import cell_text, csv_of, head_of, is_numeric
from protocol.looks import ROLE_LOOKS, ROLE_SYNONYMS, role_of
from protocol.worker.study_frames import Cell, Column
from tests.app.exports.study.figures import FIGURES
from tests.static.javascript import JavaScript

ROLES = "static/study/figures/roles.js"
TEXT = "static/study/table_text.js"


def test_a_role_is_the_same_to_the_server_and_to_the_page(javascript: JavaScript) -> None:
    cells = [*ROLE_LOOKS, *ROLE_SYNONYMS, "Known", "entropy", "other", "", None, 3, "constructor"]
    assert [role_of(cell) for cell in cells] == [javascript.call(ROLES, "roleOf", cell) for cell in cells]
    assert all(look.fill in palette() for look in ROLE_LOOKS.values()), "a hue of the palette"


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
