"""How an interval stands in a figure's row: two cells, empty where there is none. Knows nothing about statistics."""

from model_worker.rounding import rounded
from protocol.worker.study_frames import Cell


def pair(interval: tuple[float, float] | None) -> tuple[Cell, Cell]:
    return (None, None) if interval is None else (rounded(float(interval[0])), rounded(float(interval[1])))
