"""How numbers of frames are rounded: six significant digits, as protocol/worker/frames.py says."""

from collections.abc import Iterable


def rounded(value: float) -> float:
    return float(f"{value:.6g}")


def all_rounded(values: Iterable[float]) -> tuple[float, ...]:
    return tuple(rounded(value) for value in values)
