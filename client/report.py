"""`python -m client.report`: every study of the first model, asked through the client, as `docs/studies.md`.

Headless: it begins runs, follows them and writes down the figures that come. Starts an app of its own on a fresh
database, unless it is told the address of one. Knows nothing about how a study is made, nor what its figures mean.
"""

import argparse
import os
import platform
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from client import first_studies
from client.client import Client, Lost
from client.recording import Recording
from protocol.app.experiments.answers.dose import DoseExperiment
from protocol.app.experiments.answers.misfires import MisfiresExperiment
from protocol.app.experiments.answers.refusals import RefusalsExperiment
from protocol.app.experiments.answers.risk import RiskExperiment
from protocol.app.experiments.answers.scopes import ScopesExperiment
from protocol.app.experiments.directions import PUSHED_ROLES, direction_of
from protocol.refusal import Refused
from protocol.worker.models import ModelCard
from protocol.worker.names import WorldNames
from protocol.worker.studies import (
    Asked,
    AttentionRequest,
    DiscoverRequest,
    KnowledgeRequest,
    LabelRequest,
    PatchingRequest,
    StudyRequest,
    TransferRequest,
    UncertaintyRequest,
)
from protocol.worker.study_frames import Cell, Column, Figure, Study

STUDIES_PAGE = Path("docs/studies.md")
MOST_ROWS, FEW_ROWS, FOLDED_ROWS = 130, 24, 12
STARTING_S = 120


@dataclass(frozen=True)
class Chapter:
    """`redoes`: the place in Ferrando et al. it stands for. `quoted`: ids of the figures whose claims sum it up."""

    title: str
    redoes: str
    request: StudyRequest
    quoted: tuple[str, ...]


@dataclass(frozen=True)
class ChapterResult:
    """A chapter and what came of it; `seconds` on the clock on the wall, the wait in the queue left out."""

    chapter: Chapter
    recording: Recording
    seconds: float

    @property
    def study(self) -> Study:
        return self.recording.study

    @property
    def figures(self) -> tuple[Figure, ...]:
        return tuple(self.recording.figures.values())


def chapters(card: ModelCard) -> tuple[Chapter, ...]:
    model, few = card.id, Asked(names=WorldNames(most=12), split="all", per_name="all", most=12)
    refusals, dose, scopes, misfires = RefusalsExperiment(), DoseExperiment(), ScopesExperiment(), MisfiresExperiment()
    risk = RiskExperiment()
    sliders = {role: found for role in PUSHED_ROLES if (found := direction_of(card, role))}
    return (
        Chapter(
            "Which latents know a name", "Sections 3, 4; figures 1, 2, 9", DiscoverRequest(model=model), ("latents",)
        ),
        Chapter("Which names it knows", "Section 3, figure 7", LabelRequest(model=model, asked=few), ("labels",)),
        Chapter(
            "Refusals by arm",
            "Section 5; figures 3, 11, 26",
            refusals.request(card, refusals.preset(card)),
            ("pooled",),
        ),
        *(
            Chapter(f"Dose and response, {role}", "Table 6", dose.request(card, dose.preset(card, slider)), ("dose",))
            for role, slider in sliders.items()
        ),
        *(
            Chapter(
                f"Where it must be steered, {role}",
                "Sections 5, 6",
                scopes.request(card, scopes.preset(card, slider)),
                ("scopes",),
            )
            for role, slider in sliders.items()
        ),
        Chapter(
            "Who looks at the name",
            "Section 6; figures 4c-f, 15-21",
            AttentionRequest(model=model),
            ("heads", "significance", "knockout"),
        ),
        Chapter(
            "Where the answer comes from",
            "Section 6; figures 4a, b, 12-14",
            PatchingRequest(model=model),
            ("residual", "heads"),
        ),
        Chapter("Are you sure you know it?", "Section 6.1, figure 5", KnowledgeRequest(model=model), ("shift",)),
        Chapter(
            "From base to chat",
            "Sections 5, 8; equation 9, figure 10",
            TransferRequest(model=model),
            ("reading", "projection", "answers"),
        ),
        Chapter(
            "Latents before the answer",
            "Section 7; figures 6, 23, 24",
            UncertaintyRequest(model=model),
            ("latents", "baselines"),
        ),
        Chapter(
            "Misfires",
            "Not in it; the claim is Lindsey et al.'s (On the Biology of a Large Language Model, 2025)",
            misfires.request(card, misfires.preset(card)),
            ("misfires", "auroc", "ablation"),
        ),
        *(
            [
                Chapter(
                    "The risk under a push",
                    "Not in it; what the risk strip of Explore is worth on steered answers",
                    risk.request(card, risk.preset(card)),
                    ("pushed_risk",),
                )
            ]
            if card.risk
            else []
        ),
    )


