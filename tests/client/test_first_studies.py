"""What Experiments opens on: of every experiment a file that the page can read, and small."""

import re

import pytest

from app.recordings.study import read_study
from client.first_studies import SHOWN_FOLDER, experiment_of
from protocol.app.experiments.catalogue import EXPERIMENTS
from tests.test_rooms import ROOT

MOST_BYTES = 260_000
CODE = re.compile(r"[a-z]+_[a-z]|/layer|(?<![\w.\-])-\.?\d")
"""What a page says otherwise: a name of the code, a hyphen for a minus."""


@pytest.mark.core
@pytest.mark.parametrize("about", [one.about for one in EXPERIMENTS], ids=lambda about: about.id)
def test_every_experiment_ships_with_a_result_that_its_page_opens_on(about) -> None:
    recording = (ROOT / SHOWN_FOLDER / f"{about.id}.jsonl").read_bytes()
    studied = read_study(recording)
    assert experiment_of(studied.opening.request) == about.id
    assert studied.done and studied.opening.model.id == "tiny-gemma2-chat"
    first, second, *_ = studied.figures.values()
    assert first.plot or (first.claim and second.plot), "the first thing to see is a picture, or what is claimed"
    assert len(recording) < MOST_BYTES


@pytest.mark.core
@pytest.mark.parametrize("about", [one.about for one in EXPERIMENTS], ids=lambda about: about.id)
def test_what_experiments_says_has_the_words_of_the_other_pages(about) -> None:
    """Explore's "last token of the name" is no last_entity here, its L3 #4 no latent 4 of resid_post/layer_3."""
    studied = read_study((ROOT / SHOWN_FOLDER / f"{about.id}.jsonl").read_bytes())
    for figure in studied.figures.values():
        plot = figure.plot
        shown = [] if plot is None else [plot.x, plot.y, plot.series, plot.panel]
        said = [figure.title, figure.claim, *figure.notes, *(figure.columns[at].name for at in shown if at is not None)]
        said += [row[at] for row in figure.rows for at in shown if at is not None and isinstance(row[at], str)]
        assert [one for one in said if CODE.search(one)] == []
