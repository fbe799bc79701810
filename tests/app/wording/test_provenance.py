"""What a study was of, in words."""

import pytest

from app.recordings.study import read_study
from app.wording.provenance import study_provenance
from tests.app.frames import study_recording


@pytest.mark.core
def test_a_study_tells_the_names_it_asked_about_beside_those_it_drew_them_from() -> None:
    studied = read_study(b"".join(study_recording(n_steps=2)))
    assert studied.told.n_names == 2
    assert study_provenance(studied)["names"].value == "2, drawn from 4: 1 player, known; 1 player, unknown"
    whole = study_provenance(read_study(b"".join(study_recording())))
    assert whole["names"].value == "4: 2 player, known; 2 player, unknown"
