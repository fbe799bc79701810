"""docs/models.md says of a card what the protocol says."""

import json
import re

import pytest

from protocol.card_fields import MODELS_PAGE, field_tables, written_into
from protocol.worker.models import DirectionCard, ModelCard

pytestmark = pytest.mark.core
PAGE = MODELS_PAGE.read_text("utf-8")


def test_the_page_has_the_tables_that_the_protocol_makes() -> None:
    assert written_into(PAGE) == PAGE, "make vocabulary writes them"


def test_every_field_of_a_card_has_a_row_that_says_what_it_means() -> None:
    rows = re.findall(r"^\| `(\w+)` \| .+ \| .+ \| .+ \|$", field_tables(), re.MULTILINE)
    assert set(ModelCard.model_fields) | set(DirectionCard.model_fields) <= set(rows)
    assert len(rows) == field_tables().count("\n| `"), "a row that breaks its table"


def test_the_smallest_card_of_the_page_is_one_and_none_of_it_can_be_left_out() -> None:
    (block,) = re.findall(r"^```json card\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    card = ModelCard.model_validate_json(block)
    assert (
        card.model_dump(exclude_unset=True).keys()
        == {name for name, field in ModelCard.model_fields.items() if field.is_required()}
        == json.loads(block).keys()
    )
