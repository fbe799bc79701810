"""`python -m benchmarks.circuits.report`: docs/circuits.md, from studies of circuits over whole sets.

1. every study that STUDIES names, resumed where build/circuits holds its frames so far; --only: no study, what is there
2. its figures as tables, with what they come to in a sentence
3. what benchmarks/circuits measured of a model, as it was written there
4. what Experiments opens on: the first model's study by latents, without its answers

A study that isn't whole says so. Nothing here is a test.
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from pydantic import TypeAdapter

from client import first_studies
from client.recording import Recording
from model_worker.engine import Engine
from model_worker.model.loading import load
from model_worker.model.registry import RegistryRow, read_registry, row_of
from protocol.circuit import DEFAULT_TESTS, DefaultTest
from protocol.worker.circuits import OpeningTarget
from protocol.worker.frames import Frame
from protocol.worker.studies import Asked, CircuitsRequest, StudyRequest
from protocol.worker.study_frames import Cell, Figure, Study, Trial

ROOT = Path(__file__).parents[2]
KEPT = ROOT / "build" / "circuits"
PAGE = ROOT / "docs" / "circuits.md"
FRAME: TypeAdapter[Frame] = TypeAdapter(Frame)

FEWEST_CLAMPED = 8
BASES_ASKED = ("latents", "neurons")
HEAD = """# Circuits, over whole sets

Written by `make circuits-report`. A known name's question beside an unknown one's, of one attribute and one length in
tokens; m = log-odds that the next token opens a refusal, all that do against all others, so m > 0 refuses. Groups are
read off names that no pair has: a node at the name's last token is *recognised* where its activation goes with known
names (point-biserial r > .4), *not recognised* where it goes with unknown ones; at the prompt's end *say the answer*
and *can't answer* (|r| > .3); the rest by place. A group is set all at once, in all its layers, beside random
directions of equal norm at the same places. The study is one of Experiments; the page Circuit shows the same of two
prompts. Below a model's studies stands what scripts of benchmarks/circuits measured of it, each with its command.
"""


@dataclass(frozen=True)
class Asking:
    """n_pairs, n_tier: of names; rest: as of CircuitsRequest."""

    model: str
    basis: str
    n_pairs: int
    n_tier: int
    n_role_names: int
    n_controls: int
    rest: bool

    @property
    def request(self) -> CircuitsRequest:
        return CircuitsRequest.model_validate(
            {
                "model": self.model,
                "asked": Asked(split="all", most=60),
                "n_pairs": self.n_pairs,
                "basis": self.basis,
                "target": OpeningTarget(weighs="all"),
                "n_role_names": self.n_role_names,
                "n_tier": self.n_tier,
                "n_controls": self.n_controls,
                "rest": self.rest,
            }
        )

    @property
    def file(self) -> Path:
        return KEPT / f"{self.model}-{self.basis}.jsonl"


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.circuits.report", description=__doc__)
    parser.add_argument("--only", action="store_true", help="write the page from what is in build/circuits")
    parser.add_argument("--model", action="append", help="id of a card; repeatable; default: all that are here")
    parser.add_argument("--pairs", type=int, default=44)
    options = parser.parse_args()
    registry = read_registry(())
    models = options.model or models_here(registry)
    asked = [
        Asking(model, basis, options.pairs, 40 if small else 8, 120 if small else 40, 8, small)
        for model in models
        for small in (row_of(registry, model).card.dtype == "float32",)
        for basis in BASES_ASKED
    ]
    if not options.only:
        torch.set_num_threads(1)
        for one in asked:
            recorded(one.file, one.request)
    parts = []
    for model in models:
        parts += [section(one) for one in asked if one.model == model and one.file.exists()]
        parts += [file.read_text() for file in sorted(KEPT.glob(f"{model}-*.md"))]
    PAGE.write_text(HEAD + "\n" + "\n".join(parts))
    if asked[0].model == next(iter(registry)) and asked[0].file.exists():
        put_on_the_page(asked[0].file)


def models_here(registry: dict[str, RegistryRow]) -> list[str]:
    """Whose weights are on this machine: shipped, or in the store. One of the hub's is studied when it is named."""
    return [
        model
        for model, row in registry.items()
        if not row.wants_fetching and isinstance(row.place_of(row.card.weights), Path)
    ]


