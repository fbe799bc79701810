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
from model_worker.studies.shared.tables import IntervalColumns, Table
from protocol.steering import Held
from protocol.vocabulary import OUTCOMES, SCOPES, Outcome
from protocol.worker.studies import AnswersRequest
from protocol.worker.study_frames import Figure, Study, Trial, TrialAnswer

BAND_NOTE = "Band of an outcome: 95 %, Wilson, over prompts. Of controls: the least and the most of the control arms."

GUARDS: dict[str, tuple[str, Callable[[TrialAnswer], float | None]]] = {
    "KL of the first answer token": ("nats", lambda answer: answer.kl_nats),
    "cost to the untouched model": ("nats per token", lambda answer: answer.surprise_nats),
    "repeated word pairs": ("share", repetition),
    "broken answers": ("share", lambda answer: float(answer.outcome == "broken")),
}


def outcomes_by_dose(opening: Study, trials: Sequence[Trial]) -> Figure:
    cases = cases_of(opening, trials)
    table = Table(
        _by(opening),
        ("strength", _unit(opening)),
        "outcome",
        "role",
        "n",
        ("share", "share"),
        IntervalColumns(unit="share"),
    )
    for words, own in cells(cases, request_of(opening, AnswersRequest).by).items():
        panel, arms = " · ".join(words), _by_strength(opening)
        seen = [outcome for outcome in OUTCOMES if any(outcomes(own, [arm])[outcome] for arm, _ in arms)]
        for arm, strength in arms:
            for outcome in seen:
                found = share(own, arm, partial(_came_to, outcome))
                assert found is not None
                table.add(panel, strength, outcome, outcome, len(own), found.share, found.interval)
            band = spread(own, controls_of(opening, arm), refused)
            if band is not None:
                table.add(panel, strength, "refused, controls", "control", len(own), band.share, band.interval)
    return table.figure(
        "dose",
        "What the answers come to, by strength",
        claim=_dose_claim(opening, cases),
        plot=table.plot(
            "line",
            x="strength",
            y="share",
            low="low",
            high="high",
            series="outcome",
            role="role",
            panel=_by(opening),
            y_min=0,
            y_max=1,
        ),
        notes=(BAND_NOTE,),
    )


def logodds_figure(opening: Study, trials: Sequence[Trial]) -> Figure:
    cases = cases_of(opening, trials)
    table = Table(
        _by(opening),
        ("strength", _unit(opening)),
        "series",
        "role",
        "n",
        ("mean log-odds", "nats"),
        IntervalColumns(unit="nats"),
    )
    for words, own in cells(cases, request_of(opening, AnswersRequest).by).items():
        for arm, strength in _by_strength(opening):
            values = _logodds(own, arm)
            role, mean, panel = opening.arms[arm].role, fmean(values), " · ".join(words)
            table.add(panel, strength, "arm", role, len(own), mean, t_interval(values))
            others = [fmean(_logodds(own, control)) for control in controls_of(opening, arm)]
            if others:
                band = (min(others), max(others))
                table.add(panel, strength, "controls", "control", len(own), fmean(others), band)
    return table.figure(
        "logodds",
        "Log-odds that the first answer token opens a refusal, by strength",
        plot=table.plot(
            "line",
            x="strength",
            y="mean log-odds",
            low="low",
            high="high",
            series="series",
            role="role",
            panel=_by(opening),
        ),
        notes=("Band of the arm: 95 %, Student's t, over prompts. Of controls: their least and most mean.",),
    )


def coherence_figure(opening: Study, trials: Sequence[Trial]) -> Figure:
    cases = cases_of(opening, trials)
    table = Table("measure", "arm", ("strength", _unit(opening)), "series", "role", "n", "mean")
    for guard, (unit, number) in GUARDS.items():
        for arm, strength in _by_strength(opening):
            one = opening.arms[arm]
            for series, role, arms in (("arm", one.role, [arm]), ("controls", "control", controls_of(opening, arm))):
                mean = mean_of(cases, arms, number)
                if mean is not None:
                    table.add(f"{guard}, {unit}", one.name, strength, series, role, len(cases), mean)
    dose = request_of(opening, AnswersRequest).plot == "dose"
    return table.figure(
        "coherence",
        "Is it still the model's own language?",
        plot=table.plot(
            "line" if dose else "bars",
            x="strength" if dose else "arm",
            y="mean",
            series="series",
            role="role",
            panel="measure",
            y_min=0,
        ),
        notes=("KL: of the first answer token's distribution, the arm's from the untouched model's.",),
    )


def scopes_figure(opening: Study, trials: Sequence[Trial]) -> Figure:
    cases = cases_of(opening, trials)
    table = Table(
        _by(opening), "where", "arm", "series", "role", "n", ("refused", "share"), IntervalColumns(unit="share")
    )
    for words, own in cells(cases, request_of(opening, AnswersRequest).by).items():
        for arm in (0, *main_arms(opening)):
            where = _where(_held(opening, arm)) if arm else "nowhere"
            series = (
                ("arm", opening.arms[arm].role, share(own, arm)),
                ("controls", "control", spread(own, controls_of(opening, arm))),
            )
            for name, role, found in series:
                if found is not None:
                    numbers = (found.n, found.share, found.interval)
                    table.add(" · ".join(words), where, opening.arms[arm].name, name, role, *numbers)
    return table.figure(
        "scopes",
        "Where it must be steered",
        claim=refusal_claim(opening, cases),
        plot=table.plot(
            "bars",
            x="where",
            y="refused",
            low="low",
            high="high",
            series="series",
            role="role",
            panel=_by(opening),
            y_min=0,
            y_max=1,
        ),
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
        return "generated tokens"
    return f"{SCOPES[held.scope]}, answer too" if held.generated else SCOPES[held.scope]


def _logodds(cases: Sequence[Case], arm: int) -> list[float]:
    return [value for case in cases if (value := case.answers[arm].refusal_logodds) is not None]


def _by(opening: Study) -> str:
    return " · ".join(request_of(opening, AnswersRequest).by)
