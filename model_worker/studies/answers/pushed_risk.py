"""Figures of the risk strip on answers that were pushed, held against the same push along random directions.

    pushed_risk         how well it tells errors from right answers within one attribute, beside entropy there
    pushed_calibration  what it says, against how many end wrong
    pushed_recall       of each kind of name's errors those that it would have held back

Of names that the strip wasn't fitted on, whose answers state a value; the fit is the one of untouched answers. The word
that the claim has for an arm comes from pushed_rule.py.
"""

from collections.abc import Generator, Iterator, Sequence

from model_worker.studies.answers.pushed_rule import FEWEST_JUDGED, RiskWorth, risk_worth
from model_worker.studies.answers.value_risk import HELD_OUT
from model_worker.studies.shared.counts import Case, cases_of, controls_of, main_arms, outcomes
from model_worker.studies.shared.statistics import wilson
from model_worker.studies.shared.tables import IntervalColumns, Table
from model_worker.studies.shared.within.views import VIEW_NOTE, auroc_in_words
from protocol.risk.words import RISK_THRESHOLD
from protocol.worker.study_frames import Figure, Study, Trial, TrialAnswer

RANDOM_DIRECTIONS = "random directions"
PUSHED_NOTES = (
    "At the first token of the value that an answer states. Behind a refusal's opening there is no risk, and answers "
    "that state no value have none here.",
    "Of names that the strip wasn't fitted on; the fit is of untouched greedy answers.",
    f"{RANDOM_DIRECTIONS}: the same push along them, all their answers together.",
)
PUSHED_WORDS = {
    "worthless": "worthless there: within one attribute it isn't told from chance",
    "overconfident": "overconfident there: more of them end wrong than it says",
    "overcautious": "overcautious there: fewer of them end wrong than it says",
    "uneven": "uneven there: it says too much of some and too little of others",
    "calibrated": "calibrated there, as far as so many answers tell",
}


def pushed_risk(opening: Study, trials: Sequence[Trial]) -> Generator[None, None, Figure]:
    cases = _held_out(opening, trials)
    table = Table(
        *("arm", "read", "role", "word", ("answers", "prompts"), ("wrong", "prompts"), ("refused", "prompts"), "AUROC"),
        *(IntervalColumns(), "AUROC, attributes mixed", ("pairs", "pairs")),
    )
    said: list[str] = []
    for arm in (0, *main_arms(opening)):
        name, role = opening.arms[arm].name, opening.arms[arm].role
        own = risk_worth(_answers(cases, [arm]))
        yield None
        some = controls_of(opening, arm)
        beside = risk_worth(_answers(cases, some)) if some else None
        yield None
        for worth, arms, who in ((own, [arm], ""), (beside, some, f", {RANDOM_DIRECTIONS}")):
            if worth is None:
                continue
            n = (worth.n, worth.n_wrong, outcomes(cases, arms)["refused"])
            for read, told, mixed in (
                ("risk", worth.within, worth.pooled),
                ("entropy", worth.entropy, worth.entropy_pooled),
            ):
                hue = "control" if who else role if read == "risk" else "other"
                ends = (told.auroc, told.interval, mixed, told.n_pairs)
                table.add(name, read + who, hue, worth.word, *n, *ends)
        said.append(_claim(name, own, beside, len(some)))
    return table.figure(
        "pushed_risk",
        "Whether the risk still tells errors under a push",
        claim="\n".join(said),
        plot=table.plot(
            *("bars",), x="arm", y="AUROC", low="low", high="high", series="read", role="role", y_min=0, y_max=1
        ),
        notes=(*PUSHED_NOTES, VIEW_NOTE, f"word: by one rule; too few: fewer than {FEWEST_JUDGED} of either."),
    )


