"""Recognition is not recall: what a push does to answers about recognised names, as a table. Measures nothing."""

from collections.abc import Mapping
from typing import Any

from protocol.worker.report import ReportTable
from training.tiny_gemma2.evaluation.findings import Findings


def of_n(pair: list[int]) -> str:
    return f"{pair[0]} of {pair[1]}"


def told_story(found: Findings, story: Mapping[str, Any]) -> None:
    rows = []
    for kind, told in story.items():
        if kind in ("answers", "n", "pushes"):
            continue
        state = told["untouched"]
        before = (
            f"{state.get('right', 0)} / {state.get('wrong', 0) + state.get('answered', 0)} / {state.get('refused', 0)}"
        )
        for push, moved in told.items():
            if push != "untouched":
                rows.append(
                    (
                        kind, before, push, of_n(moved["refused_to_answered"]), of_n(moved["refused_to_right"]),
                        of_n(moved["wrong_to_right"]), of_n(moved["right_to_wrong"]), of_n(moved["any_to_refused"]),
                        of_n(moved["to_broken"]),
                    )
                )  # fmt: skip
    found.tables.append(
        ReportTable(
            title="Recognition is not recall",
            note=f"{story['n']} questions about real names that the base is never or only sometimes right "
            f"about, validation "
            "and test; whole greedy answers. Controls of a kind added up.",
            columns=(
                "type", "untouched: right / wrong / refused", "push", "refused → answered", "of them right",
                "wrong → right", "right → wrong", "any → refused", "broken",
            ),
            rows=tuple(rows),
        )
    )  # fmt: skip
