"""Tables of the study `uncertainty`. In short steps, where intervals take their time. Knows nothing about models."""

from collections import Counter
from collections.abc import Callable, Generator, Mapping, Sequence

import numpy as np

from model_worker.studies.shared.counts import ANSWERS_FIRST
from model_worker.studies.shared.questions import Question
from model_worker.studies.shared.tables import Table
from model_worker.studies.shared.within.auroc import Viewed
from model_worker.studies.shared.within.roc import within_roc
from model_worker.studies.shared.within.views import (
    ATTRIBUTES_MIXED,
    AUROC_ENDS,
    SAME_ATTRIBUTE,
    VIEW_NOTE,
    auroc_bars,
    auroc_in_words,
    shrinking,
)
from model_worker.studies.uncertainty.moments import MIN_EACH, Ranked
from model_worker.studies.uncertainty.scores import ErrorScore
from model_worker.studies.uncertainty.sides import POOLED, Separability, Sides
from model_worker.studies.uncertainty.threshold import F1_NOTE
from protocol.enough import too_few_of_kinds
from protocol.worker.study_frames import Cell, Figure, Plot, Trial

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
        AUROC_ENDS,
        "AUROC, attributes mixed",
        "F1",
    )
    found: list[Viewed] = []
    for rank, one in enumerate(best, 1):
        t = [one.t[kind] for kind in kinds]
        named = (one.label, rank, one.dictionary, one.layer, one.latent)
        means = (one.of_right, one.of_error)
        if test is None:
            table.add(*named, one.score, *t, *means, None, None, None, None)
            continue
        viewed, f1 = test(one)
        yield None
        found.append(viewed)
        within, pooled, _ = viewed
        table.add(*named, one.score, *t, *means, within.auroc, within.interval, pooled.auroc, f1)
    return table.figure(
        "latents",
        "Latents that are greater before an error",
        claim=_latents_claim(kinds, table, found[0] if found else None),
        plot=table.plot("bars", x="latent", y="score, least t"),
        notes=(
            f"{n}; t and means on the training half, attributes mixed; AUROC, among questions about one attribute, and "
            f"F1 on the test half. Types with {MIN_EACH} right answers and errors of the training half count: "
            f"{', '.join(kinds) or 'none'}.",
            where,
            F1_NOTE,
        ),
    )


def roc_figure(scores: Sequence[ErrorScore], sides: Sides) -> Generator[None, None, Figure]:
    table = Table(("false alarms", "share"), ("hits", "share"), "score", "role", "view")
    places, is_error, about = sides.strata("test")
    for view, strata in ((SAME_ATTRIBUTE, about), (ATTRIBUTES_MIXED, [""] * len(places))):
        for one in scores:
            for x, y in within_roc(one.values[places], is_error, strata):
                table.add(x, y, one.name, one.role, view)
            yield None
    return table.figure(
        "roc",
        "Errors told from right answers, test half",
        plot=table.plot("roc", x="false alarms", y="hits", series="score", role="role", panel="view", y_min=0, y_max=1),
        notes=(
            f"hits: errors at or above a threshold. false alarms: right answers there. {SAME_ATTRIBUTE}: of an error's "
            "own attribute, errors weighed so that the area is the AUROC of that view.",
        ),
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


SCORE_COLUMNS = (
    *("score", "role", "type", "view", "AUROC"),
    AUROC_ENDS,
    "F1",
    *(("errors", "prompts"), ("right answers", "prompts"), ("pairs", "pairs")),
)


def score_baselines(scores: Sequence[ErrorScore], sides: Sides, where: str) -> Generator[None, None, Figure]:
    table = Table(*SCORE_COLUMNS)
    found: dict[str, Separability] = {}
    for one in scores:
        found[one.name] = sides.tested(one.values)
        yield None
    for view in (SAME_ATTRIBUTE, ATTRIBUTES_MIXED):
        for one in scores:
            _add_score(table, one, POOLED, view, found[one.name])
    viewed = {name: one.viewed for name, one in found.items()}
    told = ", ".join(f"{name} {auroc_in_words(one.within)}" for name, one in viewed.items())
    row = next((one for one in table.records() if one["AUROC"] is not None), None)
    claim = (_too_few(row) or f"AUROC within one attribute, test half: {told}. {shrinking(viewed)}") if row else ""
    return table.figure(
        "baselines",
        "The best latent beside what needs no dictionary",
        claim=claim,
        plot=_score_plot(table),
        notes=(
            VIEW_NOTE,
            "The probe is standardised, L2, both sides weighed alike, attributes mixed; its C is the best on the "
            "validation tenth.",
            F1_NOTE,
            where,
        ),
    )


def scores_by_type(scores: Sequence[ErrorScore], sides: Sides, kinds: Sequence[str]) -> Generator[None, None, Figure]:
    """kinds: types that count."""
    table = Table(*SCORE_COLUMNS)
    for kind in kinds:
        for one in scores:
            _add_score(table, one, kind, f"{kind}, {SAME_ATTRIBUTE}", sides.tested(one.values, kind))
            yield None
    return table.figure("types", "The same by type", plot=_score_plot(table), notes=(VIEW_NOTE, F1_NOTE))


def _add_score(table: Table, one: ErrorScore, kind: str, view: str, tested: Separability) -> None:
    told = tested.viewed.pooled if view == ATTRIBUTES_MIXED else tested.viewed.within
    counts = (told.n_errors, told.n_right, told.n_pairs)
    table.add(one.name, one.role, kind, view, told.auroc, told.interval, tested.f1, *counts)


def _score_plot(table: Table) -> Plot:
    return auroc_bars(table, "score", role="role", panel="view")


def _too_few(row: Mapping[str, Cell]) -> str | None:
    counts = (row["errors"], row["right answers"])
    n_errors, n_right = (int(one) for one in counts if isinstance(one, int))
    return too_few_of_kinds(n_errors, n_right, ("errors", "right answers"), "")


def _latents_claim(kinds: Sequence[str], table: Table, tested: Viewed | None) -> str:
    if not kinds:
        return (
            f"No type has {MIN_EACH} right answers and {MIN_EACH} errors of the training half, so nothing can be "
            "ranked: ask about more names, or about rarer ones."
        )
    best = next(table.records(), None)
    if best is None:
        return "No latent is greater before errors in every type."
    told = ""
    if tested is not None and tested.pooled.auroc is not None:
        told = (
            f"; on the test half AUROC {auroc_in_words(tested.within)} within one attribute, {tested.pooled.auroc:.2f} "
            "with attributes mixed"
        )
    return f"Best: {best['latent']}, t at least {best['score, least t']:.1f} in every type that counts{told}."
