"""Which questions a study puts to the chat model, and what an answer to one amounts to.

1. the names of the wanted split, at most so many of each type and group
2. of each name one attribute, drawn by a hash, or all that its type has; of those that the set knows the truth of, if
   it knows any truth of the name
3. in an order in which types and groups take turns, so that what is counted half way is balanced

Knows nothing about steering or activations.
"""

from collections import Counter, defaultdict
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest

from model_worker.answering.prompt import PromptTokens, read_prompt
from model_worker.answering.verdict import Judged, judge
from model_worker.draw import draw
from model_worker.model.loading import Loaded
from model_worker.model.world import Entity
from model_worker.studies.shared.completions import Answered
from model_worker.studies.shared.names import NameSet, Taken, in_question, names_of
from protocol.refusal import Refused
from protocol.worker.models import Attribute
from protocol.worker.requests import GenerateRequest, Sampling, Span
from protocol.worker.studies import Asked
from protocol.worker.study_frames import Trial, TrialAnswer


@dataclass(frozen=True)
class Question:
    """name: its number among the set's. text: as it was typed; prompt: in the chat template."""

    name: int
    taken: Taken
    attribute: Attribute
    text: str
    prompt: PromptTokens


@dataclass(frozen=True)
class QuestionSet:
    names: NameSet
    questions: tuple[Question, ...]


def questions_of(loaded: Loaded, asked: Asked) -> Generator[None, None, QuestionSet]:
    """In short steps. Raises Refused (422) where nothing can be asked."""
    names = yield from names_of(loaded, asked.names, in_question(loaded, None))
    found: list[Question] = []
    for number in wanted(names, asked):
        taken = names.taken[number]
        for attribute in _attributes(loaded, taken.entity, asked):
            found.append(question_about(loaded, number, taken, attribute))
        if len(found) % 32 == 0:
            yield None
    if not found:
        raise Refused(
            422,
            "nothing_to_ask",
            f"Questions about names of {part_in_words(asked)} asked{_of_groups(asked)}.",
            f"Of the {len(names.taken)} names none is among them; their groups: {', '.join(_groups(names)) or 'none'}.",
            "Choose another part or other groups, or `all`.",
        )
    return QuestionSet(names, tuple(found))


def judged(loaded: Loaded, question: Question, text: str, *, finished: bool) -> Judged:
    """By the rules of model_worker/answering/verdict.py, against the facts of the set."""
    entity = question.taken.entity
    # a name that the reader gave without facts and without a label is judged as one that nothing is known of
    told = bool(entity.facts) or question.taken.label == "unknown"
    return judge(
        text,
        finished=finished,
        raw=False,
        prompt=question.text,
        named=True,
        entities=(entity,) if told else (),
        card=loaded.card,
    )


def trial_answer(
    loaded: Loaded,
    question: Question,
    text: str,
    *,
    finished: bool,
    n_tokens: int,
    arm: int = 0,
    sample: int = 0,
    refusal_logodds: float | None = None,
    kl_nats: float | None = None,
    surprise_nats: float | None = None,
    risk: float | None = None,
    entropy_nats: float | None = None,
) -> TrialAnswer:
    """What was measured is the caller's; the verdict is made here."""
    verdict = judged(loaded, question, text, finished=finished)
    return TrialAnswer(
        text=text,
        outcome=verdict.outcome,
        rule=verdict.rule,
        phrase=verdict.phrase,
        paper_phrase=verdict.paper_phrase,
        n_tokens=n_tokens,
        arm=arm,
        sample=sample,
        refusal_logodds=refusal_logodds,
        kl_nats=kl_nats,
        surprise_nats=surprise_nats,
        risk=risk,
        entropy_nats=entropy_nats,
    )


def own_seed(question: Question, seed: int) -> int:
    """Every question has draws of its own: with one seed for all, the third sample of each would draw the same numbers,
    and their answers would err together. seed: the study's."""
    entity = question.taken.entity
    return int(draw(seed, "sample", entity.type, entity.name, question.attribute.name) * 2**31)


