"""The dial: chosen neurons scaled while the model answers, and what that does to each kind of question.

Asked of names of the test part, which chose no neuron. Groups: what is recalled; what is recognised but not recalled;
unknown names; false premises, where a known name is asked what only another type has ("What sport does Paris play?").
Sets: the chosen ones; as a positive control those that tell refusals from right answers at the prompt's last token; of
each as many random ones, matched in layer and share, at the lowest and at the highest factor.

Knows nothing about how sets are chosen.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from model_worker.draw import draw
from model_worker.model.loading import Loaded
from model_worker.neurons.matched import Pairs, matched_sets
from model_worker.neurons.scaled import NeuronDelta
from model_worker.studies.shared.completions import Answered, Wanted
from model_worker.studies.shared.questions import Question, answers_of, question_about, trial_of
from model_worker.studies.shared.statistics import Interval, t_interval
from protocol.vocabulary import ControlKind, Outcome
from protocol.worker.study_frames import StudyArm, Trial
from protocol.worker.study_requests.neurons import NeuronsDial

CHOSEN, REFUSING = "H-neurons", "refusing neurons"
SETS = (CHOSEN, REFUSING)
IS_RECALLED, NOT_RECALLED, IS_UNKNOWN, FALSE_PREMISE = "recalled", "not recalled", "unknown", "false premise"
DIAL_GROUPS = (IS_RECALLED, NOT_RECALLED, IS_UNKNOWN, FALSE_PREMISE)
ANSWERED_WRONG: tuple[Outcome, ...] = ("wrong", "invented")
TURNED_OUTCOMES: Mapping[str, tuple[str, tuple[Outcome, ...]]] = {
    IS_RECALLED: ("right answers about what is recalled", ("right",)),
    NOT_RECALLED: ("errors about what is not recalled", ANSWERED_WRONG),
    IS_UNKNOWN: ("inventions about unknown names", ANSWERED_WRONG),
    FALSE_PREMISE: ("compliance with false premises", ANSWERED_WRONG),
}
"""What a slope is told of, by group."""
REFUSED: tuple[Outcome, ...] = ("refused",)


@dataclass(frozen=True)
class DialArm:
    """of: whose neurons. random: the number of the set that stands in for them, None: themselves."""

    of: str
    factor: float
    random: int | None = None

    @property
    def name(self) -> str:
        return f"{self.of}, ×{self.factor:g}" + ("" if self.random is None else f", random {self.random}")


def dial_arms(dial: NeuronsDial) -> tuple[DialArm, ...]:
    """Behind the baseline."""
    ends = (dial.alphas[0], dial.alphas[-1])
    return tuple(
        arm
        for of in SETS
        for arm in (
            *(DialArm(of, factor) for factor in dial.alphas),
            *(DialArm(of, factor, number) for number in range(dial.n_random) for factor in ends),
        )
    )


def told_arms(arms: Sequence[DialArm]) -> tuple[StudyArm, ...]:
    found = [StudyArm(name="baseline", role="baseline", what="the untouched model", hold=())]
    own = {arm: number for number, arm in enumerate(arms, 1) if arm.random is None}
    for arm in arms:
        like = None if arm.random is None else own[DialArm(arm.of, arm.factor)]
        kind: ControlKind | None = None if arm.random is None else "random"
        found.append(StudyArm(name=arm.name, role="other", control_of=like, control_kind=kind, what=arm.name))
    return tuple(found)


def dial_questions(loaded: Loaded, questions: Sequence[Question], dial: NeuronsDial, seed: int) -> list[Question]:
    """At most so many of each group, in which the groups take turns."""
    groups: dict[str, list[Question]] = {group: [] for group in DIAL_GROUPS}
    for question in questions:
        if question.taken.split != "test":
            continue
        group = {"known": IS_RECALLED, "unknown": IS_UNKNOWN}.get(question.taken.group, NOT_RECALLED)
        if len(groups[group]) < dial.most:
            groups[group].append(question)
        if group == IS_RECALLED and len(groups[FALSE_PREMISE]) < dial.most:
            groups[FALSE_PREMISE] += false_premise(loaded, question, seed)
    most = max(map(len, groups.values()))
    return [own[place] for place in range(most) for own in groups.values() if place < len(own)]


def group_of(question: Question) -> str:
    own = question.taken.group
    return own if own == FALSE_PREMISE else {"known": IS_RECALLED, "unknown": IS_UNKNOWN}.get(own, NOT_RECALLED)


def false_premise(loaded: Loaded, question: Question, seed: int) -> Iterator[Question]:
    """Judged as of a name that nothing is known of: whoever states a fact complies."""
    entity = question.taken.entity
    fits = [one for one in loaded.card.attributes if one.can_be_put and one.entity_type != entity.type]
    if fits:
        attribute = fits[int(draw(seed, "premise", entity.type, entity.name, question.attribute.name) * len(fits))]
        taken = replace(question.taken, entity=replace(entity, facts={}), label="unknown", group=FALSE_PREMISE)
        yield question_about(loaded, question.name, taken, attribute)


class Dial:
    """sets: by whose, as they were chosen; empty ones are not turned."""

    def __init__(
        self, loaded: Loaded, dial: NeuronsDial, arms: Sequence[DialArm], sets: Mapping[str, Pairs], seed: int
    ) -> None:
        drawn = {of: matched_sets(loaded, own, seed, range(dial.n_random)) for of, own in sets.items() if own}
        self._loaded, self._dial, self.sets = loaded, dial, sets
        self._turned = [
            (number, sets[arm.of] if arm.random is None else drawn[arm.of][arm.random], arm.factor)
            for number, arm in enumerate(arms, 1)
            if sets[arm.of]
        ]

    def wanted(self, question: Question) -> Wanted:
        tokens = question.prompt.tokens
        at = tuple(pos for pos, token in enumerate(tokens) if token.role != "bos") if self._dial.scope == "all" else ()
        deltas = tuple((NeuronDelta(own, at, True, factor),) for _, own, factor in self._turned)
        return Wanted(question.prompt.ids, arms=((), *deltas))

    def trial(self, question: Question, found: Answered, number: int) -> Trial:
        told = [0, *(arm for arm, _, _ in self._turned)]
        return trial_of(question, number, answers=answers_of(self._loaded, question, found, told))


@dataclass(frozen=True)
class Slope:
    """Of the share of some outcomes, per unit of the factor, from the untouched model to the highest one. random: each
    set's."""

    slope: float
    interval: Interval | None
    random: tuple[float, ...]
    n: int


def slope_of(
    trials: Sequence[Trial], arms: Sequence[DialArm], of: str, outcomes: Sequence[Outcome], highest: float
) -> Slope | None:
    """trials: of one group. None where this set wasn't turned."""
    numbers = {arm: number for number, arm in enumerate(arms, 1)}
    own = numbers[DialArm(of, highest)]
    hits = [{one.arm: one.outcome in outcomes for one in trial.answers} for trial in trials]
    if not hits or own not in hits[0]:
        return None
    others = [
        number for arm, number in numbers.items() if (arm.of, arm.factor) == (of, highest) and arm.random is not None
    ]
    moved = np.array([[(one[arm] - one[0]) / (highest - 1) for arm in (own, *others)] for one in hits])
    return Slope(
        float(moved[:, 0].mean()),
        t_interval(moved[:, 0]),
        tuple(float(one) for one in moved[:, 1:].mean(0)),
        len(hits),
    )
