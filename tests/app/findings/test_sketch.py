"""The very small picture of a finding: a curve within its box, a study's first figure."""

import pytest

from app.recordings.arms import read_recording
from app.recordings.sketch import run_sketch, study_sketch
from app.recordings.study import read_study
from tests.app.conftest import Client
from tests.app.exports.test_exports import made
from tests.app.frames import study_recording


@pytest.mark.core
def test_a_question_is_drawn_as_its_curve_beside_its_band_with_the_point_that_is_shown() -> None:
    finding, recording = made("a sweep")
    sketch = run_sketch(read_recording(recording), finding.view)
    assert sketch and sketch.form == "curve" and sketch.at is not None
    xs = [point.x for point in sketch.points]
    assert xs == sorted(xs) and (xs[0], xs[-1]) == (0, 1)
    numbers = [value for point in sketch.points for value in (point.y, point.low, point.high)]
    assert all(value is not None and 0 <= value <= 1 for value in numbers)
    assert sketch.points[sketch.at].y != sketch.points[0].y


@pytest.mark.core
def test_a_study_is_drawn_as_its_first_figure() -> None:
    sketch = study_sketch(read_study(b"".join(study_recording())))
    assert sketch and len(sketch.points) > 1
    assert all(0 <= value <= 1 for point in sketch.points for value in (point.x, point.y))


def test_the_gallery_draws_each_finding(app: Client) -> None:
    slug = app.slug(app.post_run().headers["x-run-id"], view={"sweep": 0, "strength": 1.0})
    entry = app.get("/findings").text.split(f'id="f-{slug}"')[0].rsplit("<article", 1)[1]
    assert 'class="sketch"' in entry and "<polyline" in entry and "<circle" in entry
