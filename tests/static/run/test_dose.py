"""Exports compute in Python what the page computes in JavaScript: from one recording, the same numbers and words."""

import pytest

from app.recordings.arms import read_recording
from app.recordings.dose import control, dose_points, monotone, segments
from app.wording.numbers import probability, sig3
from app.wording.words import visible, why
from protocol.amounts import plain, signed
from tests.app.exports.test_exports import made
from tests.static import ROOT
from tests.static.javascript import JavaScript

DOSE = "tests/static/run/dose.js"
FIRST = (ROOT / "static" / "first" / "explore.jsonl").read_bytes()
NUMBERS = (0.0, 0.0004, -0.0004, 0.0655, -2.65847, 0.99951, 1.0, 55.1, 999.4, 999.6, 12345.6, -0.5, 1.25)
TEXTS = (" Bat", "\n", "<bos>", "<start_of_turn>", "a\tb", "", "<0x0A>", "x < y")


@pytest.mark.parametrize("sweep", range(3))
def test_the_curve_of_a_real_run_has_the_pages_numbers(javascript: JavaScript, sweep: int) -> None:
    require_that_they_agree(javascript, FIRST, sweep)


def test_so_has_that_of_an_acted_one(javascript: JavaScript) -> None:
    require_that_they_agree(javascript, made("a sweep")[1], 0)


def require_that_they_agree(javascript: JavaScript, recording: bytes, sweep: int) -> None:
    seen = javascript.call(DOSE, "dose", recording.decode().splitlines(), sweep)
    recorded = read_recording(recording)
    points = dose_points(recorded, sweep)
    assert len(points) > 2
    own = [[p.strength, p.alpha, p.arm, p.logodds, p.probability] for p in points]
    assert own == [pytest.approx(row, abs=1e-12) for row in seen["points"]]
    for point, theirs in zip(points, seen["controls"], strict=True):
        found = control(recorded, sweep, point.strength)
        assert (found is None) == (theirs is None)
        if found:
            names = ("mean", "low", "high", "n", "n_refusing")
            assert [getattr(found, name) for name in names] == pytest.approx([theirs[name] for name in names])
    assert any(seen["controls"])
    assert [segment.text for segment in segments(recorded, points)] == [text for text, _ in seen["segments"]]
    curve = monotone([p.strength for p in points], [p.logodds for p in points])
    assert curve[0] == pytest.approx(seen["curve"][0]) and curve[1] == pytest.approx(seen["curve"][1])
    assert [why(recorded.first(arm).verdict) for arm in range(len(recorded.answers))] == seen["why"]


def test_numbers_and_tokens_are_written_alike(javascript: JavaScript) -> None:
    written = javascript.call(DOSE, "written", NUMBERS, TEXTS)
    assert [[sig3(x), signed(x), plain(x), probability(abs(x))] for x in NUMBERS] == written["numbers"]
    assert [visible(text) for text in TEXTS] == written["visible"]
