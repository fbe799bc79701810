"""How a score that tells errors from right answers is shown: within one attribute first, pooled as a view that says
what it mixes, and in a sentence what shrinks from the one to the other.

Knows nothing about where scores come from.
"""

from collections.abc import Mapping, Sequence

from model_worker.studies.shared.tables import IntervalColumns, Table
from model_worker.studies.shared.within.auroc import Viewed, WithinAuroc
from protocol.worker.study_frames import Plot

AUROC_ENDS = IntervalColumns("AUROC, low", "AUROC, high")
SAME_ATTRIBUTE = "same attribute"
ATTRIBUTES_MIXED = "all questions, attributes mixed"
VIEW_NOTE = (
    f"{SAME_ATTRIBUTE}: a pair is an error and a right answer to one question about two names. {ATTRIBUTES_MIXED}: any "
    "two, so that a score can be good by telling what was asked. Intervals: 95 %, names drawn again, 1,000 times. 0.5 "
    "is chance."
)


def asked_about(kind: str, attribute: str | None) -> str:
    """The stratum of a question."""
    return f"{kind}: {attribute}"


def unit_of(kind: str, name: str) -> str:
    """Answers about one name are no independent observations."""
    return f"{kind} {name}"


def auroc_bars(
    table: Table, x: str, *, series: str | None = None, role: str | None = None, panel: str | None = None
) -> Plot:
    """Of a table with a column AUROC and its AUROC_ENDS."""
    low, high = AUROC_ENDS.low, AUROC_ENDS.high
    return table.plot(
        "bars", x=x, y="AUROC", low=low, high=high, series=series, role=role, panel=panel, y_min=0, y_max=1
    )


def auroc_in_words(told: WithinAuroc) -> str:
    """ "0.62 (0.55 to 0.68)" """
    if told.auroc is None:
        return "no pair"
    ends = "" if told.interval is None else f" ({told.interval[0]:.2f} to {told.interval[1]:.2f})"
    return f"{told.auroc:.2f}{ends}"


def shrinking(found: Mapping[str, Viewed]) -> str:
    """What pooling made of each score, by its name, that is less within one attribute; "" of none."""
    told = [one for one in found.items() if one[1].shrinks]
    if not found or all(one.mixes is None for one in found.values()):
        return ""
    if not told:
        return "With attributes mixed none of them is greater beyond chance."
    return f"With attributes mixed, which lets a score be good by telling what was asked: {_listed(told)}."


def _listed(told: Sequence[tuple[str, Viewed]]) -> str:
    return ", ".join(f"{name} {one.pooled.auroc:.2f}" for name, one in told)
