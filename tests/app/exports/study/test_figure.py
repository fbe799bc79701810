"""A study's figure in a file: hue and row, whatever the table names. tests/static/study compares it with the page's."""

import json

import pytest

from app.exports.palette import palette
from app.exports.study.figure import plots_of
from protocol.worker.study_frames import Column, Figure, Plot
from tests.app.exports.study.figures import FIGURES, marks

COLOUR = palette("light")


def test_what_is_no_role_is_drawn_in_no_roles_hue() -> None:
    (_, cities), _ = plots_of(FIGURES["a score that is no role"], "light")
    hues = {one["x"][0]: one["marker"]["color"] for one in json.loads(cities.to_json())["data"]}
    assert hues["latent 4"] == COLOUR["unknown-fill"]
    assert hues["entropy"] == hues["−log p"] == COLOUR["ink-3"]


def test_a_bar_without_a_series_has_the_hue_of_its_own_row() -> None:
    (_, known), (_, unknown) = plots_of(FIGURES["bars whose hue is their row's"], "dark")
    dark = palette("dark")
    for drawn, hue in ((known, "known-fill"), (unknown, "unknown-fill")):
        bars = {mark["x"]: mark for mark in marks(json.loads(drawn.to_json())["data"])}
        own = bars["known" if drawn is known else "unknown"]
        assert own["edge"] == dark[hue]
        assert bars["random 1"]["edge"] == dark["control-fill"]
        assert bars["random 1"]["colour"] == dark["band"], "a control is hollow"


@pytest.mark.parametrize("form", ["bars", "line", "points", "heat", "roc", "box"])
def test_every_form_is_drawn_panel_by_panel_and_shows_the_rows_numbers(form: str) -> None:
    rows = tuple(
        (x, y, y - 1, y + 1, s, p) for p in ("a", "b") for s in ("known", "control") for x, y in ((1, 2.0), (2, 4.0))
    )
    columns = tuple(Column(name=name) for name in ("x", "y", "low", "high", "series", "panel"))
    heat = {"value": 2, "diverging": True} if form == "heat" else {}
    box = {"q1": 2, "q3": 3} if form == "box" else {}
    plot = Plot(form=form, x=0, y=1, low=2, high=3, series=4, role=4, panel=5, **heat, **box)
    figure = Figure(seq=0, id="f", title="t", columns=columns, rows=rows, plot=plot)
    drawn = plots_of(figure, "light")
    assert [name for name, _ in drawn] == ["a", "b"]
    told = json.loads(drawn[0][1].to_json())["data"]
    if form == "heat":
        assert told[0]["x"] == ["1", "2"] and told[0]["y"] == ["2", "4"] and told[0]["z"] == [[1.0, None], [None, 3.0]]
    else:
        named = {one["name"]: one for one in told if "name" in one}
        assert named.keys() == {"known", "control"}
        assert named["known"]["median" if form == "box" else "y"] == [2.0, 4.0]
    assert plots_of(figure.model_copy(update={"plot": None}), "light") == []


def test_bars_of_one_series_stand_in_one_place_and_a_bar_alone_in_the_middle() -> None:
    (_, alone), _ = plots_of(FIGURES["a score that is no role"], "light")
    assert all("offsetgroup" not in one for one in json.loads(alone.to_json())["data"])
    (_, arms), _ = plots_of(FIGURES["arms and their controls"], "light")
    places = {one["name"]: one["offsetgroup"] for one in json.loads(arms.to_json())["data"]}
    assert places["baseline"] == places["known"] == places["unknown"] != places["random controls"]
