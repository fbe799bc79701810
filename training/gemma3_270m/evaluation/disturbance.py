"""Any push, by size and kind, as a table of the report. Measures nothing."""

from collections.abc import Mapping
from typing import Any

from protocol.worker.report import ReportTable
from training.tiny_gemma2.evaluation.findings import Findings, short_number


def told_disturbed(found: Findings, disturbed: Mapping[str, Any]) -> None:
    rows = []
    for role, what in (("unknown", "known names refuse"), ("known", "invented names answer")):
        told = disturbed[role]
        for kind, by_strength in told.items():
            if isinstance(by_strength, Mapping):
                rows.append((what, kind, *(short_number(x) for x in by_strength.values())))
        sizes = list(next(x for x in told.values() if isinstance(x, Mapping)))
    found.tables.append(
        ReportTable(
            title="Any push, by size and kind",
            note=f"Random pushes at layer {disturbed['layer']}, first token, "
            f"{disturbed['unknown']['n_directions']} directions a "
            f"kind on {disturbed['unknown']['n_names']} names a side. In the prototype a sixteenth of r "
            f"made known names refuse.",
            columns=("what", "kind", *(f"{size} r" for size in sizes)),
            rows=tuple(rows),
        )
    )
