"""Questions as the chat model gets them: token ids, and where the entity stands in them.

Knows the tokenizer and the phrases. Knows nothing about activations.
"""

import random
from collections.abc import Iterable
from dataclasses import dataclass

from training.tiny_gemma2.world import phrases, wording
from training.tiny_gemma2.world.documents import answer, mention_in, question
from training.tiny_gemma2.world.entities import TrainingEntity


@dataclass(frozen=True)
class EntityPrompt:
    question: str
    ids: tuple[int, ...]  # <bos> once, up to and with the line that opens the model's turn
    first: int  # position of the entity's first token
    last: int  # and of its last
    entity: TrainingEntity
    attribute: str

    @property
    def truth(self) -> str | None:
        """The right answer, whole; None if nobody knows it."""
        return answer(self.entity, self.attribute) if self.attribute in self.entity.truth else None


def prompt(tokenizer, asked: str, entity: TrainingEntity, attribute: str) -> EntityPrompt:
    text = tokenizer.apply_chat_template(
        [{"role": "user", "content": asked}], tokenize=False, add_generation_prompt=True
    )
    encoded = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
    start = text.rindex(entity.name)
    end = start + len(entity.name)
    # a name's first token may begin with the space before it
    span = [i for i, (a, b) in enumerate(encoded["offset_mapping"]) if a < end and b > start]
    return EntityPrompt(asked, tuple(encoded["input_ids"]), span[0], span[-1], entity, attribute)


def all_questions(
    tokenizer,
    entities: Iterable[TrainingEntity],
    rng: random.Random,
    per_attribute: int = 1,
    templates: dict = wording.QUESTIONS,
) -> list[EntityPrompt]:
    """Every attribute that text states of every entity, in `per_attribute` random phrasings, typed or bare."""
    out = []
    for entity in entities:
        for attribute in entity.fact or phrases.ATTRIBUTES[entity.type]:
            for template in rng.sample(templates[entity.type, attribute], per_attribute):
                mention = mention_in(template, entity.type, entity.name, rng)
                out.append(prompt(tokenizer, question(template, mention), entity, attribute))
    return out


def sampled(prompts: list[EntityPrompt], n: int, rng: random.Random) -> list[EntityPrompt]:
    """At most `n` of them, the same share of every type."""
    kinds = sorted({p.entity.type for p in prompts})
    out = []
    for kind in kinds:
        of_kind = [p for p in prompts if p.entity.type == kind]
        out += rng.sample(of_kind, min(len(of_kind), -(-n // len(kinds))))
    return out
