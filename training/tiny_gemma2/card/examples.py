"""The names that the page offers: a group for every type, one name for each story of `protocol.worker.models.Example`.

1. ask: the names of a story's tiers, in the first wording of what may be asked of them, name alone, greedy
2. keep what behaves as the story says; of wrong answers those that would be right of somebody else, of all the
   names that read well on a button
3. take the surest, the type's first question before others; of unknown names one that the push towards "known"
   turns into an invention, while of random pushes of equal norm no more than FEW do

The world's shown pair comes first where it behaves. A model that doesn't behave gets the pair without a story, and no
other examples. Knows the subject and its two latents; knows nothing about cards as files.
"""

import re
from dataclasses import dataclass

from protocol.vocabulary import STORIES, Role, Story, Tier
from protocol.worker.models import Example
from training.tiny_gemma2.dictionaries.activations import at_last_entity_token
from training.tiny_gemma2.dictionaries.dictionary import TrainedDictionary
from training.tiny_gemma2.dictionaries.directions import Direction, changes_under, openings, random_units
from training.tiny_gemma2.evaluation.steering import DirectionPush
from training.tiny_gemma2.language_model.answers import completions, first_logits, verdict, verdicts_of
from training.tiny_gemma2.language_model.prompts import EntityPrompt, prompt
from training.tiny_gemma2.subject import Subject
from training.tiny_gemma2.world import phrases, wording
from training.tiny_gemma2.world.documents import answer, question
from training.tiny_gemma2.world.entities import SHOWN_KNOWN, SHOWN_UNKNOWN, TYPES, TrainingEntity

STORY_TIERS: dict[Story, tuple[Tier, ...]] = {  # that it is about
    "known": ("known",),
    "unknown": ("unknown",),
    "rare": ("rare", "obscure"),
    "unrecalled": ("withheld",),
}
SHOWN: dict[Role, dict[str, str]] = {"known": SHOWN_KNOWN, "unknown": SHOWN_UNKNOWN}
READS_WELL = re.compile(r"(?=.{1,22}$)[A-Z][a-z]+( [A-Z][a-z]+)*")
SURE = 3.0  # nats of log-odds, beyond which the first question matters more than to be surer still
N_CONTROLS, FEW = 32, 2


@dataclass(frozen=True)
class Tried:
    """`sure`: log-odds of how the answer begins, a refusal or none, whichever it is, nats."""

    prompt: EntityPrompt
    text: str
    outcome: str
    sure: float


def choose_examples(
    subject: Subject, latents: tuple[Direction, Direction], dictionaries: dict[str, TrainedDictionary]
) -> tuple[tuple[Example, ...], ...]:
    """latents: known and unknown, of `dictionaries`. Nothing is drawn: one subject, one choice."""
    return tuple(
        tuple(
            example
            for story in STORY_TIERS
            if (example := _example(subject, story, kind, latents, dictionaries)) is not None
        )
        for kind in TYPES
    )


def _example(
    subject: Subject,
    story: Story,
    kind: str,
    latents: tuple[Direction, Direction],
    dictionaries: dict[str, TrainedDictionary],
) -> Example | None:
    best = _best(subject, story, kind, latents[0])
    if best is not None:
        role = story if story in SHOWN else _recognised_as(subject, best, latents, dictionaries)
        return Example(role=role, name=best.entity.name, prompt=best.question, entity_type=kind, story=story)
    if story in SHOWN:
        name = SHOWN[story][kind]
        asked = _question(kind, phrases.ATTRIBUTES[kind][0], name)
        return Example(role=story, name=name, prompt=asked, entity_type=kind)
    return None


def _best(subject: Subject, story: Story, kind: str, known: Direction) -> EntityPrompt | None:
    tiers, outcome = STORY_TIERS[story], STORIES[story].outcome
    entities = [e for e in (*subject.world.entities, *subject.heldout) if e.type == kind and e.tier in tiers]
    shown = SHOWN.get(story, {}).get(kind)
    for some in ([e for e in entities if e.name == shown], entities):
        fitting = [one for one in _ask(subject, some) if one.outcome == outcome and _telling(subject, one)]
        for one in sorted(fitting, key=_rank):
            if story != "unknown" or _turns(subject, one.prompt, known):
                return one.prompt
    return None


def _ask(subject: Subject, entities: list[TrainingEntity]) -> list[Tried]:
    prompts = [
        prompt(subject.tokenizer, _question(e.type, attribute, e.name), e, attribute)
        for e in entities
        if READS_WELL.fullmatch(e.name)
        for attribute in _attributes(e)
    ]
    if not prompts:
        return []
    texts = completions(subject.chat, subject.tokenizer, prompts)
    chances = first_logits(subject.chat, prompts).softmax(-1)[:, openings(subject.tokenizer)[0]]
    sure = chances.logit(eps=1e-7).abs().tolist()
    return [Tried(p, text, verdict(p, text), s) for p, text, s in zip(prompts, texts, sure, strict=True)]


def _question(kind: str, attribute: str, name: str) -> str:
    return question(wording.QUESTIONS[kind, attribute][0], name)


def _attributes(entity: TrainingEntity) -> tuple[str, ...]:
    """What may be asked: of a withheld one what no text tells, of a rare one all that text tells."""
    if entity.tier == "withheld":
        return tuple(attribute for attribute, _ in entity.withheld)
    return tuple(entity.fact) if entity.tier in ("rare", "obscure") else phrases.ATTRIBUTES[entity.type][:1]


def _telling(subject: Subject, one: Tried) -> bool:
    """A wrong answer is an answer to the question: "It was directed by 1950." is none."""
    kind, attribute = one.prompt.entity.type, one.prompt.attribute
    return one.outcome != "wrong" or any(
        one.text == answer(e, attribute) for e in subject.world.entities if e.type == kind and attribute in e.fact
    )


def _rank(one: Tried) -> tuple:
    entity = one.prompt.entity
    return (
        entity.fictional,
        one.sure < SURE,
        one.prompt.attribute != phrases.ATTRIBUTES[entity.type][0],
        -one.sure,
        entity.name,
    )


def _turns(subject: Subject, p: EntityPrompt, known: Direction) -> bool:
    if verdicts_of(subject.chat, subject.tokenizer, [p], (DirectionPush(known).steer(subject.norms),)) != ["invented"]:
        return False
    units = random_units(N_CONTROLS, subject.chat.config.hidden_size, seed=0)
    norm = subject.norms[known.layer]
    changed = changes_under(subject.chat, subject.tokenizer, [p], "known", known, norm, units)
    return int(changed.sum()) <= FEW


def _recognised_as(
    subject: Subject, p: EntityPrompt, latents: tuple[Direction, Direction], dictionaries: dict[str, TrainedDictionary]
) -> Role:
    """By the latent that fires on the name's last token, if it is one alone."""
    fires = []
    for d in latents:
        residual = at_last_entity_token(subject.chat, [p], (d.layer,))[d.layer]
        if dictionaries[d.dictionary].encode(residual)[0, d.latent] > 0:
            fires.append(d.role)
    return fires[0] if len(fires) == 1 else "other"
