"""What Experiments opens on: of every experiment a file that the page can read, and small."""

import pytest

from app.recordings.study import read_study
from client.first_studies import SHOWN_FOLDER, experiment_of
from protocol.app.experiments.catalogue import EXPERIMENTS
from tests.test_rooms import ROOT

MOST_BYTES = 220_000


@pytest.mark.core
@pytest.mark.parametrize("about", [one.about for one in EXPERIMENTS], ids=lambda about: about.id)
def test_every_experiment_ships_with_a_result_that_its_page_opens_on(about) -> None:
    recording = (ROOT / SHOWN_FOLDER / f"{about.id}.jsonl").read_bytes()
    studied = read_study(recording)
    assert experiment_of(studied.opening.request) == about.id
    assert studied.done and studied.opening.model.id == "tiny-gemma2-chat"
    assert next(iter(studied.figures.values())).plot, "the first thing to see is a picture"
    assert len(recording) < MOST_BYTES
