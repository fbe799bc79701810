"""A run's answers as a table, against the frames of the recording that Explore opens on."""

import json
from pathlib import Path

import pytest

from app.recordings.arms import read_recording
from app.wording.cells import csv_of
from app.wording.token_table import token_table
from protocol.risk.words import RISK_REFUSES, RISK_STEERED, RISK_UNFITTED

pytestmark = pytest.mark.core

RECORDING = (Path(__file__).parents[3] / "static/first/explore.jsonl").read_bytes()


def test_each_token_has_its_risk_and_the_fit_with_its_n_or_why_it_has_none() -> None:
    start, *frames = map(json.loads, RECORDING.splitlines())
    tokens = [token for frame in frames if frame["kind"] == "step" for token in frame["tokens"]]
    table = token_table(read_recording(RECORDING))
    rows = [dict(zip([column.name for column in table.columns], row, strict=True)) for row in table.rows]
    value = next(one for one in start["risk"]["tested"] if one["place"] == "value")
    assert len(rows) == len(tokens)
    told = {(row["arm"], row["answer"], row["place"]): row for row in rows}
    places: dict[tuple[int, int], int] = {}
    for token in tokens:
        key = token["arm"], token["sample"]
        row = told[(*key, places.get(key, 0))]
        places[key] = places.get(key, 0) + 1
        assert (row["token"], row["risk"], row["entropy"]) == (token["text"], token.get("risk"), token["entropy_nats"])
        steered = start["arms"][token["arm"]]["sweep"] is not None
        wanted = RISK_REFUSES if token.get("risk") is None else RISK_STEERED if steered else ""
        assert row["of the risk"] == wanted
        assert (row["fitted on, answers"], row["ECE"]) == (start["risk"]["n"], value["ece"])
    assert {RISK_REFUSES, RISK_STEERED, ""} == {row["of the risk"] for row in rows}
    assert csv_of(table).count("\r\n") == len(rows) + 1


def test_where_nothing_was_fitted_that_is_said_of_each_token() -> None:
    start, *frames = RECORDING.splitlines(keepends=True)
    plain = {key: value for key, value in json.loads(start).items() if key != "risk"}
    table = token_table(read_recording(json.dumps(plain).encode() + b"\n" + b"".join(frames)))
    place = [column.name for column in table.columns].index("of the risk")
    assert {row[place] for row in table.rows} == {RISK_UNFITTED}
