"""Tables of the study `uncertainty`. In short steps, where intervals take their time. Knows nothing about models."""

from collections import Counter
from collections.abc import Callable, Generator, Mapping, Sequence

import numpy as np

from model_worker.studies.shared.counts import ANSWERS_FIRST
from model_worker.studies.shared.questions import Question
from model_worker.studies.shared.statistics import roc
from model_worker.studies.shared.tables import IntervalColumns, Table
from model_worker.studies.uncertainty.moments import MIN_EACH, Ranked
from model_worker.studies.uncertainty.scores import ErrorScore
from model_worker.studies.uncertainty.sides import POOLED, Separability, Sides
from model_worker.studies.uncertainty.threshold import F1_NOTE
from protocol.enough import too_few_of_kinds
from protocol.worker.study_frames import Cell, Figure, Trial

QUANTILES = {"5 %": 0.05, "25 %": 0.25, "median": 0.5, "75 %": 0.75, "95 %": 0.95}


def untouched_outcomes(questions: Sequence[Question], trials: Sequence[Trial]) -> Figure:
    """trials: of the first so many questions."""
    counts: Counter[tuple[str, str, str]] = Counter()
    totals: Counter[tuple[str, str]] = Counter()
    for trial, question in zip(trials, questions, strict=False):
        cell = (question.taken.entity.type, question.taken.group)
        counts[*cell, trial.answers[0].outcome] += 1
        totals[cell] += 1
    table = Table("type", "group", "outcome", "answers", ("prompts", "prompts"), ("share", "share"))
    for cell, total in sorted(totals.items()):
        for outcome in ANSWERS_FIRST:
            hits = counts[*cell, outcome]
            table.add(*cell, outcome, hits, total, hits / total)
    by = Counter(trial.answers[0].outcome for trial in trials)
    left_out = by["refused"] + by["answered"] + by["broken"]
    return table.figure(
        "outcomes",
        "What the untouched model answers",
        claim=f"{by['right']} right, {by['wrong']} wrong, {by['invented']} invented; {left_out} are left out, "
        f"{by['refused']} of them refused.",
        plot=table.plot("bars", x="group", y="share", series="outcome", role="outcome", panel="type", y_min=0, y_max=1),
        notes=(f"Greedy, {len(trials):,} of {len(questions):,} questions.",),
    )


def error_latents(
    best: Sequence[Ranked],
    kinds: Sequence[str],
    test: Callable[[Ranked], Separability] | None,
    n: str,
    where: str,
) -> Generator[None, None, Figure]:
    """kinds: types that count. test: None before the end. n: of how many questions, where: where it was read, in
    words."""
    table = Table(
        *("latent", "rank", "dictionary", "layer", "index", "score, least t"),
        *(f"t, {kind}" for kind in kinds),
        ("mean before right", "activation"),
        ("mean before errors", "activation"),
        "AUROC",
        IntervalColumns("AUROC, low", "AUROC, high"),
        "F1",
    )
    for rank, one in enumerate(best, 1):
        tested = Separability()
        if test is not None:
            tested = test(one)
            yield None
        t = [one.t[kind] for kind in kinds]
        named = (one.label, rank, one.dictionary, one.layer, one.latent)
        table.add(*named, one.score, *t, one.of_right, one.of_error, *tested)
    return table.figure(
        "latents",
        "Latents that are greater before an error",
        claim=_latents_claim(kinds, table),
        plot=table.plot("bars", x="latent", y="score, least t"),
        notes=(
            f"{n}; t and means on the training half, AUROC and F1 on the "
            f"test half. Types with {MIN_EACH} right answers and errors of the training half count: "
            f"{', '.join(kinds) or 'none'}.",
            where,
            F1_NOTE,
        ),
    )


def roc_figure(scores: Sequence[ErrorScore], sides: Sides) -> Generator[None, None, Figure]:
    table = Table(("false alarms", "share"), ("hits", "share"), "score", "role")
    for one in scores:
        error, right = sides.of(one.values, "test")
        if len(error) and len(right):
            for x, y in roc(error, right):
                table.add(x, y, one.name, one.role)
        yield None
    return table.figure(
        "roc",
        "Errors told from right answers, test half",
        plot=table.plot("roc", x="false alarms", y="hits", series="score", role="role", y_min=0, y_max=1),
        notes=("hits: errors at or above a threshold. false alarms: right answers there. Types pooled.",),
    )


def boxes_figure(best: Ranked | None, by_answer: Mapping[tuple[str, str], Sequence[float]], where: str) -> Figure:
    """by_answer: the best latent's activations on the test half, by type and answer."""
    table = Table("type", "answer", *((name, "activation") for name in QUANTILES), ("prompts", "prompts"))
    for cell, values in sorted(by_answer.items()):
        table.add(*cell, *np.quantile(values, list(QUANTILES.values())), len(values))
    return table.figure(
        "boxes",
        f"Activation before the answer{', ' + best.label if best else ''}",
        plot=table.plot(
            "box",
            x="type",
            low="5 %",
            q1="25 %",
            y="median",
            q3="75 %",
            high="95 %",
            series="answer",
            role="answer",
        ),
        notes=("Test half, the best latent by the training half.", where),
    )


def score_baselines(
    scores: Sequence[ErrorScore], sides: Sides, kinds: Sequence[str], where: str
) -> Generator[None, None, Figure]:
    """kinds: types that count."""
    table = Table(
        *("score", "role", "type", "AUROC"),
        IntervalColumns("AUROC, low", "AUROC, high"),
        "F1",
        ("errors", "prompts"),
        ("right answers", "prompts"),
    )
    for kind in [POOLED, *kinds]:
        for one in scores:
            error, right = sides.of(one.values, "test", kind)
            table.add(one.name, one.role, kind, *sides.tested(one.values, kind), len(error), len(right))
            yield None
    pooled = [row for row in table.records() if row["type"] == POOLED and row["AUROC"] is not None]
    told = ", ".join(f"{row['score']} {row['AUROC']:.2f}" for row in pooled)
    return table.figure(
        "baselines",
        "The best latent beside what needs no dictionary",
        claim=_too_few(pooled[0]) or f"AUROC on the test half: {told}." if pooled else "",
        plot=table.plot(
            "bars",
            x="score",
            y="AUROC",
            low="AUROC, low",
            high="AUROC, high",
            role="role",
            panel="type",
            y_min=0,
            y_max=1,
        ),
        notes=(
            "Intervals: 95 %, Newcombe, by the numbers of errors and of right answers. AUROC 0.5 is chance.",
            "The probe is standardised, L2, both sides weighed alike; its C is the best on the validation tenth.",
            F1_NOTE,
            where,
        ),
    )


def _too_few(row: Mapping[str, Cell]) -> str | None:
    counts = (row["errors"], row["right answers"])
    n_errors, n_right = (int(one) for one in counts if isinstance(one, int))
    return too_few_of_kinds(n_errors, n_right, ("errors", "right answers"), "")


def _latents_claim(kinds: Sequence[str], table: Table) -> str:
    if not kinds:
        return (
            f"No type has {MIN_EACH} right answers and {MIN_EACH} errors of the training half, so nothing can be "
            "ranked: ask about more names, or about rarer ones."
        )
    best = next(table.records(), None)
    if best is None:
        return "No latent is greater before errors in every type."
    tested = "" if best["AUROC"] is None else f"; AUROC {best['AUROC']:.2f} on the test half"
    return f"Best: {best['latent']}, t at least {best['score, least t']:.1f} in every type that counts{tested}."
