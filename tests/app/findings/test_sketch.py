"""A finding in lists: its very small picture, a curve within its box or a study's first figure; and its control."""

import pytest

from app.recordings.arms import read_recording
from app.recordings.sketch import run_sketch, study_sketch
from app.recordings.study import read_study
from app.wording.words import control_told
from protocol.app.findings import View
from protocol.claims import HELD_ALONE, NO_CONTROL
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


@pytest.mark.core
def test_a_push_in_the_gallery_has_its_control_beside_it_and_no_push_has_none(app: Client) -> None:
    run = app.post_run().headers["x-run-id"]
    pushed, untouched = app.slug(run, view={"sweep": 0, "strength": 1.0}), app.slug(run, view={})
    listed = app.get("/findings").text

    def entry(slug: str) -> str:
        return listed.split(f'id="f-{slug}"')[1].split("</article>")[0]

    told = app.get(f"/api/findings/{pushed}").json()["answers"]["control"]
    assert told == NO_CONTROL and told in entry(pushed)  # the stub of a worker runs none
    assert app.get(f"/api/findings/{untouched}").json()["answers"]["control"] == ""
    assert NO_CONTROL not in entry(untouched)


def test_what_is_held_alone_says_that_no_control_was_run_for_it() -> None:
    recorded = read_recording(made("held")[1])
    assert control_told(recorded, View()) == HELD_ALONE
    assert "random pushes of that size" in control_told(recorded, made("held")[0].view)