def samplings_of(question: Question, seed: int, n_samples: int) -> tuple[Sampling, ...]:
    """The greedy answer, then n_samples at temperature 1."""
    if not n_samples:
        return (Sampling(),)
    return Sampling(), Sampling(temperature=1.0, seed=own_seed(question, seed), n_samples=n_samples)


def answers_of(
    loaded: Loaded, question: Question, found: Answered, arms: Sequence[int] | None = None
) -> Iterator[TrialAnswer]:
    """Each of its answers, by arm and sample, with no measure. arms: what the arms are called; None: by their place."""
    for (arm, sample), one in sorted(found.said.items()):
        called = arm if arms is None else arms[arm]
        n_tokens = len(one.ids)
        yield trial_answer(loaded, question, one.text, finished=one.ended, arm=called, sample=sample, n_tokens=n_tokens)


def trial_of(
    question: Question,
    number: int,
    *,
    answers: Iterable[TrialAnswer] = (),
    numbers: Mapping[str, tuple[float, ...]] | None = None,
    seed: int | None = None,
) -> Trial:
    """What a question came to. The run counts `seq`."""
    return Trial(
        seq=0,
        trial=number,
        name=question.name,
        attribute=question.attribute.name,
        prompt=question.text,
        answers=tuple(answers),
        seed=seed,
        numbers=dict(numbers or {}),
    )


def part_in_words(asked: Asked) -> str:
    return "every part" if asked.split == "all" else f"the part {asked.split}"


def truth_of(question: Question) -> str | None:
    """The right answer's words, where there is one."""
    return question.taken.entity.facts.get(question.attribute.name)


def _groups(names: NameSet) -> Sequence[str]:
    return sorted({one.group for one in names.taken})


def _of_groups(asked: Asked) -> str:
    return f", of the groups {', '.join(asked.groups)}" if asked.groups else ""


def wanted(names: NameSet, asked: Asked) -> list[int]:
    """Numbers of the names that are asked about; types and groups take turns."""
    groups: dict[tuple[str, str], list[int]] = defaultdict(list)
    for number, one in enumerate(names.taken):
        if asked.split in ("all", one.split) and (not asked.groups or one.group in asked.groups):
            groups[one.entity.type, one.group].append(number)

    def order(number: int) -> float:
        entity = names.taken[number].entity
        return draw(asked.names.seed, "ask", entity.type, entity.name)

    few = [sorted(group, key=order)[: asked.most] for group in groups.values()]
    return [number for number in chain(*zip_longest(*few)) if number is not None]


def _attributes(loaded: Loaded, entity: Entity, asked: Asked) -> Iterator[Attribute]:
    fits = [one for one in loaded.card.attributes if one.entity_type == entity.type and one.can_be_put]
    if not fits:
        raise Refused(
            422,
            "no_question",
            f"Questions about names of the type {entity.type} asked.",
            f"This model has questions about: {', '.join(_types(loaded)) or 'none'}.",
            "Give these names one of those types.",
        )
    wanted = [one for one in fits if not asked.attributes or one.name in asked.attributes]
    # of some names the set knows no such fact: an answer to that could be neither right nor wrong
    chosen = [one for one in wanted if not entity.facts or one.name in entity.facts]
    if asked.attributes and not any(one.name in asked.attributes for one in loaded.card.attributes):
        raise Refused(
            422,
            "unknown_attribute",
            f"The attribute {asked.attributes[0]} asked.",
            f"This model can be asked about: {', '.join(sorted({one.name for one in loaded.card.attributes}))}.",
            "Choose some of them.",
        )
    if asked.per_name == "all" or not chosen:
        yield from chosen
    else:
        yield chosen[int(draw(asked.names.seed, "attribute", entity.type, entity.name) * len(chosen))]


def question_about(loaded: Loaded, number: int, taken: Taken, attribute: Attribute) -> Question:
    before, after = (attribute.question or "{name}").split("{name}", 1)
    text = before + taken.entity.name + after
    span = Span(start=len(before), end=len(before) + len(taken.entity.name))
    request = GenerateRequest(model=loaded.card.id, prompt=text, entity=span)
    return Question(number, taken, attribute, text, read_prompt(loaded, request))


def _types(loaded: Loaded) -> Sequence[str]:
    return sorted(Counter(one.entity_type for one in loaded.card.attributes if one.can_be_put))
