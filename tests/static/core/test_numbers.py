"""Numbers are written by the app (protocol/amounts.py, app/wording/numbers.py) as by a page (static/core/format.js)."""

import random

import pytest

from app.wording.numbers import probability, sig3
from protocol.amounts import exact, plain, signed
from tests.static.javascript import JavaScript

FORMAT = "static/core/format.js"
CHOSEN = [
    *(0, 1, -1, 0.5, 1.5, 2.5, 1000, 1000.5, 1001.5, 999.5, 999.49, 99.95, 0.9995, 0.99951, 0.9999, 1e-3, 9.99e-4),
    *(0.3125, 0.5625, 0.0625, 0.03125, 0.045, 12.25, 1e-5, 1.25e-5, 123456.5, 1234565, 9999.995, 1 / 3, 2 / 3, -1e4),
]


@pytest.mark.parametrize(("ours", "theirs"), [(sig3, "sig3"), (probability, "probability"), (signed, "signed")])
def test_a_number_is_written_by_the_app_as_by_a_page(javascript: JavaScript, ours: object, theirs: str) -> None:
    drawn = random.Random(0)
    numbers = [*CHOSEN, *(drawn.uniform(-1, 1) * 10 ** drawn.randint(-6, 6) for _ in range(300))]
    numbers += [drawn.randint(-4096, 4096) / 2 ** drawn.randint(0, 12) for _ in range(300)]  # many lie half way
    assert callable(ours)
    assert {x: ours(x) for x in numbers} == {x: javascript.call(FORMAT, theirs, x) for x in numbers}


def test_an_exact_number_is_what_a_browser_writes(javascript: JavaScript) -> None:
    for x in (*CHOSEN, -0.0, 1e-6, 1e-7, -1.5e-9, 1e20, 1e21, 1.25e22, 123456789.125):
        assert plain(x) == javascript.call(FORMAT, "plain", x)
        assert exact(x) == javascript.call("tests/static/core/written.js", "written", x)
