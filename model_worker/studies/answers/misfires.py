"""Figures of misfires: every unprompted answer that is wrong or invented, against right answers and refusals.

    misfires   what is read at the name's last token before any of it is said, by what the untouched model then does
    auroc      how well that tells misfires from right answers and refusals: within one attribute, and all mixed
    ablation   what becomes a refusal when an arm takes something away, and what does under its controls

The claim put to the test: a misfire is a known-entity latent that fires where it should not, so that to ablate it
gives the refusal back (the articles' central claim; nobody tested it with controls). The claim sentences say what the
numbers say, yes or no, and what shrinks within one attribute.
"""

from collections.abc import Generator, Sequence

import numpy as np

from model_worker.studies.answers.outcomes import of_controls
from model_worker.studies.shared.counts import (
    GIVEN,
    WATCHED,
    Case,
    ShareEstimate,
    cases_of,
    cells,
    controls_of,
    kinds_of,
    main_arms,
    refused,
    share,
    spread,
)
from model_worker.studies.shared.opening import request_of
from model_worker.studies.shared.tables import IntervalColumns, Table
from model_worker.studies.shared.within.auroc import Viewed, in_both_views, unit_draws
from model_worker.studies.shared.within.views import (
    ATTRIBUTES_MIXED,
    SAME_ATTRIBUTE,
    VIEW_NOTE,
    asked_about,
    auroc_in_words,
    shrinking,
    unit_of,
)
from protocol.enough import too_few_of_kinds, too_few_of_one_kind
from protocol.steering import latent_name
from protocol.worker.studies import AnswersRequest
from protocol.worker.study_frames import Figure, Study, Trial

MISFIRE = "wrong or invented"
QUARTILES = {"least": 0, "lower quartile": 0.25, "median": 0.5, "upper quartile": 0.75, "most": 1}
CLASSES: dict[str, tuple[str, ...]] = {MISFIRE: GIVEN, "right": ("right",), "refused": ("refused",)}


def misfires_figure(opening: Study, trials: Sequence[Trial]) -> Figure:
    cases = cases_of(opening, trials)
    table = Table(*("read", "answer", "tier", "role", "n"), *QUARTILES)
    for place, quantity in enumerate(_quantities(opening)):
        for name, own in _classes(cases).items():
            table.add(quantity, name, "all", _role(name), len(own), *_box(_values(own, place)))
        for (outcome, group), own in cells(cases, ["baseline", "group"]).items():
            table.add(quantity, f"{outcome}, {group}", group, outcome, len(own), *_box(_values(own, place)))
    counts = ", ".join(f"{len(own)} {name}" for name, own in _classes(cases).items())
    return table.figure(
        "misfires",
        "What is read at the name, by what the untouched model then says",
        claim=f"Of {len(cases)} questions the untouched model's answers are: {counts}." if cases else "",
        plot=table.plot(
            "box",
            x="answer",
            low="least",
            q1="lower quartile",
            y="median",
            q3="upper quartile",
            high="most",
            role="role",
            panel="read",
        ),
        notes=(
            "Latents at the name's last token; log-odds that the first answer token opens a refusal at the prompt's "
            "end. Nothing is steered. Directions that are no latent's can't be watched here.",
        ),
    )


def auroc_figure(opening: Study, trials: Sequence[Trial]) -> Generator[None, None, Figure]:
    classes = _classes(cases_of(opening, trials))
    table = Table(
        *("read", MISFIRE, "role", "view", "n misfires", "n others", ("pairs", "pairs")),
        *("AUROC", IntervalColumns()),
    )
    found: dict[tuple[str, str], Viewed] = {}
    for other in ("right", "refused"):
        both = [*classes[MISFIRE], *classes[other]]
        is_error = np.repeat([True, False], [len(classes[MISFIRE]), len(classes[other])])
        draws = unit_draws([unit_of(case.type, case.name) for case in both])
        for place, quantity in enumerate(_quantities(opening)):
            kept = [(value, row) for row, value in enumerate(_read(both, place)) if value is not None]
            values, rows = np.array([value for value, _ in kept]), [row for _, row in kept]
            about = [asked_about(both[row].type, both[row].attribute) for row in rows]
            found[quantity, other] = in_both_views(values, is_error[rows], about, draws[:, rows])
            yield None
    for view in (SAME_ATTRIBUTE, ATTRIBUTES_MIXED):
        for (quantity, other), viewed in found.items():
            one = viewed.within if view == SAME_ATTRIBUTE else viewed.pooled
            if one.auroc is not None:
                counts = (one.n_errors, one.n_right, one.n_pairs)
                table.add(quantity, f"against {other}", other, view, *counts, one.auroc, one.interval)
    return table.figure(
        "auroc",
        "How well what is read tells misfires from the rest",
        claim=_auroc_claim(found),
        plot=table.plot(
            *("bars",),
            x="read",
            y="AUROC",
            low="low",
            high="high",
            series=MISFIRE,
            role="role",
            panel="view",
            y_min=0,
            y_max=1,
        ),
        notes=("Above 0.5: greater before a misfire.", VIEW_NOTE),
    )


def _auroc_claim(found: dict[tuple[str, str], Viewed]) -> str:
    enough = {
        key: viewed
        for key, viewed in found.items()
        if viewed.within.n_pairs and not too_few_of_kinds(viewed.within.n_errors, viewed.within.n_right)
    }
    if not enough:
        return ""
    said = []
    for quantity in dict.fromkeys(quantity for quantity, _ in enough):
        parts = [f"{other} {auroc_in_words(one.within)}" for (read, other), one in enough.items() if read == quantity]
        said.append(f"{quantity}: {', '.join(parts)}.")
    shrunk = shrinking({f"{quantity} against {other}": one for (quantity, other), one in enough.items()})
    opening = "AUROC of wrong or invented answers against others about the same attribute, 0.5 being chance."
    return " ".join([opening, *said, shrunk])


