"""`python -m training.gemma3_270m.evaluation.report`: what was measured on Gemma 3 270M as report.json and as a page.

Two halves, each a ModelReport: the answers, made here from answers-SEED.json of the work folder (the stage `answer` of
`python -m training.gemma3_270m`), and the dictionaries and pushes, steering.json there. Where the work folder has
neither, only the page is written again, from the report.json of the card.

Asks no model.
"""

import argparse
import json
import platform
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from protocol.worker.report import ModelReport
from training.gemma3_270m.evaluation.against_the_paper import against_the_paper
from training.gemma3_270m.evaluation.answering import Answering
from training.gemma3_270m.evaluation.answering_report import answering_dialogues, answering_figures, answering_tables
from training.gemma3_270m.evaluation.name_tokens import TokenCue, token_cue
from training.gemma3_270m.labels import BaseLabel, read_labels
from training.gemma3_270m.world.entities import invented_entities
from training.gemma3_270m.world.wording import GEMMA_TYPES
from training.tiny_gemma2.evaluation.markdown import cell, figures, rows, svg
from training.tiny_gemma2.paths import REPOSITORY

GEMMA_PAGE = "gemma-3-270m.md"
GEMMA_CARD = REPOSITORY / "model_worker" / "cards" / "gemma-3-270m"
INTRODUCTION = (
    "Written by `make gemma-report`; do not edit. What the base says of itself, what the tuned model answers on the "
    "test split, greedy, and what pushes do. 95 % intervals; the prototype's column is of "
    "one seed and small N. How it is made: `python -m training.gemma3_270m`; what was tried: [LOG.md](LOG.md). "
    "Some invented names may be somebody's after all: they were held against our tables and every place of a thousand "
    "people, not against the world. Of the 708 values of players and people 160, drawn at random, were written down "
    "from the names alone, twice, in two orders, by one reader who saw no value: none of ours was wrong (0 to 2.3 %). "
    "Some have a second true one that is counted as wrong, such as actor for Selena Gomez, chemist for Michael Faraday."
)


def answers_half(found: Sequence[Answering], labels: Sequence[BaseLabel], cues: dict[str, TokenCue]) -> ModelReport:
    return ModelReport(
        measured=date.today().isoformat(),
        hardware=f"{platform.machine()}, two cores",
        seconds=0,
        figures=answering_figures(found),
        tables=answering_tables(found, labels, cues),
        curves=(),
        dialogues=answering_dialogues(found[0]),
    )


def joined_halves(halves: Sequence[ModelReport]) -> ModelReport:
    """The first one's date and hardware, everything of all, in order."""
    return ModelReport(
        measured=halves[0].measured,
        hardware=halves[0].hardware,
        seconds=sum(half.seconds for half in halves),
        figures=tuple(one for half in halves for one in half.figures),
        tables=tuple(one for half in halves for one in half.tables),
        curves=tuple(one for half in halves for one in half.curves),
        dialogues=tuple(one for half in halves for one in half.dialogues),
    )


def name_cues(tokenizer, labels: Sequence[BaseLabel], invented_file: Path) -> dict[str, TokenCue]:
    """By type: all real names against all invented ones, and where it is enough of them, the known ones."""
    invented = invented_entities(invented_file)

    def tokens(names: Sequence[str]) -> list[list[int]]:
        return [tokenizer(f" {name}", add_special_tokens=False)["input_ids"] for name in names]

    cues = {}
    for kind in GEMMA_TYPES:
        made_up = tokens([one.name for one in invented if one.type == kind])
        for who, tiers in (("known", {"known"}), ("all real", {"known", "unsure", "unrecalled"})):
            real = [str(label["name"]) for label in labels if label["type"] == kind and label["tier"] in tiers]
            if len(real) >= 20:
                cues[f"{kind}, {who}"] = token_cue(tokens(real), made_up)
    return cues


def write_page(report: ModelReport, folder: Path) -> None:
    """The page, with its curves as pictures beside it."""
    parts = ["# Gemma 3 270M, measured", INTRODUCTION, "## What was wanted", figures(report.figures)]
    for i, curve in enumerate(report.curves):
        picture = f"gemma-3-270m-curve-{i + 1}.svg"
        (folder / picture).write_text(svg(curve), encoding="utf-8")
        parts.append(f"![{curve.title}]({picture})")
    for table in (against_the_paper(report), *report.tables):
        parts += [f"## {table.title}", table.note, rows(table)]
    parts.append("## Examples, of every failure too")
    for group in dict.fromkeys(one.group for one in report.dialogues):
        lines = [
            f"- {cell(one.question)} → {cell(one.answer)}" + (f" (true: {cell(one.truth)})" if one.truth else "")
            for one in report.dialogues
            if one.group == group
        ]
        parts += [f"**{group}**", "\n".join(lines)]
    (folder / GEMMA_PAGE).write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m training.gemma3_270m.evaluation.report", description=__doc__)
    parser.add_argument("--work", type=Path, default=Path(__file__).parent.parent / ".work")
    parser.add_argument("--base", type=Path, help="folder with the tokenizer, for what names' tokens alone tell")
    parser.add_argument("--card", type=Path, default=GEMMA_CARD)
    parser.add_argument("--docs", type=Path, default=REPOSITORY / "docs")
    args = parser.parse_args()
    answers = sorted(args.work.glob("answers-*.json"))
    halves = []
    if answers and args.base:
        from transformers import AutoTokenizer

        from training.gemma3_270m.world.entities import INVENTED_FILE

        labels = read_labels(args.card / "labels.json")
        found = [Answering(**json.loads(file.read_text())) for file in answers]
        cues = name_cues(AutoTokenizer.from_pretrained(args.base), labels, INVENTED_FILE)
        halves.append(answers_half(found, labels, cues))
    if halves and (args.work / "steering.json").exists():
        halves.append(ModelReport.model_validate_json((args.work / "steering.json").read_text()))
    if halves:
        report = joined_halves(halves)
        (args.card / "report.json").write_text(report.model_dump_json(indent=1) + "\n", encoding="utf-8")
    else:
        report = ModelReport.model_validate_json((args.card / "report.json").read_text())
    write_page(report, args.docs)


if __name__ == "__main__":
    main()
