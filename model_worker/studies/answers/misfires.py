"""Figures of misfires: every unprompted answer that is wrong or invented, against right answers and refusals.

    misfires   what is read at the name's last token before any of it is said, by what the untouched model then does
    auroc      how well that tells misfires from right answers and from refusals
    ablation   what becomes a refusal when an arm takes something away, and what does under its controls

The claim put to the test: a misfire is a known-entity latent that fires where it should not, so that to ablate it
gives the refusal back (the articles' central claim; nobody tested it with controls). The claim sentences say what the
numbers say, yes or no.
"""

from collections.abc import Sequence

import numpy as np

from model_worker.rounding import rounded
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
from model_worker.studies.shared.statistics import auroc, auroc_interval
from protocol.worker.studies import AnswersRequest
from protocol.worker.study_frames import Cell, Column, Figure, Plot, Study, Trial

MISFIRE = "wrong or invented"
CLASSES: dict[str, tuple[str, ...]] = {MISFIRE: GIVEN, "right": ("right",), "refused": ("refused",)}


def misfires_figure(opening: Study, trials: Sequence[Trial]) -> Figure:
    cases = cases_of(opening, trials)
    rows: list[tuple[Cell, ...]] = []
    for place, quantity in enumerate(_quantities(opening)):
        for name, own in _classes(cases).items():
            rows.append((quantity, name, "all", _role(name), len(own), *_box(_values(own, place))))
        for (outcome, group), own in cells(cases, ["baseline", "group"]).items():
            rows.append((quantity, f"{outcome}, {group}", group, outcome, len(own), *_box(_values(own, place))))
    counts = ", ".join(f"{len(own)} {name}" for name, own in _classes(cases).items())
    return Figure(
        seq=0,
        id="misfires",
        title="What is read at the name, by what the untouched model then says",
        claim=f"Of {len(cases)} questions the untouched model's answers are: {counts}." if cases else "",
        columns=(
            Column(name="read"),
            Column(name="answer"),
            Column(name="tier"),
            Column(name="role"),
            Column(name="n"),
            *(Column(name=name) for name in ("least", "lower quartile", "median", "upper quartile", "most")),
        ),
        rows=tuple(rows),
        plot=Plot(form="box", x=1, low=5, q1=6, y=7, q3=8, high=9, role=3, panel=0),
        notes=(
            "Latents at the name's last token; log-odds that the first answer token opens a refusal at the prompt's "
            "end. Nothing is steered. Directions that are no latent's can't be watched here.",
        ),
    )


def auroc_figure(opening: Study, trials: Sequence[Trial]) -> Figure:
    classes = _classes(cases_of(opening, trials))
    rows: list[tuple[Cell, ...]] = []
    seed = request_of(opening, AnswersRequest).seed
    said: list[str] = []
    for place, quantity in enumerate(_quantities(opening)):
        parts = []
        for other in ("right", "refused"):
            positive, negative = _values(classes[MISFIRE], place), _values(classes[other], place)
            found, interval = auroc(positive, negative), auroc_interval(positive, negative, seed)
            if found is None or interval is None:
                continue
            told = (rounded(found), rounded(interval[0]), rounded(interval[1]))
            rows.append((quantity, f"against {other}", other, len(positive), len(negative), *told))
            parts.append(f"{other} {found:.2f} ({interval[0]:.2f} to {interval[1]:.2f})")
        if parts:
            said.append(f"{quantity}: {', '.join(parts)}.")
    return Figure(
        seq=0,
        id="auroc",
        title="How well what is read tells misfires from the rest",
        claim="AUROC of wrong or invented answers against the others, 0.5 being chance. " + " ".join(said)
        if said
        else "",
        columns=(
            Column(name="read"),
            Column(name="wrong or invented"),
            Column(name="role"),
            Column(name="n misfires"),
            Column(name="n others"),
            Column(name="AUROC", unit="share"),
            Column(name="low", unit="share"),
            Column(name="high", unit="share"),
        ),
        rows=tuple(rows),
        plot=Plot(form="bars", x=0, y=5, low=6, high=7, series=1, role=2, y_min=0, y_max=1),
        notes=("Above 0.5: greater before a misfire. Interval: 95 %, bootstrap over prompts, each side by itself.",),
    )


def ablation_figure(opening: Study, trials: Sequence[Trial]) -> Figure:
    cases = cases_of(opening, trials)
    rows: list[tuple[Cell, ...]] = []
    for name, own in _classes(cases).items():
        for arm in main_arms(opening):
            series: list[tuple[str, str, ShareEstimate | None]] = [("arm", opening.arms[arm].role, share(own, arm))]
            series += [
                (f"{kind} controls", "control", spread(own, controls_of(opening, arm, kind)))
                for kind in kinds_of(opening, arm)
            ]
            for told, role, found in series:
                if found is not None:
                    numbers = (rounded(found.share), rounded(found.low), rounded(found.high))
                    rows.append((name, opening.arms[arm].name, told, role, found.n, found.n_arms, *numbers))
    return Figure(
        seq=0,
        id="ablation",
        title="What becomes a refusal",
        claim=" ".join(_verdict(opening, cases, arm) for arm in main_arms(opening)),
        columns=(
            Column(name="untouched"),
            Column(name="arm"),
            Column(name="series"),
            Column(name="role"),
            Column(name="n"),
            Column(name="arms"),
            Column(name="refused", unit="share"),
            Column(name="low", unit="share"),
            Column(name="high", unit="share"),
        ),
        rows=tuple(rows),
        plot=Plot(form="bars", x=1, y=6, low=7, high=8, series=2, role=3, panel=0, y_min=0, y_max=1),
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
        return f"No unprompted answer was wrong or invented, so there is nothing that {name} could turn."
    controls = spread(misfires, controls_of(opening, arm))
    n_turned = sum(refused(case.answers[arm]) for case in misfires)
    of_right, n_right = share(right, arm), sum(refused(case.answers[arm]) for case in right)
    likewise = f" ({of_right.low:.0%} to {of_right.high:.0%})" if of_right else ""
    of_them = f"{n_turned} of {len(misfires)} wrong or invented answers ({found.low:.0%} to {found.high:.0%})"
    if controls is None:
        answer = "No control was run, so whether that is more than any push does is open."
    elif found.low > controls.high:
        answer = "So yes, more of them than under any of its controls."
    elif found.share > controls.high:
        answer = "That is more than under any of its controls, but its interval reaches into theirs."
    else:
        answer = "So no, not more of them than its controls do."
    return (
        f"{name} turns {of_them} into refusals, {of_controls(opening, misfires, arm)}; "
        f"of {len(right)} right answers it turns {n_right}{likewise}. {answer}"
    )


def _classes(cases: Sequence[Case]) -> dict[str, list[Case]]:
    return {name: [case for case in cases if case.baseline in which] for name, which in CLASSES.items()}


def _role(name: str) -> str:
    return CLASSES[name][0]


def _quantities(opening: Study) -> list[str]:
    watched = [f"latent {target.latent} of {target.dictionary}" for target in request_of(opening, AnswersRequest).watch]
    return [*watched, "refusal log-odds"]


def _values(cases: Sequence[Case], place: int) -> list[float]:
    """Of a quantity by its place."""
    found = [(*case.numbers.get(WATCHED, ()), case.answers[0].refusal_logodds)[place] for case in cases]
    return [value for value in found if value is not None]


def _box(values: Sequence[float]) -> tuple[float | None, ...]:
    if not values:
        return (None,) * 5
    return tuple(rounded(float(value)) for value in np.quantile(values, [0, 0.25, 0.5, 0.75, 1]))
