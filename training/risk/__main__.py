"""`python -m training.risk STAGE MODEL`: the risk strip of a model that ships, from its own answers.

answer  the questions, greedy and sampled: RISK_WORK/MODEL.jsonl.gz; goes on where it was interrupted
fit     the card's risk.json, and beside this module what it was fitted and tested on: trials/MODEL.jsonl.gz
report  docs/risk.md, of all models that have trials

Whoever trains a model again asks and fits again: its card is written without a risk.json.
The weights of a model that doesn't hold its own come from the store (docs/models.md).
"""

import argparse
from pathlib import Path

from model_worker.model.registry import CARDS

RISK_WORK = Path(__file__).parent / ".work"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m training.risk", description=__doc__)
    parser.add_argument("stage", choices=("answer", "fit", "report"))
    parser.add_argument("model", nargs="?", help="id of its card; not for the report")
    parser.add_argument("--work", type=Path, default=RISK_WORK, help="answers")
    parser.add_argument("--samples", type=int, default=1, help="a question, beside the greedy answer")
    parser.add_argument("--threads", type=int, default=1, help="torch threads")
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    (args.work / ".gitignore").write_text("*\n")
    {"answer": answers_stage, "fit": risk_fit_stage, "report": risk_page_stage}[args.stage](args)


def answers_stage(args: argparse.Namespace) -> None:
    import torch  # after the arguments: --help should not take seconds

    from model_worker.model.loading import load
    from model_worker.model.registry import read_registry, row_of
    from training.risk.answering import answer_questions
    from training.risk.questions import halved_by, risk_questions
    from training.risk.worlds import talk_of

    torch.set_num_threads(args.threads)
    folder = CARDS / args.model
    asked = risk_questions(folder, halved_by(folder), talk_of(args.model))
    loaded = load(row_of(read_registry(), args.model))
    answer_questions(loaded, asked, args.work / f"{args.model}.jsonl.gz", args.samples, print_line)


def risk_fit_stage(args: argparse.Namespace) -> None:
    from training.risk.answering import read_lines
    from training.risk.shipping import ship_risk
    from training.risk.trials import TRIALS, trials_of, write_trials
    from training.risk.worlds import forms_of

    found = list(trials_of(read_lines(args.work / f"{args.model}.jsonl.gz"), forms_of(args.model)))
    write_trials(TRIALS / f"{args.model}.jsonl.gz", found)
    ship_risk(CARDS / args.model, found)


def risk_page_stage(args: argparse.Namespace) -> None:
    from training.risk.report import RISK_PAGE, pushed_figures, risk_page
    from training.risk.trials import TRIALS, read_trials

    files = sorted(TRIALS.glob("*.jsonl.gz"), key=lambda file: "tiny" not in file.name)
    trials = {file.name.split(".jsonl")[0]: read_trials(file) for file in files}
    RISK_PAGE.write_text(risk_page(trials, pushed_figures()), "utf-8")


def print_line(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    main()
