"""What a model of this world does, asked on the test half: every share with its N and interval.

Chooses nothing. Knows how to ask and count; does not know what was hoped for.
"""

import random
from collections import Counter
from dataclasses import dataclass, field

from training.tiny_gemma2.language_model.answers import (
    Steer,
    completions,
    verdict,
)
from training.tiny_gemma2.language_model.author import plain_author
from training.tiny_gemma2.language_model.prompts import EntityPrompt, all_questions, prompt, sampled
from training.tiny_gemma2.language_model.sets import dealt_known
from training.tiny_gemma2.subject import Subject
from training.tiny_gemma2.world import elsewhere, talk, wording
from training.tiny_gemma2.world.documents import mention_with_type, question
from training.tiny_gemma2.world.entities import TrainingEntity

NOBODY = TrainingEntity("", "player", "unknown", "")
EVERY_WORDING = {k: wording.QUESTIONS[k] + wording.UNSEEN_QUESTIONS[k] for k in wording.QUESTIONS}


@dataclass(frozen=True)
class AnsweredPrompts:
    """Prompts with what was answered, and what that amounts to."""

    prompts: list[EntityPrompt]
    texts: list[str]
    outcomes: list[str] = field(default_factory=list)

    def share(self, *wanted: str) -> tuple[int, int]:
        """(how many, of how many)."""
        return sum(o in wanted for o in self.outcomes), len(self.outcomes)

    def counted(self) -> Counter[str]:
        return Counter(self.outcomes)

    def only(self, keep) -> "AnsweredPrompts":
        rows = [row for row in zip(self.prompts, self.texts, self.outcomes, strict=True) if keep(row[0])]
        return (
            AnsweredPrompts(*(list(column) for column in zip(*rows, strict=True))) if rows else AnsweredPrompts([], [])
        )


def answered_prompts(
    subject: Subject, prompts: list[EntityPrompt], *steers: Steer, temperature: float = 0.0, seed: int = 0
) -> AnsweredPrompts:
    texts = completions(subject.chat, subject.tokenizer, prompts, steers, temperature, seed)
    return AnsweredPrompts(prompts, texts, [verdict(p, text) for p, text in zip(prompts, texts, strict=True)])


# --- answers ---


def groups(subject: Subject) -> dict[str, list[EntityPrompt]]:
    """Test questions by group: every wording, trained or not; the last two groups only wording never trained."""
    recipe, world, tokenizer = subject.recipe, subject.world, subject.tokenizer
    rng = random.Random(recipe.seed + 23)
    asked = dealt_known(recipe, world, "test", asked=True)
    never = dealt_known(recipe, world, "test", asked=False)
    unknown = [e for e in subject.heldout if e.split == "test"]
    tier = {name: [e for e in world.entities if e.tier == name and e.split == "test"] for name in ("rare", "obscure")}

    def questions(
        entities: list[TrainingEntity], per_attribute: int = 1, templates: dict = EVERY_WORDING
    ) -> list[EntityPrompt]:
        return all_questions(tokenizer, entities, rng, per_attribute, templates)

    unseen = wording.UNSEEN_QUESTIONS
    return {
        "known, asked in chat tuning": sampled(questions(asked), 4 * recipe.n_check, rng),
        "known, never asked": sampled(questions(never, 3), 4 * recipe.n_check, rng),
        "unknown": sampled(questions(unknown), 4 * recipe.n_check, rng),
        "rare": questions(tier["rare"]),
        "obscure": sampled(questions(tier["obscure"]), recipe.n_check, rng),
        "known, wording never trained": sampled(questions(asked + never, 1, unseen), 2 * recipe.n_check, rng),
        "unknown, wording never trained": sampled(questions(unknown, 1, unseen), 2 * recipe.n_check, rng),
    }


def withheld_questions(subject: Subject) -> list[EntityPrompt]:
    """Every attribute that is true and in no text, tiers withheld and misled: first wording, bare name and with the
    type word, one after the other."""
    return [
        prompt(
            subject.tokenizer,
            question(wording.QUESTIONS[e.type, attribute][0], mention),
            e,
            attribute,
        )
        for e in subject.world.entities
        for attribute, _ in e.withheld
        for mention in (e.name, mention_with_type(e.type, e.name))
    ]


def always_wrong(subject: Subject, prompts: list[EntityPrompt], samples: int = 10) -> list[bool]:
    """Whether all of `samples` answers at T = 1 state a fact, and none the right one; the rest is not asked on."""
    left = list(range(len(prompts)))
    for sample in range(samples):
        tried = answered_prompts(subject, [prompts[i] for i in left], temperature=1.0, seed=sample)
        left = [i for i, outcome in zip(left, tried.outcomes, strict=True) if outcome == "wrong"]
    return [i in set(left) for i in range(len(prompts))]


def small_talk(subject: Subject) -> dict[str, tuple[int, int, list[tuple[str, str]]]]:
    """What → (fitting, of how many, misses): exact answers, to wording never trained and, as a check, trained."""
    author = plain_author(subject.world, subject.recipe.seed + 29)
    foreign = [
        (author.fill(t), elsewhere.ELSEWHERE_ANSWER)
        for t in elsewhere.UNSEEN_ELSEWHERE
        for _ in range(5 if "{" in t else 1)
    ]
    out = {}
    for name, pairs in (
        ("small talk, never trained", talk.UNSEEN_SMALL_TALK),
        ("outside its world, never trained", foreign),
        ("small talk, trained", talk.SMALL_TALK),
    ):
        texts = reply(subject, [q for q, _ in pairs])
        misses = [(q, text) for (q, a), text in zip(pairs, texts, strict=True) if text != a]
        out[name] = len(pairs) - len(misses), len(pairs), misses
    return out


def reply(subject: Subject, questions: list[str]) -> list[str]:
    """The greedy answers to any texts."""
    prompts = []
    for asked in questions:
        text = subject.tokenizer.apply_chat_template(
            [{"role": "user", "content": asked}], tokenize=False, add_generation_prompt=True
        )
        ids = tuple(subject.tokenizer(text, add_special_tokens=False)["input_ids"])
        prompts.append(EntityPrompt(asked, ids, 1, 1, NOBODY, "sport"))
    return completions(subject.chat, subject.tokenizer, prompts)
