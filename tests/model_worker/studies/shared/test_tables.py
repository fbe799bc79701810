"""A figure's table: who writes one names its columns, and the frame numbers them."""

import re
from pathlib import Path

import numpy as np
import pytest

from model_worker.studies.shared.tables import IntervalColumns, Table
from protocol.worker.study_frames import Column, Plot

STUDIES = Path(__file__).parents[4] / "model_worker" / "studies"


@pytest.mark.core
def test_a_plot_that_names_its_columns_is_numbered_and_cells_are_rounded() -> None:
    table = Table("arm", ("refused", "share"), IntervalColumns("low", "high", "share"), "role")
    table.add("pushed", np.float64(1 / 3), (0.1234567, np.float32(0.5)), "known")
    table.add("random", np.int64(0), None, None)
    figure = table.figure("id", "title", plot=table.plot("bars", x="arm", y="refused", low="low", high="high"))
    assert figure.columns[1:4] == tuple(Column(name=name, unit="share") for name in ("refused", "low", "high"))
    assert figure.rows == (("pushed", 0.333333, 0.123457, 0.5, "known"), ("random", 0, None, None, None))
    assert figure.plot == Plot(form="bars", x=0, y=1, low=2, high=3)
    assert list(table.records())[1] == {"arm": "random", "refused": 0, "low": None, "high": None, "role": None}


@pytest.mark.core
def test_a_column_that_is_not_there_or_there_twice_and_a_row_that_is_too_short_are_mistakes() -> None:
    table = Table("arm", "share")
    with pytest.raises(KeyError):
        table.plot("bars", x="arm", y="refused")
    with pytest.raises(ValueError):
        table.add("pushed")
    with pytest.raises(AssertionError):
        Table("low", IntervalColumns())


@pytest.mark.core
def test_no_study_counts_columns() -> None:
    counting = [
        file.name
        for file in STUDIES.rglob("*.py")
        if file.name != "tables.py" and re.search(r"\b(Plot|Column)\(", file.read_text())
    ]
    assert counting == []