def pushed_calibration(opening: Study, trials: Sequence[Trial]) -> Generator[None, None, Figure]:
    cases = _held_out(opening, trials)
    table = Table(
        *("arm", "series", "role", ("answers", "prompts"), ("mean risk", "share"), ("end wrong", "share")),
        *(("gap", "share"), IntervalColumns("gap, low", "gap, high", "share"), "ECE", "ECE, calibrated"),
        *(
            (f"errors held back at {RISK_THRESHOLD:g}", "share"),
            (f"right ones held back at {RISK_THRESHOLD:g}", "share"),
        ),
    )
    for name, role, series, own in _series(opening, cases):
        worth = risk_worth(own)
        yield None
        if worth.n:
            shares = (worth.mean_risk, worth.n_wrong / worth.n, worth.gap, worth.gap_interval)
            parts = (worth.ece, worth.ece_by_chance)
            table.add(name, series, role, worth.n, *shares, *parts, worth.recall, worth.held)
    return table.figure(
        "pushed_calibration",
        "What the risk says under a push, and how many end wrong",
        plot=table.plot(
            "bars", x="arm", y="gap", low="gap, low", high="gap, high", series="series", role="role", y_min=-1, y_max=1
        ),
        notes=(
            *PUSHED_NOTES,
            "gap: share that ends wrong less mean risk; above 0 the risk says too little. ECE: ten parts; beside it "
            "what a calibrated risk of these values stays under in 95 %.",
        ),
    )


def pushed_recall(opening: Study, trials: Sequence[Trial]) -> Figure:
    cases = _held_out(opening, trials)
    table = Table(
        *("group", "arm", "series", "role", ("errors", "prompts"), ("held back", "share")),
        IntervalColumns(unit="share"),
    )
    for name, role, series, own in _series(opening, cases):
        for group in dict.fromkeys(case.group for case in cases):
            risks = [
                one.risk
                for case, one in own
                if case.group == group and one.outcome in ("wrong", "invented") and one.risk is not None
            ]
            if risks:
                n_held = sum(risk >= RISK_THRESHOLD for risk in risks)
                table.add(group, name, series, role, len(risks), n_held / len(risks), wilson(n_held, len(risks)))
    return table.figure(
        "pushed_recall",
        f"Errors that a threshold of {RISK_THRESHOLD:g} would have held back, by kind of name",
        plot=table.plot(
            *("bars",),
            x="arm",
            y="held back",
            low="low",
            high="high",
            series="series",
            role="role",
            panel="group",
            y_min=0,
            y_max=1,
        ),
        notes=(
            *PUSHED_NOTES,
            "Interval: 95 %, Wilson; of random directions too, whose answers about one name are not independent.",
        ),
    )


def _claim(name: str, own: RiskWorth, beside: RiskWorth | None, n_controls: int) -> str:
    if own.word == "too few":
        n_right = own.n - own.n_wrong
        told = f"{name}: {own.n_wrong} errors and {n_right} right answers that state a value are too few to say."
    else:
        told = f"{name}: the risk is {PUSHED_WORDS[own.word]}. {_numbers(own)}"
    if beside is None or own.word == "too few":
        return told
    if beside.word == "too few":
        return f"{told} Under {n_controls} {RANDOM_DIRECTIONS} too few answers state a value."
    return f"{told} Under {n_controls} {RANDOM_DIRECTIONS} of its size it is {beside.word}: {_numbers(beside)}"


def _numbers(one: RiskWorth) -> str:
    assert one.gap is not None and one.gap_interval is not None and one.mean_risk is not None
    ends = f"{one.gap_interval[0]:+.2f} to {one.gap_interval[1]:+.2f}"
    recall = 0.0 if one.recall is None else one.recall
    return (
        f"Of {one.n} answers {one.n_wrong / one.n:.2f} end wrong, it says {one.mean_risk:.2f} (gap {one.gap:+.2f}, "
        f"{ends}); AUROC within one attribute {auroc_in_words(one.within)}, entropy {auroc_in_words(one.entropy)}; it "
        f"holds back {recall:.2f} of the errors."
    )


def _series(opening: Study, cases: Sequence[Case]) -> Iterator[tuple[str, str, str, list[tuple[Case, TrialAnswer]]]]:
    """Each arm's answers, and those of its controls: name, role, series."""
    for arm in (0, *main_arms(opening)):
        told = opening.arms[arm]
        yield told.name, told.role, "arm", _answers(cases, [arm])
        if some := controls_of(opening, arm):
            yield told.name, "control", RANDOM_DIRECTIONS, _answers(cases, some)


def _held_out(opening: Study, trials: Sequence[Trial]) -> list[Case]:
    return [case for case in cases_of(opening, trials) if case.numbers.get(HELD_OUT) == (1.0,)]


def _answers(cases: Sequence[Case], arms: Sequence[int]) -> list[tuple[Case, TrialAnswer]]:
    return [(case, case.answers[arm]) for case in cases for arm in arms]
