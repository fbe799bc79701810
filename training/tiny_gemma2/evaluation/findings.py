"""What one chat model did, gathered: numbers with what was wanted of them, tables, dialogues.

Measures nothing.
"""

from dataclasses import dataclass, field

from model_worker.studies.shared.statistics import wilson
from protocol.worker.report import Dialogue, ReportFigure, ReportTable


@dataclass
class Findings:
    """What one chat model did; `figures` is the table of what was wanted."""

    figures: list[ReportFigure] = field(default_factory=list)
    tables: list[ReportTable] = field(default_factory=list)
    dialogues: list[Dialogue] = field(default_factory=list)

    def add(
        self,
        what: str,
        value: float,
        n: int | None = None,
        interval: tuple[float, float] | None = None,
        at_least: float | None = None,
        at_most: float | None = None,
        control: str = "",
    ) -> None:
        wanted, met = "", None
        if at_least is not None:
            wanted, met = f"≥ {bound(at_least)}", value >= at_least
        if at_most is not None:
            wanted, met = f"≤ {bound(at_most)}", value <= at_most
        low, high = interval or (None, None)
        self.figures.append(
            ReportFigure(
                what=what,
                value=float(value),
                low=low,
                high=high,
                n=n,
                wanted=wanted,
                at_least=at_least,
                at_most=at_most,
                met=met,
                control=control,
            )
        )

    def share(self, what: str, counted: tuple[int, int], at_least: float | None = None, control: str = "") -> None:
        k, n = counted
        self.add(what, k / max(1, n), n, wilson(k, n), at_least, control=control)


def short_number(x: float) -> str:
    """.958, 1.000, 12: as short as it is exact enough."""
    if abs(x - round(x)) < 1e-9 and abs(x) >= 2:
        return str(round(x))
    return f"{x:.3f}".replace("0.", ".", 1) if abs(x) < 1 else f"{x:.3f}"


def bound(x: float) -> str:
    """.99, 300, 0"""
    return f"{x:g}".replace("0.", ".", 1)


def shares(got: dict[str, list[float]], side: str) -> str:
    return " ".join(short_number(x) for x in got[side])
