"""What a list says of a saved circuit is what its title claims, and a number never stands without its control."""

from types import SimpleNamespace

import pytest

from app.wording.excerpt import MOST_EXCERPT, circuit_excerpt, whole_sentences
from tests.app.circuit_frames import CIRCUIT

HEADLINE = "Jo: “Not recognised” is silent. Set as on Bo, m goes from −7 to +2: it refuses; 16 pushes reach −7.2."
MEASURED = (
    "Measured in 3 of 4 pairs of names.\n\nJo | Bo: Measured here. Jo, head 3.0: its output swapped moves m by +6.63, "
    "its pattern alone by ≈ 0 (12 controls −0.212 to +1.24)."
)


def _saved(note: str) -> str:
    saved = SimpleNamespace(note=note, circuit=SimpleNamespace(headline=HEADLINE), request=CIRCUIT)
    return circuit_excerpt(saved)  # type: ignore[arg-type]


def test_a_list_says_what_supports_the_title_with_its_control() -> None:
    told = _saved(MEASURED)
    assert told.startswith("Measured in 3 of 4 pairs of names. Jo | Bo") and "(12 controls −0.212 to +1.24)." in told
    assert HEADLINE not in told


def test_of_several_pairs_that_one_leads_which_the_recording_shows() -> None:
    pairs = ["Ann | Ben: Not here.", "Michael Batkin | Michael Jordan: Measured here.", "Cy | Di: Not here."]
    told = _saved("\n\n".join(("Measured in 1 of 3 pairs of names.", *pairs)))
    assert told.startswith(
        "Measured in 1 of 3 pairs of names. Michael Batkin | Michael Jordan: Measured here. Ann | Ben"
    )


@pytest.mark.parametrize("note", ["", "Look at the control."])
def test_where_a_note_says_little_the_measurement_is_whole(note: str) -> None:
    assert _saved(note) == " ".join(filter(None, (note, HEADLINE)))


def test_a_long_note_ends_with_a_sentence_and_one_without_end_with_a_word() -> None:
    assert whole_sentences("One is said. " * 60, MOST_EXCERPT).endswith("One is said.")
    endless = whole_sentences("word " * 200, MOST_EXCERPT)
    assert len(endless) <= MOST_EXCERPT and endless.endswith("word…")
