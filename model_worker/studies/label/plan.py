"""The study `label`: which names the model knows, by asking it about every attribute of every name.

1. every question once greedy, and `n_samples` times at temperature 1       -> trial
2. an attribute is known where at least k of its samples are right; a name where at least tau of its attributes are,
   unknown where none is, between otherwise                                 -> figure

The greedy answer decides nothing and a refusal is not right, as in the paper (section 3; the 3 of 10 stands in its code
only). Every name has draws of its own: the draw depends on the study's seed, the name and the attribute.
"""

from collections import Counter, defaultdict
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass

from model_worker.rounding import rounded
from model_worker.studies.shared.bench import Bench
from model_worker.studies.shared.completions import Answered, Wanted, require_room
from model_worker.studies.shared.counts import Case, cases_of, outcomes
from model_worker.studies.shared.names import draw
from model_worker.studies.shared.questions import Question, QuestionSet, questions_of, trial_answer
from model_worker.studies.shared.replies import Replies, RepliesScript
from model_worker.studies.shared.script import Script
from model_worker.studies.shared.statistics import wilson
from protocol.vocabulary import OUTCOMES
from protocol.worker.requests import Sampling
from protocol.worker.studies import LabelRequest
from protocol.worker.study_frames import Cell, Column, Figure, Plot, Study, StudyArm, Trial, TrialAnswer

NAME_LABELS = ("known", "between", "unknown")
ALL_TYPES = "all types"


@dataclass(frozen=True)
class NameRecall:
    """A name whose attributes were all asked about: how many samples of each are right."""

    type: str
    group: str
    n_right: tuple[int, ...]

    def label(self, k: int, tau: int) -> str:
        n_known = sum(right >= k for right in self.n_right)
        return "known" if n_known >= tau else "between" if n_known else "unknown"


def label(bench: Bench, request: LabelRequest) -> Generator[None, None, Script]:
    """Raises Refused for a set without a question."""
    loaded = bench.loaded
    asked = yield from questions_of(loaded, request.asked)
    n_questions = Counter(question.name for question in asked.questions)

    def wanted(question: Question) -> Wanted:
        entity = question.taken.entity
        seed = int(draw(request.seed, "sample", entity.type, entity.name, question.attribute.name) * 2**31)
        sampled = Sampling(temperature=1.0, seed=seed, n_samples=request.n_samples)
        return Wanted(question.prompt.ids, samplings=(Sampling(), sampled))

    longest = max(asked.questions, key=lambda question: len(question.prompt.ids))
    require_room(loaded, bench.decoding, wanted(longest), request.max_new_tokens)
    opening = bench.opening(
        request,
        names=asked.names.taken,
        arms=(StudyArm(name="baseline", role="baseline", what="the untouched model"),),
        n_steps=len(asked.questions),
        warnings=(*asked.names.warnings, *_warnings(asked, request)),
    )

    replies = Replies(bench, lambda first: map(wanted, asked.questions[first:]), request.max_new_tokens)

    def trial(one: Answered, number: int) -> Trial:
        return _trial(bench, asked.questions[number], one, number)

    figures = (
        lambda trials: labels_figure(opening, whole_names(opening, trials, n_questions)),
        lambda trials: thresholds_figure(opening, whole_names(opening, trials, n_questions)),
        lambda trials: attributes_figure(opening, trials),
    )
    return RepliesScript(opening, replies, trial, figures, doing="asking")


def whole_names(opening: Study, trials: Sequence[Trial], n_questions: Mapping[int, int]) -> list[NameRecall]:
    n_right: dict[int, list[int]] = defaultdict(list)
    for trial in trials:
        n_right[trial.name].append(sum(one.outcome == "right" for one in trial.answers if one.sample > 0))
    return [
        NameRecall(opening.names[name].type, opening.names[name].group, tuple(found))
        for name, found in n_right.items()
        if len(found) == n_questions[name]
    ]


def labels_figure(opening: Study, names: Sequence[NameRecall]) -> Figure:
    request = opening.request
    cells = Counter((one.type, one.group, one.label(request.k, request.tau)) for one in names)
    rows: list[tuple[Cell, ...]] = []
    for kind, group in sorted({(kind, group) for kind, group, _ in cells}):
        n = sum(cells[kind, group, label] for label in NAME_LABELS)
        for label in NAME_LABELS:
            interval = wilson(cells[kind, group, label], n) or (0.0, 1.0)
            count = cells[kind, group, label]
            rows.append((kind, group, label, n, count, rounded(count / n), *map(rounded, interval)))
    found = Counter(one.label(request.k, request.tau) for one in names)
    return Figure(
        seq=0,
        id="labels",
        title="Which names it knows",
        claim=f"Of {len(names)} names {found['known']} are known, {found['unknown']} unknown and {found['between']} in "
        f"between, where at least {request.k} of {request.n_samples} samples of at least {request.tau} attributes must "
        "be right."
        if names
        else "",
        columns=(
            *map(_named, ("type", "group", "label", "n", "names")),
            *(Column(name=name, unit="share") for name in ("share", "low", "high")),
        ),
        rows=tuple(rows),
        plot=Plot(form="bars", x=1, y=5, low=6, high=7, series=2, role=2, panel=0, y_min=0, y_max=1),
        notes=("group: what the set says of the name. A refusal is not right. Interval: 95 %, Wilson, over names.",),
    )


