"""Tables of the study `neurons` about the dial. Knows nothing about how sets are chosen."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from model_worker.neurons.matched import Pairs
from model_worker.studies.neurons.claims import NeuronClaim, steers_claim
from model_worker.studies.neurons.dial import (
    CHOSEN,
    DIAL_GROUPS,
    FALSE_PREMISE,
    NOT_RECALLED,
    REFUSED,
    REFUSING,
    SETS,
    TURNED_OUTCOMES,
    DialArm,
    slope_of,
)
from model_worker.studies.shared.counts import ANSWERS_FIRST
from model_worker.studies.shared.statistics import wilson
from model_worker.studies.shared.tables import IntervalColumns, Table
from protocol.vocabulary import Outcome
from protocol.worker.study_frames import Figure, Trial
from protocol.worker.study_requests.neurons import NeuronsDial

ByGroup = Mapping[str, Sequence[Trial]]
BROKEN: tuple[Outcome, ...] = ("broken",)


def by_group(trials: Sequence[Trial], groups: Sequence[str]) -> ByGroup:
    found: dict[str, list[Trial]] = defaultdict(list)
    for trial, group in zip(trials, groups, strict=False):
        found[group].append(trial)
    return found


def sets_figure(sets: Mapping[str, Pairs]) -> Figure:
    """Which neurons are turned, so that a reader can turn them too."""
    table = Table("neuron", "set", "layer", "index")
    for of, own in sets.items():
        for layer, index in own:
            table.add(f"L{layer} {index}", of, layer, index)
    counts = "; ".join(f"{of}: {len(own)}" for of, own in sets.items())
    return table.figure("sets", "What is turned", claim=f"Neurons turned: {counts}.")


def dial_figure(dial: NeuronsDial, arms: Sequence[DialArm], sets: Mapping[str, Pairs], trials: ByGroup) -> Figure:
    """Random sets' shares are of all their answers, their ends those of the lowest and the highest set."""
    table = Table(
        *("set and group", "factor", "whose", "outcome", ("prompts", "prompts"), ("share", "share")), IntervalColumns()
    )
    for of in SETS:
        for group in DIAL_GROUPS if sets[of] else ():
            for factor in sorted({*dial.alphas, 1.0}):
                for whose in ("themselves", "random"):
                    numbers = _numbers(arms, of, factor, whose)
                    own = trials.get(group, ())
                    by_arm = [[one.outcome for trial in own for one in trial.answers if one.arm == n] for n in numbers]
                    said = [outcome for arm in by_arm for outcome in arm]
                    for outcome in ANSWERS_FIRST if said else ():
                        hits = said.count(outcome)
                        each = [arm.count(outcome) / len(arm) for arm in by_arm if arm]
                        told = wilson(hits, len(said)) if whose == "themselves" else (min(each), max(each))
                        panel = f"{of}: {group}" + ("" if whose == "themselves" else ", random sets")
                        table.add(panel, f"×{factor:g}", whose, outcome, len(own), hits / len(said), told)
    how = "prompt and generated tokens" if dial.scope == "all" else "generated tokens alone"
    counts = "; ".join(f"{of}: {len(own)}" for of, own in sets.items())
    return table.figure(
        "dial",
        "The dial: the same questions with these neurons scaled",
        claim=f"Neurons turned: {counts}." if any(sets.values()) else "No neuron was chosen: nothing is turned.",
        plot=table.plot(
            "bars", x="factor", y="share", series="outcome", role="outcome", panel="set and group", y_min=0, y_max=1
        ),
        notes=(
            f"Greedy, {how}; names of the test part, which chose no neuron.",
            "A false premise is a known name asked what only another type has, “What sport does Paris play?”: to state "
            "a fact is to comply, and counted as invented.",
            "The refusing neurons are the positive control: chosen the same way, for refused against right, at the "
            "prompt's last token.",
        ),
    )


def slopes_figure(dial: NeuronsDial, arms: Sequence[DialArm], trials: ByGroup) -> Figure:
    table = Table(
        *("slope", "set", "group", "outcomes", "per unit of the factor"),
        IntervalColumns(),
        IntervalColumns("random, low", "random, high"),
        ("prompts", "prompts"),
    )
    for of in SETS:
        for group in DIAL_GROUPS:
            for words, outcomes in (TURNED_OUTCOMES[group], ("refused", REFUSED), ("not judged", BROKEN)):
                found = slope_of(trials.get(group, ()), arms, of, outcomes, dial.alphas[-1])
                if found is not None:
                    span = (min(found.random), max(found.random)) if found.random else None
                    name = f"{of}, {group}: {words}"
                    table.add(name, of, group, words, found.slope, found.interval, span, found.n)
    return table.figure(
        "slopes",
        f"Slopes, from ×1 to ×{dial.alphas[-1]:g}",
        claim=" ".join(one.sentence for one in dial_claims(dial, arms, trials)),
        plot=table.plot("bars", x="slope", y="per unit of the factor", low="low", high="high"),
        notes=("Shares per unit of the factor; intervals over prompts, Student's; random: the range of the sets.",),
    )


def dial_claims(dial: NeuronsDial, arms: Sequence[DialArm], trials: ByGroup) -> list[NeuronClaim]:
    """The chosen neurons on what is not recalled and on false premises, and the positive control."""
    asked: list[tuple[str, str, str, tuple[Outcome, ...]]] = [
        (CHOSEN, group, *TURNED_OUTCOMES[group]) for group in (NOT_RECALLED, FALSE_PREMISE)
    ]
    asked.append((REFUSING, FALSE_PREMISE, "refusals of false premises", REFUSED))
    found = []
    for of, group, words, outcomes in asked:
        one = slope_of(trials.get(group, ()), arms, of, outcomes, dial.alphas[-1])
        if one is None:
            found.append(steers_claim(of, words, None, None, (), 0))
        else:
            found.append(steers_claim(of, words, one.slope, one.interval, one.random, one.n))
    return found


def _numbers(arms: Sequence[DialArm], of: str, factor: float, whose: str) -> set[int]:
    if factor == 1.0:
        return {0}  # nothing is scaled, whose neurons it may be
    random = whose == "random"
    return {n for n, arm in enumerate(arms, 1) if (arm.of, arm.factor, arm.random is not None) == (of, factor, random)}
