"""A study is too small where even its clearest result would come about by chance, and 5 % of few is nothing."""

import pytest
from scipy import stats

from protocol.enough import TOO_LIKELY, band_name, enough_controls, too_few_of_kinds, too_few_of_one_kind

pytestmark = pytest.mark.core


@pytest.mark.parametrize(("m", "n"), [(3, 3), (4, 4), (3, 5), (2, 8), (1, 38), (1, 39), (0, 9), (50, 60)])
def test_two_kinds_are_enough_where_mann_and_whitneys_test_can_tell_them_apart(m: int, n: int) -> None:
    clearest = stats.mannwhitneyu(range(n, n + m), range(n), method="exact").pvalue if m else 1.0
    assert (too_few_of_kinds(m, n) is None) == (clearest <= TOO_LIKELY)


def test_one_kind_is_enough_where_the_sign_test_can_tell_it_moved() -> None:
    for n in range(1, 12):
        assert (too_few_of_one_kind(n) is None) == (stats.binomtest(n, n).pvalue <= TOO_LIKELY) == (n >= 6)


def test_controls_are_enough_where_the_sign_test_can_tell_that_most_fall_short() -> None:
    for n in range(12):
        assert enough_controls(n) == (stats.binomtest(n, n).pvalue <= TOO_LIKELY if n else False)


def test_it_says_how_likely_chance_is_and_what_would_do() -> None:
    assert too_few_of_kinds(3, 3) == (
        "3 known and 3 unknown names are too few to say anything: chance alone tells them apart without a mistake in "
        "10% of cases. 4 and 4 would do."
    )
    assert too_few_of_one_kind(1, "pairs") == (
        "1 pair is too few to say anything: chance alone moves all of them the same way in 100% of cases. 6 would do."
    )


def test_a_band_has_a_name_that_its_number_of_controls_allows() -> None:
    assert [band_name(n) for n in (1, 19, 20, 32)] == ["range of 1", "range of 19", "5–95 %", "5–95 %"]
