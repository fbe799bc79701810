"""Figures of arms that differ in how hard or in where they push.

    dose        what answers come to against strength, with the controls' band
    logodds     how likely the first answer token opens a refusal, against strength, with the same band
    coherence   what tells a changed mind from a broken one: KL from the untouched model's first answer token, what the
                answers cost the untouched model, repeated words, broken answers
    scopes      what is refused, by where it is steered

Strength 0 is the untouched model. Knows nothing about how the answers were made.
"""

from collections.abc import Callable, Sequence
from functools import partial
from statistics import fmean

from model_worker.rounding import rounded
from model_worker.studies.answers.outcomes import refusal_claim
from model_worker.studies.shared.counts import (
    Case,
    cases_of,
    cells,
    controls_of,
    main_arms,
    mean_of,
    outcomes,
    refused,
    repetition,
    share,
    spread,
)
from model_worker.studies.shared.opening import request_of
from model_worker.studies.shared.statistics import t_interval
from protocol.steering import Held
from protocol.vocabulary import OUTCOMES, Outcome
from protocol.worker.studies import AnswersRequest
from protocol.worker.study_frames import Cell, Column, Figure, Plot, Study, Trial, TrialAnswer

BAND_NOTE = "Band of an outcome: 95 %, Wilson, over prompts. Of controls: the least and the most of the control arms."

GUARDS: dict[str, tuple[str, Callable[[TrialAnswer], float | None]]] = {
    "KL of the first answer token": ("nats", lambda answer: answer.kl_nats),
    "cost to the untouched model": ("nats per token", lambda answer: answer.surprise_nats),
    "repeated word pairs": ("share", repetition),
    "broken answers": ("share", lambda answer: float(answer.outcome == "broken")),
}


def outcomes_by_dose(opening: Study, trials: Sequence[Trial]) -> Figure:
    cases = cases_of(opening, trials)
    rows: list[tuple[Cell, ...]] = []
    for words, own in cells(cases, request_of(opening, AnswersRequest).by).items():
        panel, arms = " · ".join(words), _by_strength(opening)
        seen = [outcome for outcome in OUTCOMES if any(outcomes(own, [arm])[outcome] for arm, _ in arms)]
        for arm, strength in arms:
            for outcome in seen:
                found = share(own, arm, partial(_came_to, outcome))
                assert found is not None
                told = (rounded(found.share), rounded(found.low), rounded(found.high))
                rows.append((panel, strength, outcome, outcome, len(own), *told))
            band = spread(own, controls_of(opening, arm), refused)
            if band is not None:
                told = (rounded(band.share), rounded(band.low), rounded(band.high))
                rows.append((panel, strength, "refused, controls", "control", len(own), *told))
    return Figure(
        seq=0,
        id="dose",
        title="What the answers come to, by strength",
        claim=_dose_claim(opening, cases),
        columns=(
            Column(name=" · ".join(request_of(opening, AnswersRequest).by)),
            Column(name="strength", unit=_unit(opening)),
            Column(name="outcome"),
            Column(name="role"),
            Column(name="n"),
            Column(name="share", unit="share"),
            Column(name="low", unit="share"),
            Column(name="high", unit="share"),
        ),
        rows=tuple(rows),
        plot=Plot(form="line", x=1, y=5, low=6, high=7, series=2, role=3, panel=0, y_min=0, y_max=1),
        notes=(BAND_NOTE,),
    )


def logodds_figure(opening: Study, trials: Sequence[Trial]) -> Figure:
    cases = cases_of(opening, trials)
    rows: list[tuple[Cell, ...]] = []
    for words, own in cells(cases, request_of(opening, AnswersRequest).by).items():
        for arm, strength in _by_strength(opening):
            values = _logodds(own, arm)
            band = t_interval(values) or (None, None)
            role = opening.arms[arm].role
            rows.append((" · ".join(words), strength, "arm", role, len(own), *_three(fmean(values), *band)))
            others = [fmean(_logodds(own, control)) for control in controls_of(opening, arm)]
            if others:
                told = _three(fmean(others), min(others), max(others))
                rows.append((" · ".join(words), strength, "controls", "control", len(own), *told))
    return Figure(
        seq=0,
        id="logodds",
        title="Log-odds that the first answer token opens a refusal, by strength",
        columns=(
            Column(name=" · ".join(request_of(opening, AnswersRequest).by)),
            Column(name="strength", unit=_unit(opening)),
            Column(name="series"),
            Column(name="role"),
            Column(name="n"),
            Column(name="mean log-odds", unit="nats"),
            Column(name="low", unit="nats"),
            Column(name="high", unit="nats"),
        ),
        rows=tuple(rows),
        plot=Plot(form="line", x=1, y=5, low=6, high=7, series=2, role=3, panel=0),
        notes=("Band of the arm: 95 %, Student's t, over prompts. Of controls: their least and most mean.",),
    )