def main() -> None:
    options = _options()
    with _address(options.url) as url, Client(url) as app:
        card = _card(app)
        told = [_told(app, chapter) for chapter in chapters(card) if options.only in chapter.title.lower()]
    for one in reversed(told):  # of two of one experiment, the first is what its page opens on
        first_studies.write(one.recording, options.shown)
    if options.only and options.out.exists():
        titles = [chapter.title for chapter in chapters(card)]
        options.out.write_text(with_anew(options.out.read_text("utf-8"), titles, told), encoding="utf-8")
    else:
        options.out.write_text(studies_markdown(card, told), encoding="utf-8")
    print(f"{options.out}: {len(told)} studies, {sum(one.seconds for one in told):.0f} s")


def studies_markdown(card: ModelCard, told: list[ChapterResult]) -> str:
    parts = [
        f"# Studies of {card.title}",
        "Written by `make studies`, which asks a model through the Python client; do not edit. Each table is "
        "a figure of the page /discover or /experiments, made from the same frames; every completion is in a run of "
        f"your own. Intervals are 95 %. Measured {datetime.now(UTC):%Y-%m-%d} on {platform.machine()}, "
        f"{os.cpu_count()} threads, in {sum(one.seconds for one in told):.0f} s.",
        f"**{card.title}.** {card.note} Its numbers are facts about this model, not about Gemma; what the paper found "
        "stands in the paper. Sections and figures are those of Ferrando et al.",
        "## What was found",
    ]
    parts += [_found(one) for one in told]
    parts += [_whole(one) for one in told]
    return "\n\n".join(parts) + "\n"


def with_anew(page: str, titles: Sequence[str], told: Sequence[ChapterResult]) -> str:
    """A page as `studies_markdown` wrote it, with some chapters measured again; in the order of the titles."""
    head, found, *wholes = re.split(r"^(?=## )", page, flags=re.MULTILINE)
    opening, *founds = re.split(r"^(?=\*\*\[)", found, flags=re.MULTILINE)
    summed = {one[3 : one.index("](#")]: one.strip() for one in founds} | {
        one.chapter.title: _found(one) for one in told
    }
    written = {one[3 : one.index("\n")]: one.strip() for one in wholes} | {
        one.chapter.title: _whole(one) for one in told
    }
    parts = [head.strip(), opening.strip(), *(kept[one] for kept in (summed, written) for one in titles if one in kept)]
    return "\n\n".join(parts) + "\n"


def _found(one: ChapterResult) -> str:
    return f"**[{one.chapter.title}](#{_anchor(one.chapter.title)})**\n\n{_lines(_quoted(one))}"


def _whole(one: ChapterResult) -> str:
    parts = [f"## {one.chapter.title}", _what(one), _lines(one.study.warnings)]
    for figure in one.figures:
        most = MOST_ROWS if figure.id in one.chapter.quoted else FEW_ROWS
        claim, notes = _lines(figure.claim.split("\n")), _lines(figure.notes)
        parts += [f"### {figure.title}", claim, _folded(figure, most), notes]
    return "\n\n".join(part for part in parts if part)


