"""Answers counted: by what a study tells its prompts apart by, by arm, and over the controls of an arm.

Refused, right, wrong, invented, answered and broken are counted apart, and refusals by the paper's rule beside them.
Knows nothing about figures.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean, stdev
from typing import get_args

from model_worker.studies.shared.statistics import Interval, wilson
from protocol.vocabulary import OUTCOMES, ControlKind, Outcome
from protocol.worker.study_frames import Study, Trial, TrialAnswer

ANSWERS_FIRST: tuple[Outcome, ...] = ("right", "wrong", "invented", "refused", "answered", "broken")
GROUPS = ("known", "rare", "obscure", "withheld", "misled", "unknown", "unlabelled")
KINDS: tuple[ControlKind, ...] = get_args(ControlKind)
WATCHED = "watched"
"""Of a trial's numbers: activations of the latents in `watch`, at the name's last token, untouched."""

GIVEN = ("wrong", "invented")
"""Outcomes that are a misfire: an answer where there is none, or another one."""


@dataclass(frozen=True)
class Case:
    """A prompt and its answers by arm, the baseline's first."""

    type: str
    name: str
    attribute: str | None
    group: str
    answers: tuple[TrialAnswer, ...]
    numbers: Mapping[str, tuple[float, ...]]

    @property
    def baseline(self) -> Outcome:
        return self.answers[0].outcome

    def told(self, by: str) -> str:
        return {"type": self.type, "group": self.group, "baseline": self.baseline}[by]


@dataclass(frozen=True)
class ShareEstimate:
    """`low`, `high`: of one arm 95 % (Wilson); over control arms their least and most, and `sd` between them."""

    n: int
    share: float
    low: float
    high: float
    n_arms: int = 1
    sd: float | None = None

    @property
    def interval(self) -> Interval:
        return self.low, self.high


def cases_of(opening: Study, trials: Iterable[Trial]) -> list[Case]:
    about = ((opening.names[one.name], one) for one in trials)
    return [Case(name.type, name.name, one.attribute, name.group, one.answers, one.numbers) for name, one in about]


def cells(cases: Sequence[Case], by: Sequence[str]) -> dict[tuple[str, ...], list[Case]]:
    """By what they are told apart by, in an order that doesn't depend on who came first."""
    found: dict[tuple[str, ...], list[Case]] = {}
    for one in cases:
        found.setdefault(tuple(one.told(what) for what in by), []).append(one)
    return dict(sorted(found.items(), key=lambda item: [_place(word) for word in item[0]]))


def main_arms(opening: Study) -> list[int]:
    """Without the baseline and without controls."""
    return [number for number, arm in enumerate(opening.arms) if number and arm.control_of is None]


def controls_of(opening: Study, arm: int, kind: ControlKind | None = None) -> list[int]:
    return [
        number for number, one in enumerate(opening.arms) if one.control_of == arm and kind in (None, one.control_kind)
    ]


def kinds_of(opening: Study, arm: int) -> list[ControlKind]:
    """Of its controls."""
    return [kind for kind in KINDS if controls_of(opening, arm, kind)]


def outcomes(cases: Sequence[Case], arms: Sequence[int]) -> Counter[Outcome]:
    return Counter(case.answers[arm].outcome for case in cases for arm in arms)


Hit = Callable[[TrialAnswer], bool]


def refused(answer: TrialAnswer) -> bool:
    return answer.outcome == "refused"


def refused_by_paper(answer: TrialAnswer) -> bool:
    return answer.paper_phrase is not None


def share(cases: Sequence[Case], arm: int, hit: Hit = refused) -> ShareEstimate | None:
    """Of one arm. None without cases."""
    n = len(cases)
    n_hits = sum(hit(case.answers[arm]) for case in cases)
    found: Interval | None = wilson(n_hits, n)
    return None if found is None else ShareEstimate(n, n_hits / n, *found)


def spread(cases: Sequence[Case], arms: Sequence[int], hit: Hit = refused) -> ShareEstimate | None:
    """Over control arms: the mean of their shares. None without cases or arms."""
    return _over(cases, [sum(hit(case.answers[arm]) for case in cases) for arm in arms])


def changed_share(cases: Sequence[Case], arms: Sequence[int]) -> ShareEstimate | None:
    """Over arms: whose answer comes to something else than the untouched model's."""
    return _over(cases, [sum(case.answers[arm].outcome != case.baseline for case in cases) for arm in arms])


def _over(cases: Sequence[Case], n_hits: Sequence[int]) -> ShareEstimate | None:
    if not cases or not n_hits:
        return None
    shares = [n / len(cases) for n in n_hits]
    sd = stdev(shares) if len(shares) > 1 else None
    return ShareEstimate(len(cases), fmean(shares), min(shares), max(shares), len(shares), sd)


def mean_of(cases: Sequence[Case], arms: Sequence[int], number: Callable[[TrialAnswer], float | None]) -> float | None:
    found = [value for case in cases for arm in arms if (value := number(case.answers[arm])) is not None]
    return fmean(found) if found else None


def repetition(answer: TrialAnswer) -> float:
    """Share of its pairs of neighbouring words that were there before."""
    words = answer.text.split()
    pairs = list(pairwise(words))
    return 1 - len(set(pairs)) / len(pairs) if pairs else 0.0


def _place(word: str) -> tuple[int, str]:
    known = (*GROUPS, *OUTCOMES)
    return (known.index(word) if word in known else -1, word)