def ablation_figure(opening: Study, trials: Sequence[Trial]) -> Figure:
    cases = cases_of(opening, trials)
    table = Table(
        *("untouched", "arm", "series", "role", "n", "arms"), ("refused", "share"), IntervalColumns(unit="share")
    )
    for name, own in _classes(cases).items():
        for arm in main_arms(opening):
            series: list[tuple[str, str, ShareEstimate | None]] = [("arm", opening.arms[arm].role, share(own, arm))]
            series += [
                (f"{kind} controls", "control", spread(own, controls_of(opening, arm, kind)))
                for kind in kinds_of(opening, arm)
            ]
            for told, role, found in series:
                if found is not None:
                    numbers = (found.n, found.n_arms, found.share, found.interval)
                    table.add(name, opening.arms[arm].name, told, role, *numbers)
    return table.figure(
        "ablation",
        "What becomes a refusal",
        claim=" ".join(_verdict(opening, cases, arm) for arm in main_arms(opening)),
        plot=table.plot(
            "bars",
            x="arm",
            y="refused",
            low="low",
            high="high",
            series="series",
            role="role",
            panel="untouched",
            y_min=0,
            y_max=1,
        ),
        notes=(
            "Of an arm: 95 %, Wilson, over prompts. Of controls: the least and the most of the control arms, whose "
            "mean is the bar. What was refused untouched should stay so.",
        ),
    )


def _verdict(opening: Study, cases: Sequence[Case], arm: int) -> str:
    classes, name = _classes(cases), opening.arms[arm].name
    misfires, right = classes[MISFIRE], classes["right"]
    found = share(misfires, arm)
    if found is None:
        return f"No unprompted answer was wrong or invented: there is nothing that {name} could turn."
    if few := too_few_of_one_kind(len(misfires), "wrong or invented answers"):
        return f"{name}: {few}"
    controls = spread(misfires, controls_of(opening, arm))
    n_turned = sum(refused(case.answers[arm]) for case in misfires)
    of_right, n_right = share(right, arm), sum(refused(case.answers[arm]) for case in right)
    likewise = f" ({of_right.low:.0%} to {of_right.high:.0%})" if of_right else ""
    of_them = f"{n_turned} of {len(misfires)} wrong or invented answers ({found.low:.0%} to {found.high:.0%})"
    if controls is None or controls.n_arms < 2:
        answer = "Not two controls were run, so whether that is more than any push does is open."
    elif found.low > controls.high:
        answer = "So yes, more of them than under any of its controls."
    elif found.share > controls.high:
        answer = "That is more than under any of its controls, but its interval reaches into theirs."
    else:
        answer = "So no, not more of them than its controls do."
    return (
        f"With {name}, {of_them} become refusals, {of_controls(opening, misfires, arm)}; of {len(right):,} right "
        f"answers {n_right} do{likewise}. {answer}{_more_often(misfires, right, arm)}"
    )


def _more_often(misfires: Sequence[Case], right: Sequence[Case], arm: int) -> str:
    """Whether misfires are turned more often than right answers about the same attribute: of two of a pair, by how much
    the shares that are turned differ."""
    both = [*misfires, *right]
    viewed = in_both_views(
        np.array([float(refused(case.answers[arm])) for case in both]),
        np.repeat([True, False], [len(misfires), len(right)]),
        [asked_about(case.type, case.attribute) for case in both],
        unit_draws([unit_of(case.type, case.name) for case in both]),
    )
    own, pooled = viewed.within, viewed.pooled
    if own.auroc is None or own.interval is None or pooled.auroc is None:
        return ""
    apart, low, high, mixed = (100 * (2 * one - 1) for one in (own.auroc, *own.interval, pooled.auroc))
    told = f"{apart:+.0f} points ({low:+.0f} to {high:+.0f})"
    if low <= 0 <= high:
        return f" Within one attribute it doesn't tell them from right answers: {told}; attributes mixed {mixed:+.0f}."
    how = "more" if low > 0 else "less"
    return f" Within one attribute it turns them {how} often than right answers: {told}; attributes mixed {mixed:+.0f}."


def _classes(cases: Sequence[Case]) -> dict[str, list[Case]]:
    return {name: [case for case in cases if case.baseline in which] for name, which in CLASSES.items()}


def _role(name: str) -> str:
    return CLASSES[name][0]


def _quantities(opening: Study) -> list[str]:
    layer_of = {one.id: one.layer for one in opening.dictionaries}
    watched = request_of(opening, AnswersRequest).watch
    return [*(latent_name(layer_of[one.dictionary], one.latent) for one in watched), "refusal log-odds"]


def _values(cases: Sequence[Case], place: int) -> list[float]:
    """Of a quantity by its place."""
    return [value for value in _read(cases, place) if value is not None]


def _read(cases: Sequence[Case], place: int) -> list[float | None]:
    return [(*case.numbers.get(WATCHED, ()), case.answers[0].refusal_logodds)[place] for case in cases]


def _box(values: Sequence[float]) -> Sequence[float | None]:
    return np.quantile(values, list(QUARTILES.values())).tolist() if values else [None] * len(QUARTILES)