def figure_table(figure: Figure, most: int) -> str:
    """Without columns that say nothing, and no more rows than one can read."""
    rows = figure.rows[:most]
    columns = [at for at in range(len(figure.columns)) if any(row[at] not in (None, "") for row in rows)]
    heads = (figure.columns[at] for at in columns)
    lines = [
        _row(f"{one.name}, {one.unit}" if one.unit and not one.name.endswith(one.unit) else one.name for one in heads),
        "|" + "---|" * len(columns),
    ]
    lines += [_row(_value(row[at], figure.columns[at]) for at in columns) for row in rows]
    more = len(figure.rows) - most
    return "\n".join(lines) + (f"\n\n{more:,} more rows are in the run." if more > 0 else "")


def _folded(figure: Figure, most: int) -> str:
    if len(figure.rows) <= FOLDED_ROWS:
        return figure_table(figure, most)
    return f"<details><summary>Table, {len(figure.rows):,} rows</summary>\n\n{figure_table(figure, most)}\n\n</details>"


def _quoted(one: ChapterResult) -> list[str]:
    claims = {figure.id: figure.claim for figure in one.figures}
    return [line for name in one.chapter.quoted for line in claims.get(name, "").split("\n")]


def _lines(lines: Iterable[str]) -> str:
    return "\n".join(f"- {_escaped(line)}" for line in lines if line)


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(map(_cell, cells)) + " |"


def _what(one: ChapterResult) -> str:
    study = one.study
    groups = Counter(name.group for name in study.names)
    names = ", ".join(f"{n:,} {group}" for group, n in groups.items())
    return (
        f"{one.chapter.redoes}. The set: {names}. {study.n_steps:,} steps in {one.seconds:.0f} s. "
        f"`{study.request.kind}`, request sha256 `{study.request_sha256[:12]}`."
    )


def _told(app: Client, chapter: Chapter) -> ChapterResult:
    run = app.begin(chapter.request)
    began: float | None = None

    def seen(_frame: object) -> None:
        nonlocal began
        began = began or time.perf_counter()

    recording: Recording = app.result(run.id, seen)
    seconds = time.perf_counter() - (began or time.perf_counter())
    print(f"{chapter.title}: {len(recording.figures)} figures, {seconds:.0f} s", flush=True)
    return ChapterResult(chapter, recording, seconds)


def _card(app: Client) -> ModelCard:
    return app.models().models[0]


@contextmanager
def _address(url: str | None) -> Iterator[str]:
    """Of the app that was named, or of one that lives as long as this context."""
    if url is not None:
        yield url
        return
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        own = {"HOST": "127.0.0.1", "PORT": str(port), "DATA_DIR": folder}
        process = subprocess.Popen([sys.executable, "-m", "app"], env=os.environ | own, stderr=subprocess.DEVNULL)
        try:
            _wait(f"http://127.0.0.1:{port}")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait()


def _wait(url: str) -> None:
    end = time.monotonic() + STARTING_S
    while True:
        try:
            with Client(url) as app:
                _card(app)
                return
        except (Lost, Refused):
            if time.monotonic() > end:
                raise
            time.sleep(0.5)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="client.report", description="Every study, written down.")
    parser.add_argument("--url", help="of an app that runs; default: one of its own")
    parser.add_argument("--out", type=Path, default=STUDIES_PAGE)
    parser.add_argument("--shown", type=Path, default=first_studies.SHOWN_FOLDER, help="for what Experiments opens on")
    parser.add_argument("--only", default="", type=str.lower, help="words of the titles of those that are wanted")
    return parser.parse_args()


def _value(cell: Cell, column: Column) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float):
        return f"{cell:.3f}" if "share" in column.unit or 0.1 <= abs(cell) < 1 else f"{cell:.3g}"
    return str(cell)


def _cell(text: str) -> str:
    return _escaped(text).replace("|", "\\|").replace("\n", " ")


def _escaped(text: str) -> str:
    return text.replace("<", "&lt;")


def _anchor(title: str) -> str:
    return "".join(c for c in title.lower().replace(" ", "-") if c.isalnum() or c == "-")


if __name__ == "__main__":
    main()
