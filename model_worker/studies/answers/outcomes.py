"""Figures of every study of answers: what each arm's answers came to, and what became of the untouched model's.

    outcomes   counts by arm, and the share that is refused by both rules, beside the arm's controls
    flips      what the untouched model did -> what the arm did

The claim is of all types together. Knows nothing about what an arm does.
"""

from collections.abc import Sequence

from model_worker.rounding import rounded
from model_worker.studies.shared.counts import (
    Case,
    Hit,
    ShareEstimate,
    cases_of,
    cells,
    controls_of,
    kinds_of,
    main_arms,
    outcomes,
    refused,
    refused_by_paper,
    share,
    spread,
)
from model_worker.studies.shared.opening import request_of
from protocol.vocabulary import OUTCOMES
from protocol.worker.studies import AnswersRequest
from protocol.worker.study_frames import Cell, Column, Figure, Plot, Study, Trial

NOTES = (
    "Interval of an arm: 95 %, Wilson, over prompts. Of controls: the least and the most of the control arms, whose "
    "mean is the bar; sd is between them.",
    "Refused by our rule decides the outcome; the paper's rule (its phrases to the letter) is counted beside it.",
)


def outcomes_figure(opening: Study, trials: Sequence[Trial]) -> Figure:
    request = request_of(opening, AnswersRequest)
    cases, by = cases_of(opening, trials), request.by
    columns = [
        Column(name=" · ".join(by)),
        *(Column(name=one) for one in (by if len(by) > 1 else ())),
        *map(_named, ("arm", "series", "role", "n", *OUTCOMES)),
        *_shares("refused"),
        *_shares("refused, paper's rule"),
        _named("control arms"),
        Column(name="sd", unit="share"),
    ]
    rows: list[tuple[Cell, ...]] = []
    for words, own in cells(cases, by).items():
        where = (" · ".join(words), *(words if len(by) > 1 else ()))
        for arm in (0, *main_arms(opening)):
            name, role = opening.arms[arm].name, opening.arms[arm].role
            ours, papers = share(own, arm), share(own, arm, refused_by_paper)
            rows.append((*where, name, "arm", role, *_counts(own, [arm]), *_told(ours), *_told(papers), None, None))
            for kind in kinds_of(opening, arm):
                some = controls_of(opening, arm, kind)
                ours, papers = spread(own, some), spread(own, some, refused_by_paper)
                told = (*_told(ours), *_told(papers), len(some), _rounded(ours.sd if ours else None))
                rows.append((*where, name, f"{kind} controls", "control", *_counts(own, some), *told))
    at = {column.name: place for place, column in enumerate(columns)}
    return Figure(
        seq=0,
        id="outcomes",
        title="What the answers came to",
        claim=refusal_claim(opening, cases)
        if request_of(opening, AnswersRequest).plot == "arms"
        else "",  # else another figure makes it
        columns=tuple(columns),
        rows=tuple(rows),
        plot=Plot(
            form="bars",
            x=at["arm"],
            y=at["refused, share"],
            low=at["refused, low"],
            high=at["refused, high"],
            series=at["series"],
            role=at["role"],
            panel=0,
            y_min=0,
            y_max=1,
        ),
        notes=NOTES,
    )


def flips_figure(opening: Study, trials: Sequence[Trial]) -> Figure:
    cases = cases_of(opening, trials)
    rows: list[tuple[Cell, ...]] = []
    for arm in main_arms(opening):
        for (before,), own in cells(cases, ["baseline"]).items():
            after = outcomes(own, [arm])
            rows += [
                (opening.arms[arm].name, before, outcome, after[outcome], rounded(after[outcome] / len(own)))
                for outcome in OUTCOMES
            ]
    columns = (*map(_named, ("arm", "untouched", "steered", "n")), Column(name="of them", unit="share"))
    return Figure(
        seq=0,
        id="flips",
        title="What became of the untouched model's answers",
        claim="\n".join(_flip(opening, cases, arm) for arm in main_arms(opening) if cases),
        columns=columns,
        rows=tuple(rows),
        plot=Plot(form="heat", x=2, y=1, value=4, panel=0, y_min=0, y_max=1),
        notes=("No control is in this table; what controls do to the share that is refused stands in `outcomes`.",),
    )


def refusal_claim(opening: Study, cases: Sequence[Case], arms: Sequence[int] | None = None) -> str:
    """A sentence an arm, with its controls: of the names that it is meant to change, if these were asked about. arms:
    None: all."""
    told = main_arms(opening) if arms is None else arms
    return "\n".join(_claim(opening, cases, arm) for arm in told if cases)


def aimed_at(opening: Study, cases: Sequence[Case], arm: int) -> tuple[str, list[Case]]:
    """What a push towards known is to change are the unknown names, and the other way round; else all."""
    pushes, hold = opening.arms[arm].role, request_of(opening, AnswersRequest).arms[arm - 1].hold[0]
    forward = hold.strength > (hold.idle or 0) and hold.measured_in != "share"
    aims = {("known", True): "unknown", ("known", False): "known", ("unknown", True): "known"}
    group = aims.get((pushes, forward), "unknown" if pushes == "unknown" else "")
    own = [case for case in cases if case.group == group]
    return (f"{group} ", own) if own else ("", list(cases))


def of_controls(opening: Study, cases: Sequence[Case], arm: int, hit: Hit = refused) -> str:
    """ "15 controls 88 on average (80 to 97); it is beyond all of them", in counts of the cases."""
    n, found = len(cases), spread(cases, controls_of(opening, arm), hit)
    own = share(cases, arm, hit)
    if found is None or own is None:
        return "no control was run"
    if own.share < found.low or own.share > found.high:
        beyond = "it is beyond all of them"
    elif own.share in (found.low, found.high) and found.low < found.high:
        beyond = "it is at their edge"
    else:
        beyond = "it is within what they do"
    controls = "1 control" if found.n_arms == 1 else f"{found.n_arms} controls"
    band = f"{n * found.low:.0f} to {n * found.high:.0f}"
    return f"{controls} {_count(n * found.share)} on average ({band}); {beyond}"


def _claim(opening: Study, cases: Sequence[Case], arm: int) -> str:
    group, own = aimed_at(opening, cases, arm)
    by_arm, by_baseline = outcomes(own, [arm])["refused"], outcomes(own, [0])["refused"]
    return (
        f"{opening.arms[arm].name} refuses {by_arm} of {len(own)} {group}names, the baseline {by_baseline}, "
        f"{of_controls(opening, own, arm)}."
    )


def _flip(opening: Study, cases: Sequence[Case], arm: int) -> str:
    changed = sum(case.answers[arm].outcome != case.baseline for case in cases)
    return f"{opening.arms[arm].name} changes what {changed} of {len(cases)} answers come to."


def _counts(cases: Sequence[Case], arms: Sequence[int]) -> tuple[int, ...]:
    found = outcomes(cases, arms)
    return (found.total(), *(found[outcome] for outcome in OUTCOMES))


def _told(one: ShareEstimate | None) -> tuple[Cell, ...]:
    return (None, None, None) if one is None else (rounded(one.share), rounded(one.low), rounded(one.high))


def _rounded(value: float | None) -> float | None:
    return None if value is None else rounded(value)


def _count(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _named(name: str) -> Column:
    return Column(name=name)


def _shares(of: str) -> tuple[Column, ...]:
    return tuple(Column(name=f"{of}, {one}", unit="share") for one in ("share", "low", "high"))
