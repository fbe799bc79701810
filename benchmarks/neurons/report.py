"""`python -m benchmarks.neurons.report`: docs/neurons.md, from studies of hallucination neurons.

1. every study that ASKED names, resumed where build/neurons holds its frames so far; --only: no study, what is there
2. its figures as tables, with what they come to in a sentence
3. what benchmarks/neurons/compliance.py measured of a model, as it was written there

A study that isn't whole says so. Nothing here is a test.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch

from benchmarks.circuits.report import frames_of, models_here, put_on_the_page, recorded
from model_worker.model.registry import read_registry, row_of
from protocol.worker.names import Asked, WorldNames
from protocol.worker.study_frames import Cell, Figure, Study
from protocol.worker.study_requests.neurons import NeuronsDial, NeuronsRequest

ROOT = Path(__file__).parents[2]
KEPT_NEURONS = ROOT / "build" / "neurons"
NEURONS_PAGE = ROOT / "docs" / "neurons.md"
ORDER_SHOWN = (
    *("verdicts", "labels", "readers", "sweep", "reliability", "agreement", "neurons", "layers", "slopes", "dial"),
    *("transfer", "origin"),
)
MOST_ROWS = 90

NEURONS_HEAD = """# Hallucination neurons

Written by `make neurons-report`. Wrong answers against right ones: a few neurons chosen by an L1 fit on CETT (each
neuron's share of what its MLP writes), as in Gao et al. 2025, beside what tells errors without any neuron. The first
view, of which claims are made, is *within one attribute, answers kept out*: a right and a wrong answer to one question
about two names, scored by fits that never saw what either says. With answers let in a score can be good by telling what
is said, and pooled over all questions by telling what was asked; those views come after, and say so. The paper's own
protocol (the mean over the answer's tokens, 3 against 1, C 1) is a row of the same table. One rule makes the sentences
(`model_worker/studies/neurons/claims.py`); a null has the place of a finding. Samples: greedy alone says which side an
answer is on, unless a section says that ten must agree.
"""

NEURONS_TAIL = """## Why the numbers differ from the paper

- *What is pooled.* The paper asks TriviaQA, where each question has an attribute and an answer of its own, so neither
  can be held still. Here they can: the view *all questions, attributes mixed* is the paper's, and comes close to its
  70 to 80; what is lost towards the first view is what was asked, and then what was answered.
- *Who is asked.* Ten of ten leaves the questions on which a model always agrees with itself: it selects on entropy,
  which is then hard to beat, and leaves out the middle. Both are above.
- *Random neurons* read too, in the paper 53 to 65 of a hundred against 50: a set counts here where it is above every
  one of eight matched ones. Its dial has no random neurons beside it; here no set steers that doesn't leave them
  behind.
- *How many.* C moves the count from none to hundreds: "fewer than one in a thousand" is a choice of C.
- *Size.* The paper's smallest model has four billion parameters. Replications there (read, not made by us) find
  reading at .84 pooled, .78 inside a domain and .56 across, and a dial of two points per unit.
"""


@dataclass(frozen=True)
class AskedOf:
    """name: of its file, and of its section."""

    name: str
    request: NeuronsRequest

    @property
    def file(self) -> Path:
        return KEPT_NEURONS / f"{self.name}.jsonl"


def asked_of(model: str, *, is_small: bool) -> Iterator[AskedOf]:
    """is_small: quick enough for all types, every factor and ten samples."""
    names = WorldNames(match_lengths=False)
    if not is_small:
        asked = Asked(
            names=names,
            split="all",
            most=20,
            attributes=("sport", "country", "capital", "profession"),
            groups=("known", "unsure", "unrecalled", "unknown"),
            per_name="all",
        )
        dial = NeuronsDial(most=5, alphas=(0.0, 3.0))
        yield AskedOf(
            model,
            NeuronsRequest(model=model, asked=asked, n_samples=0, dial=dial, cs=(1.0, 10.0), n_bootstraps=3),
        )
        return
    groups = ("known", "withheld", "misled", "unknown")
    asked = Asked(names=names, split="all", most=40, per_name="all", groups=groups)
    dial = NeuronsDial(most=60, alphas=(0.0, 0.5, 1.5, 2.0, 3.0))
    yield AskedOf(
        model,
        NeuronsRequest(model=model, asked=asked, n_samples=10, k=0, dial=dial, cs=(0.3, 1.0, 3.0, 10.0, 30.0)),
    )
    few = asked.model_copy(update={"groups": groups[:-1]})
    yield AskedOf(f"{model}, ten of ten", NeuronsRequest(model=model, asked=few, dial=None, base=False, cs=(1.0, 10.0)))


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.neurons.report", description=__doc__)
    parser.add_argument("--only", action="store_true", help="write the page from what is in build/neurons")
    parser.add_argument("--model", action="append", help="id of a card; repeatable; default: all that are here")
    options = parser.parse_args()
    registry = read_registry(())
    asked = [
        one
        for model in options.model or models_here(registry)
        for one in asked_of(model, is_small=row_of(registry, model).card.dtype == "float32")
    ]
    torch.set_num_threads(1)
    for one in () if options.only else asked:
        recorded(one.file, one.request)
    parts = [_section(one) for one in asked if one.file.exists()]
    parts += [file.read_text() for file in sorted(KEPT_NEURONS.glob("*-compliance.md"))]
    NEURONS_PAGE.write_text(NEURONS_HEAD + "\n" + "\n".join([*parts, NEURONS_TAIL]))
    if asked[0].request.model == next(iter(registry)) and asked[0].file.exists():
        put_on_the_page(asked[0].file)


def _section(one: AskedOf) -> str:
    frames = frames_of(one.file)
    study = next(frame for frame in frames if isinstance(frame, Study))
    figures = {frame.id: frame for frame in frames if isinstance(frame, Figure)}
    whole = "" if frames[-1].kind == "done" else " Not whole yet."
    lines = [f"## {one.name}", "", f"{study.n_steps:,} questions, those of the dial among them.{whole}", ""]
    for name in ORDER_SHOWN:
        if name in figures:
            lines += [f"### {figures[name].title}", "", *_told(figures[name]), *_rows(figures[name]), ""]
    return "\n".join(lines)


def _told(figure: Figure) -> Iterator[str]:
    words = " ".join(one for one in (figure.claim, *figure.notes) if one)
    if words:
        yield words
        yield ""


def _rows(figure: Figure) -> Iterator[str]:
    """Of long tables the first."""
    if not figure.rows:
        return
    yield "| " + " | ".join(column.name for column in figure.columns) + " |"
    yield "|" + "---|" * len(figure.columns)
    for row in figure.rows[:MOST_ROWS]:
        yield "| " + " | ".join(map(_cell_text, row)) + " |"
    if len(figure.rows) > MOST_ROWS:
        yield f"\n{len(figure.rows) - MOST_ROWS} rows more in the study."


def _cell_text(cell: Cell) -> str:
    return f"{cell:.3f}".replace("-", "−") if isinstance(cell, float) else "" if cell is None else str(cell)


if __name__ == "__main__":
    main()