def coherence_figure(opening: Study, trials: Sequence[Trial]) -> Figure:
    cases = cases_of(opening, trials)
    rows: list[tuple[Cell, ...]] = []
    for guard, (unit, number) in GUARDS.items():
        for arm, strength in _by_strength(opening):
            one = opening.arms[arm]
            for series, role, arms in (("arm", one.role, [arm]), ("controls", "control", controls_of(opening, arm))):
                mean = mean_of(cases, arms, number)
                if mean is not None:
                    rows.append((f"{guard}, {unit}", one.name, strength, series, role, len(cases), rounded(mean)))
    dose = request_of(opening, AnswersRequest).plot == "dose"
    return Figure(
        seq=0,
        id="coherence",
        title="Is it still the model's own language?",
        columns=(
            Column(name="measure"),
            Column(name="arm"),
            Column(name="strength", unit=_unit(opening)),
            Column(name="series"),
            Column(name="role"),
            Column(name="n"),
            Column(name="mean"),
        ),
        rows=tuple(rows),
        plot=Plot(form="line" if dose else "bars", x=2 if dose else 1, y=6, series=3, role=4, panel=0, y_min=0),
        notes=("KL: of the first answer token's distribution, the arm's from the untouched model's.",),
    )


def scopes_figure(opening: Study, trials: Sequence[Trial]) -> Figure:
    cases = cases_of(opening, trials)
    rows: list[tuple[Cell, ...]] = []
    for words, own in cells(cases, request_of(opening, AnswersRequest).by).items():
        for arm in (0, *main_arms(opening)):
            where = _where(_held(opening, arm)) if arm else "nowhere"
            series = (
                ("arm", opening.arms[arm].role, share(own, arm)),
                ("controls", "control", spread(own, controls_of(opening, arm))),
            )
            for name, role, found in series:
                if found is not None:
                    told = (found.n, rounded(found.share), rounded(found.low), rounded(found.high))
                    rows.append((" · ".join(words), where, opening.arms[arm].name, name, role, *told))
    return Figure(
        seq=0,
        id="scopes",
        title="Where it must be steered",
        claim=refusal_claim(opening, cases),
        columns=(
            Column(name=" · ".join(request_of(opening, AnswersRequest).by)),
            Column(name="where"),
            Column(name="arm"),
            Column(name="series"),
            Column(name="role"),
            Column(name="n"),
            Column(name="refused", unit="share"),
            Column(name="low", unit="share"),
            Column(name="high", unit="share"),
        ),
        rows=tuple(rows),
        plot=Plot(form="bars", x=1, y=6, low=7, high=8, series=3, role=4, panel=0, y_min=0, y_max=1),
        notes=(BAND_NOTE,),
    )


def _dose_claim(opening: Study, cases: Sequence[Case]) -> str:
    """Of the strongest push each way: more would be a list, which the figure is."""
    arms = [arm for arm, _ in _by_strength(opening) if arm]
    ends = [arm for arm in dict.fromkeys((arms[0], arms[-1])) if _held(opening, arm).strength != 0]
    return refusal_claim(opening, cases, ends)


def _by_strength(opening: Study) -> list[tuple[int, float]]:
    """(arm, strength), ascending; the baseline's is the strength that changes nothing."""
    idle = _held(opening, 1).idle or 0.0
    found = [(0, idle), *((arm, _held(opening, arm).strength) for arm in main_arms(opening))]
    return sorted(found, key=lambda one: (one[1], one[0]))


def _held(opening: Study, arm: int) -> Held:
    return request_of(opening, AnswersRequest).arms[arm - 1].hold[0]


def _came_to(outcome: Outcome, answer: TrialAnswer) -> bool:
    return answer.outcome == outcome


def _unit(opening: Study) -> str:
    return _held(opening, 1).measured_in


def _where(held: Held) -> str:
    if held.scope == "positions":
        return "generated"
    return f"{held.scope}, generated too" if held.generated else held.scope


def _logodds(cases: Sequence[Case], arm: int) -> list[float]:
    return [value for case in cases if (value := case.answers[arm].refusal_logodds) is not None]


def _three(*values: float | None) -> tuple[float | None, ...]:
    return tuple(None if value is None else rounded(value) for value in values)