def thresholds_figure(opening: Study, names: Sequence[NameRecall]) -> Figure:
    """Every threshold that can be met, so that both can be moved afterwards."""
    request = opening.request
    rows: list[tuple[Cell, ...]] = []
    for kind in (ALL_TYPES, *sorted({one.type for one in names})):
        own = [one for one in names if kind in (ALL_TYPES, one.type)]
        for tau in range(1, max((len(one.n_right) for one in own), default=0) + 1):
            for k in range(1, request.n_samples + 1):
                found = Counter(one.label(k, tau) for one in own)
                for label in NAME_LABELS:
                    count = found[label]
                    rows.append((kind, tau, k, label, f"{label}, tau {tau}", count, rounded(count / len(own))))
    return Figure(
        seq=0,
        id="thresholds",
        title="How many are known, by the thresholds",
        columns=(*map(_named, ("type", "tau", "k", "label", "series", "names")), Column(name="share", unit="share")),
        rows=tuple(rows),
        plot=Plot(form="line", x=2, y=6, series=4, role=3, panel=0, y_min=0, y_max=1),
        notes=("k: samples of an attribute that must be right. tau: attributes that must be.",),
    )


def attributes_figure(opening: Study, trials: Sequence[Trial]) -> Figure:
    of: dict[tuple[str, str], list[tuple[Case, Case]]] = defaultdict(list)
    for trial in trials:
        greedy, sampled = (
            cases_of(opening, [trial.model_copy(update={"answers": answers})])[0] for answers in _by_draw(trial)
        )
        of[greedy.type, trial.attribute or ""].append((greedy, sampled))
    rows: list[tuple[Cell, ...]] = []
    for (kind, attribute), pairs in sorted(of.items()):
        found = outcomes([greedy for greedy, _ in pairs], [0])
        right = found["right"]
        interval = wilson(right, len(pairs)) or (0.0, 1.0)
        drawn = [one.outcome == "right" for _, sampled in pairs for one in sampled.answers]
        counts = tuple(found[outcome] for outcome in OUTCOMES)
        shares = map(rounded, (right / len(pairs), *interval, sum(drawn) / len(drawn)))
        rows.append((kind, attribute, "right", len(pairs), *counts, *shares))
    return Figure(
        seq=0,
        id="attributes",
        title="What it gets right",
        columns=(
            *map(_named, ("type", "attribute", "role", "n", *OUTCOMES)),
            *(Column(name=name, unit="share") for name in ("right, share", "low", "high", "samples right, share")),
        ),
        rows=tuple(rows),
        plot=Plot(form="bars", x=1, y=10, low=11, high=12, role=2, panel=0, y_min=0, y_max=1),
        notes=("Greedy answers; interval 95 %, Wilson, over prompts. Samples of one question aren't independent.",),
    )


def _by_draw(trial: Trial) -> tuple[tuple[TrialAnswer, ...], tuple[TrialAnswer, ...]]:
    """Greedy, sampled."""
    return trial.answers[:1], trial.answers[1:]


def _trial(bench: Bench, question: Question, one: Answered, number: int) -> Trial:
    return Trial(
        seq=0,
        trial=number,
        name=question.name,
        attribute=question.attribute.name,
        prompt=question.text,
        answers=tuple(
            trial_answer(
                bench.loaded,
                question,
                said.text,
                finished=said.ended,
                arm=arm,
                sample=sample,
                refusal_logodds=rounded(one.refusal_logodds[arm]),
                n_tokens=len(said.ids),
            )
            for (arm, sample), said in one.said.items()
        ),
    )


def _warnings(asked: QuestionSet, request: LabelRequest) -> Generator[str, None, None]:
    kinds: dict[str, set[str]] = defaultdict(set)
    for question in asked.questions:
        kinds[question.taken.entity.type].add(question.attribute.name)
    for kind, attributes in sorted(kinds.items()):
        if len(attributes) < request.tau:
            yield (
                f"No name of the type {kind} can be known: it is asked about {len(attributes)} of its attributes, and "
                f"{request.tau} must be right."
            )


def _named(name: str) -> Column:
    return Column(name=name)