def recorded(file: Path, request: StudyRequest) -> None:
    """A study's frames, from where it was left."""
    file.parent.mkdir(parents=True, exist_ok=True)
    said = frames_of(file)
    if said and said[-1].kind == "done":
        return
    row = row_of(read_registry(()), request.model)
    engine = Engine(load(row), row=row)
    with file.open("a") as out:
        for frame in engine.study(request, said):
            engine.advance("background")
            if frame is not None:
                out.write(frame.model_dump_json() + "\n")
                out.flush()


def put_on_the_page(file: Path) -> None:
    """As what Experiments opens on."""
    opened = Recording("")
    for frame in frames_of(file):
        opened.add(frame)
    first_studies.write(opened)


def frames_of(file: Path) -> list[Frame]:
    """Whole lines; one that was cut off is dropped."""
    if not file.exists():
        return []
    lines = file.read_text().split("\n")[:-1]
    return [FRAME.validate_python(json.loads(line), strict=False) for line in lines]


def section(asking: Asking) -> str:
    frames = frames_of(asking.file)
    study = next(one for one in frames if isinstance(one, Study))
    figures = {one.id: one for one in frames if isinstance(one, Figure)}
    trials = [one for one in frames if isinstance(one, Trial)]
    tested, clamped = (len({one.prompt for one in trials if _is_of(one, part)}) for part in ("default", "group"))
    request = study.request
    assert isinstance(request, CircuitsRequest)
    whole = "" if frames[-1].kind == "done" else f" Not whole yet: {request.n_pairs} pairs were asked for."
    lines = [
        f"## {asking.model}, by {asking.basis}",
        "",
        *(["m is of two tokens here, as circuits had it at first.", ""] if request.target.weighs == "two" else []),
        f"Default tests on {tested} pairs, groups clamped on {clamped}; {request.n_controls} random directions beside "
        f"each effect.{whole} " + " ".join(one for one in study.warnings if "Roles" in one or "pairs instead" in one),
        "",
    ]
    if "defaults" in figures:
        lines += [f"**{_verdict(figures['defaults'])}**", ""]
    few = clamped < FEWEST_CLAMPED  # a group's table of two pairs says nothing
    for name in ("defaults", "groups", "arrows", "misfires"):
        if name in figures and not (few and name in ("groups", "arrows")):
            lines += [f"### {figures[name].title}", "", *_words(figures[name]), *_table(figures[name]), ""]
    return "\n".join(lines)


def _verdict(figure: Figure) -> str:
    """Of known names: a test counts where its interval lies above what its controls do, for a default above a half."""
    names = [column.name for column in figure.columns]
    rows = {row[0]: dict(zip(names, row, strict=True)) for row in figure.rows if row[1] == "known name"}

    def beyond(test: DefaultTest, least: float) -> str:
        row = rows.get(DEFAULT_TESTS[test])
        if row is None:
            return "not tested"
        low, chance, share = (float(row[key] or 0) for key in ("refuses, low", "controls refuse", "refuses"))
        answer = "yes" if low > max(least, chance) else "no"
        return f"{answer}, {share:.0%} of known names are then refused, controls {chance:.0%}"

    return (
        f"Is refusing the default? With the name hidden: {beyond('name_hidden', 0.5)}. With a neutral name: "
        f"{beyond('name_neutral', 0.5)}. Does recognition lift it? Taken away: {beyond('recognition_off', 0)}. "
        f"{rows[DEFAULT_TESTS['untouched']]['pairs']} clear pairs."
    )


def _is_of(trial: Trial, part: str) -> bool:
    return any(key.startswith(f"{part}/") for key in trial.numbers)


def _words(figure: Figure) -> Iterator[str]:
    words = " ".join(one for one in (figure.claim, *figure.notes) if one)
    if words:
        yield words
        yield ""


def _table(figure: Figure) -> Iterator[str]:
    """Arrows that lie within what random directions do are left out: there are many."""
    names = [column.name for column in figure.columns]
    rows = [row for row in figure.rows if "beyond random" not in names or row[names.index("beyond random")] == "yes"]
    yield "| " + " | ".join(names) + " |"
    yield "|" + "---|" * len(names)
    for row in rows:
        yield "| " + " | ".join(_cells(row)) + " |"


def _cells(row: Sequence[Cell]) -> Iterator[str]:
    for cell in row:
        if cell is None:
            yield ""
        elif isinstance(cell, float):
            yield f"{cell:.2f}".replace("-", "−")
        else:
            yield str(cell)


if __name__ == "__main__":
    main()
