"""One spelling for a name, however it is typed; and no character is cut."""

import pytest

from protocol.spelling import fold, whole
from tests.protocol.spelling_cases import DIFFERENT, SAME, SPELLINGS


@pytest.mark.core
@pytest.mark.parametrize("spelled", SAME, ids=lambda spelled: spelled[0])
def test_however_a_name_is_typed_it_has_one_spelling(spelled: tuple[str, ...]) -> None:
    assert len({fold(one) for one in spelled}) == 1


@pytest.mark.core
@pytest.mark.parametrize("names", DIFFERENT, ids=lambda names: names[0])
def test_what_tells_names_apart_stays(names: tuple[str, ...]) -> None:
    assert len({fold(one) for one in names}) == len(names)


@pytest.mark.core
@pytest.mark.parametrize("way", SPELLINGS.values(), ids=SPELLINGS)
def test_folding_what_is_folded_changes_nothing(way) -> None:
    for name in ("Sergio Aguero", "Ain't Too Proud to Beg", "Heart-Shaped Box", "L.A. Confidential"):
        assert fold(way(name)) == fold(name) == fold(fold(name))


@pytest.mark.core
@pytest.mark.parametrize(
    ("text", "start", "end", "wholly"),
    [
        ("Agu\u0308ero", 0, 3, "Agu\u0308"),
        ("Agu\u0308ero", 3, 7, "u\u0308ero"),
        ("👩\u200d🚀 Ann", 0, 1, "👩\u200d🚀"),
        ("👍🏽 Ann", 0, 1, "👍🏽"),
        ("Agu\u0308ero", 3, 4, "u\u0308"),
        ("Ann\u200b", 3, 4, "\u200b"),
        ("Ann", 0, 2, "An"),
        ("Ann", 0, 3, "Ann"),
    ],
)
def test_a_span_cuts_no_character_that_a_reader_sees_as_one(text: str, start: int, end: int, wholly: str) -> None:
    first, last = whole(text, start, end)
    assert text[first:last] == wholly
