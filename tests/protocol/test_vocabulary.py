"""Every literal has its line in a table, and every line is of use."""

from typing import get_args

import pytest

from protocol import vocabulary
from protocol.vocabulary import CONTROL_KINDS, MODES, OUTCOMES, ROLES, RUNS, SCOPES, SPLITS, STORIES, TIERS, UNITS
from protocol.worker.studies import RUN

pytestmark = pytest.mark.core


@pytest.mark.parametrize(
    ("literal", "table"),
    [
        ("Mode", MODES),
        ("Unit", UNITS),
        ("Scope", SCOPES),
        ("Outcome", OUTCOMES),
        ("Role", ROLES),
        ("Tier", TIERS),
        ("Story", STORIES),
        ("RunKind", RUNS),
        ("ControlKind", CONTROL_KINDS),
    ],
)
def test_every_word_of_a_request_has_a_readers_word(literal: str, table: dict) -> None:
    assert tuple(table) == get_args(getattr(vocabulary, literal))


def test_splits_are_the_parts_of_all_names() -> None:
    assert set(SPLITS) == {*get_args(vocabulary.Split), "all"}
    assert sum(SPLITS[split].share for split in get_args(vocabulary.Split)) == pytest.approx(1)


def test_every_run_that_can_be_asked_for_has_a_name() -> None:
    kinds = {get_args(one.model_fields["kind"].annotation)[0] for one in get_args(get_args(RUN._type)[0])}
    assert kinds == set(RUNS)


def test_every_unit_is_that_of_a_mode_and_lengths_are_what_a_push_can_be_in() -> None:
    assert {unit for term in MODES.values() for unit in term.units} == set(UNITS)
    assert get_args(vocabulary.LengthUnit) == tuple(unit for unit, term in UNITS.items() if term.is_length)


def test_an_idle_strength_can_be_shown_on_its_units_scale() -> None:
    for term in MODES.values():
        for unit in term.units:
            assert term.idle is None or UNITS[unit].lowest <= term.idle <= UNITS[unit].highest
