"""A report says what it means, or is refused where it is made."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from protocol.worker.report import ModelReport
from tests.shipped_documents import REPORT


def _changed(change: Any) -> str:
    report = json.loads(REPORT.model_dump_json())
    change(report)
    return json.dumps(report)


@pytest.mark.core
def test_a_report_survives_being_written_and_read() -> None:
    assert ModelReport.model_validate_json(REPORT.model_dump_json()) == REPORT


@pytest.mark.core
@pytest.mark.parametrize(
    "change",
    [
        lambda report: report["tables"][0]["rows"].append(["one cell of two"]),
        lambda report: report["curves"][0]["series"][0]["values"].pop(),
        lambda report: report["curves"][0]["series"][0]["high"].pop(),
        lambda report: report["figures"][0].pop("n"),
        lambda report: report["figures"][0].update(value="0.98"),
        lambda report: report["figures"][0].update(value=float("nan")),
        lambda report: report.update(measured="yesterday"),
        lambda report: report.update(more=1),
    ],
    ids=["a short row", "a value too few", "a band too short", "no n", "text", "NaN", "no date", "more"],
)
def test_a_report_that_could_be_misread_is_refused(change: Any) -> None:
    with pytest.raises(ValidationError):
        ModelReport.model_validate_json(_changed(change))


@pytest.mark.core
def test_the_shipped_report_says_its_bounds_in_words_and_as_numbers() -> None:
    for file in (Path(__file__).parents[2] / "model_worker" / "cards").glob("*/report.json"):
        for figure in ModelReport.model_validate_json(file.read_bytes()).figures:
            way, _, bound = figure.wanted.partition(" ")
            assert figure.at_least == (float(bound) if way == "≥" else None), figure.what
            assert figure.at_most == (float(bound) if way == "≤" else None), figure.what


@pytest.mark.core
def test_a_report_without_bounds_still_reads() -> None:
    old = json.loads(REPORT.model_dump_json())
    for figure in old["figures"]:
        del figure["at_least"], figure["at_most"]
    assert ModelReport.model_validate_json(json.dumps(old)).figures[0].at_least is None
