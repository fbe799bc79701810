"""The report's page of Gemma 3 270M is what its report.json says, and holds it against the paper."""

import json
from pathlib import Path

from protocol.worker.report import ModelReport
from training.gemma3_270m.card.world_fields import LEFT_OUT, entity_rows
from training.gemma3_270m.evaluation.against_the_paper import against_the_paper
from training.gemma3_270m.evaluation.report import GEMMA_CARD, GEMMA_PAGE, write_page
from training.gemma3_270m.split import split_of
from training.tiny_gemma2.paths import REPOSITORY

REPORT = ModelReport.model_validate_json((GEMMA_CARD / "report.json").read_text())


def test_the_page_and_its_pictures_are_those_of_the_report_that_ships(tmp_path: Path) -> None:
    write_page(REPORT, tmp_path)
    written = {file.name: file.read_text() for file in tmp_path.iterdir()}
    assert GEMMA_PAGE in written and len(written) == 1 + len(REPORT.curves)
    assert written == {name: (REPOSITORY / "docs" / name).read_text() for name in written}
    assert "\\\\|" not in written[GEMMA_PAGE], "a bar escaped twice ends a cell"


def test_nothing_that_is_held_against_the_paper_was_not_measured() -> None:
    told = against_the_paper(REPORT)
    assert "not measured" not in str(told.rows)
    # one of the report's figures taken away is left open, not made up
    fewer = REPORT.model_copy(update={"figures": tuple(f for f in REPORT.figures if "known latent" not in f.what)})
    assert against_the_paper(fewer).rows[0][2] == "not measured"


def test_no_name_is_said_to_have_been_asked_in_tuning_that_was_in_no_turn() -> None:
    rows = json.loads((GEMMA_CARD / "entities.json").read_text())
    asked = {row["tier"] for row in rows if row["facts"] and row["split"] == "chat-train"}
    assert asked == {"known", "unsure"}, "what the base never recalls is in no turn"
    label = {"type": "city", "attribute": "country", "truth": "France", "tier": "unsure"}
    drawn = [name for name in (f"City {n}" for n in range(40)) if split_of(name) == "chat-train"]
    told = entity_rows([label | {"name": name} for name in drawn[:2]], (), {drawn[0]})
    assert [row["split"] for row in told] == ["chat-train", LEFT_OUT]
