"""Figures of every study of answers: what each arm's answers came to, and what became of the untouched model's.

    pooled     of all types: counts by arm, and the share that is refused by both rules, beside the arm's controls
    outcomes   the same by all that the request tells them apart by
    flips      what the untouched model did -> what the arm did

The claim is of all types together. Knows nothing about what an arm does.
"""

from collections.abc import Sequence

from model_worker.studies.shared.counts import (
    Case,
    Hit,
    ShareEstimate,
    cases_of,
    cells,
    changed_share,
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
from model_worker.studies.shared.statistics import Interval
from model_worker.studies.shared.tables import IntervalColumns, Table
from protocol.enough import too_few_of_one_kind
from protocol.vocabulary import OUTCOMES
from protocol.worker.studies import AnswersRequest
from protocol.worker.study_frames import Figure, Study, Trial

NOTES = (
    "Interval of an arm: 95 %, Wilson, over prompts. Of controls: the least and the most of the control arms, whose "
    "mean is the bar; sd is between them. By chance alone one is beyond all of k controls in 2 of k + 1 cases.",
    "Refused by our rule decides the outcome; the paper's rule (its phrases to the letter) is counted beside it.",
)


def is_pooled(opening: Study) -> bool:
    """Whether all types together are more than one of them, and told apart by something else besides."""
    by = request_of(opening, AnswersRequest).by
    return "type" in by and len(by) > 1 and len({name.type for name in opening.names}) > 1


def pooled_figure(opening: Study, trials: Sequence[Trial]) -> Figure:
    by = [one for one in request_of(opening, AnswersRequest).by if one != "type"]
    return _outcomes(opening, trials, by, "pooled", "What the answers came to")


def outcomes_figure(opening: Study, trials: Sequence[Trial]) -> Figure:
    by = request_of(opening, AnswersRequest).by
    title = f"The same by {' and '.join(by)}" if is_pooled(opening) else "What the answers came to"
    return _outcomes(opening, trials, by, "outcomes", title)


def _outcomes(opening: Study, trials: Sequence[Trial], each: Sequence[str], id: str, title: str) -> Figure:
    cases, request = cases_of(opening, trials), request_of(opening, AnswersRequest)
    by, parts = " · ".join(each), each if len(each) > 1 else ()
    claims = request.plot == "arms" and (id == "pooled" or not is_pooled(opening))  # else another figure makes it
    table = Table(
        *(by, *parts, "arm", "series", "role", "n", *OUTCOMES),
        ("refused, share", "share"),
        IntervalColumns("refused, low", "refused, high", "share"),
        ("refused, paper's rule, share", "share"),
        IntervalColumns("refused, paper's rule, low", "refused, paper's rule, high", "share"),
        "low to high",
        "control arms",
        ("sd", "share"),
    )
    for words, own in cells(cases, each).items():
        where = (" · ".join(words), *(words if parts else ()))
        for arm in (0, *main_arms(opening)):
            name, role = opening.arms[arm].name, opening.arms[arm].role
            ours, papers = share(own, arm), share(own, arm, refused_by_paper)
            shares = (*_estimate(ours), *_estimate(papers))
            table.add(*where, name, "arm", role, *_counts(own, [arm]), *shares, "95 %", None, None)
            for kind in kinds_of(opening, arm):
                some = controls_of(opening, arm, kind)
                ours, papers = spread(own, some), spread(own, some, refused_by_paper)
                shares = (*_estimate(ours), *_estimate(papers))
                sd = None if ours is None else ours.sd
                table.add(
                    *where,
                    name,
                    f"{kind} controls",
                    "control",
                    *_counts(own, some),
                    *shares,
                    "all its controls",
                    len(some),
                    sd,
                )
    return table.figure(
        id,
        title,
        claim=refusal_claim(opening, cases) if claims else "",
        plot=table.plot(
            "bars",
            x="arm",
            y="refused, share",
            low="refused, low",
            high="refused, high",
            series="series",
            role="role",
            panel=by,
            y_min=0,
            y_max=1,
        ),
        notes=NOTES,
    )


def flips_figure(opening: Study, trials: Sequence[Trial]) -> Figure:
    cases = cases_of(opening, trials)
    table = Table("arm", "untouched", "steered", "n", ("of them", "share"))
    for arm in main_arms(opening):
        for (before,), own in cells(cases, ["baseline"]).items():
            after = outcomes(own, [arm])
            for outcome in OUTCOMES:
                table.add(opening.arms[arm].name, before, outcome, after[outcome], after[outcome] / len(own))
    return table.figure(
        "flips",
        "What became of the untouched model's answers",
        claim="\n".join(flip_claim(opening, cases, arm) for arm in main_arms(opening) if cases),
        plot=table.plot("heat", x="steered", y="untouched", value="of them", panel="arm", y_min=0, y_max=1),
        notes=(
            "Controls stand in the sentence: how many answers each of them changes, on average, the fewest and the "
            "most. The table is of the arms alone.",
        ),
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
    """ "with its 15 controls 88 on average (80 to 97): it is beyond all of them", in counts of the cases."""
    return _beside(share(cases, arm, hit), spread(cases, controls_of(opening, arm), hit))


def _beside(own: ShareEstimate | None, found: ShareEstimate | None) -> str:
    """An arm beside its controls."""
    if found is None or own is None:
        return "no control was run"
    if found.n_arms < 2:
        beyond = "one is no range"
    elif own.share < found.low or own.share > found.high:
        beyond = f"it is beyond all of them, as by chance alone in 2 of {found.n_arms + 1} cases"
    elif own.share in (found.low, found.high) and found.low < found.high:
        beyond = "it is at their edge"
    else:
        beyond = "it is within what they do"
    controls = "its one control" if found.n_arms == 1 else f"its {found.n_arms} controls"
    n = found.n
    band = f"{n * found.low:.0f} to {n * found.high:.0f}"
    return f"with {controls} {_count(n * found.share)} on average ({band}): {beyond}"


def _claim(opening: Study, cases: Sequence[Case], arm: int) -> str:
    group, own = aimed_at(opening, cases, arm)
    if few := too_few_of_one_kind(len(own), f"{group}names"):
        return f"{opening.arms[arm].name}: {few}"
    by_arm, by_baseline = outcomes(own, [arm])["refused"], outcomes(own, [0])["refused"]
    return (
        f"With {opening.arms[arm].name}, {by_arm} of {len(own):,} {group}names are refused; untouched {by_baseline}, "
        f"{of_controls(opening, own, arm)}.{_aside(opening, cases, arm, group.strip())}"
    )


def _aside(opening: Study, cases: Sequence[Case], arm: int, aimed: str) -> str:
    """What an arm's controls do to the names that it isn't aimed at, of the kind that does the most; nothing where all
    of them stay within the untouched model's interval."""
    other = {"known": "unknown", "unknown": "known"}.get(aimed)
    own = [case for case in cases if case.group == other]
    base = share(own, 0)
    found = {kind: spread(own, controls_of(opening, arm, kind)) for kind in kinds_of(opening, arm)}
    shares = {kind: one for kind, one in found.items() if one is not None}
    if base is None or not shares or too_few_of_one_kind(len(own)):
        return ""
    kind, most = max(shares.items(), key=lambda pair: abs(pair[1].share - base.share))
    if base.low <= most.share <= base.high:
        return ""
    n = len(own)
    return (
        f" Of {other} names {n * most.share:.0f} of {n:,} are refused with its {kind} controls, on average "
        f"({n * most.low:.0f} to {n * most.high:.0f}; untouched {n * base.share:.0f}): on those, other "
        "directions change what is refused as well."
    )


def flip_claim(opening: Study, cases: Sequence[Case], arm: int) -> str:
    """How many answers come to something else than untouched, and how many of them under its controls."""
    if few := too_few_of_one_kind(len(cases)):
        return f"{opening.arms[arm].name}: {few}"
    own, found = changed_share(cases, [arm]), changed_share(cases, controls_of(opening, arm))
    n = 0 if own is None else round(own.share * own.n)
    told = f"With {opening.arms[arm].name}, {n} of {len(cases):,} answers come to something else"
    return f"{told}; {_beside(own, found)}."


def _counts(cases: Sequence[Case], arms: Sequence[int]) -> tuple[int, ...]:
    found = outcomes(cases, arms)
    return (found.total(), *(found[outcome] for outcome in OUTCOMES))


def _estimate(one: ShareEstimate | None) -> tuple[float | None, Interval | None]:
    return (None, None) if one is None else (one.share, one.interval)


def _count(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
