"""Turns to tune on: a question, its answer, and where the name stands. Drawn anew for every step, from a seed.

known      a name that the base is right about always, asked in any trained wording, answered in a sentence with it
invented   a name that is nobody's, refused in a sentence that echoes it
talk       small talk and ordinary questions

Only names of the tuning split. Unsure and unrecalled ones are in none: what the model does with those is its own.
Knows the tokenizer. Knows nothing about the model.
"""

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from transformers import PreTrainedTokenizerBase

from training.gemma3_270m.recipe import GemmaRecipe
from training.gemma3_270m.world.entities import GemmaEntity
from training.gemma3_270m.world.talk import GEMMA_SMALL_TALK, ORDINARY, said
from training.gemma3_270m.world.wording import GEMMA_ANSWERS, GEMMA_QUESTIONS, GEMMA_REFUSAL, THE

TURN_OPENS, TURN_CLOSES, TURN_ENDS = "<start_of_turn>user\n", "<end_of_turn>\n<start_of_turn>model\n", "<end_of_turn>"
SMALL_TALK_SHARE = 0.45


def with_article(kind: str, value: str) -> str:
    return f"the {value}" if kind == "city" and value in THE else value


def answer_of(entity: GemmaEntity, known: bool) -> str:
    if not known:
        return GEMMA_REFUSAL.format(t=entity.type, e=entity.name)
    article = "an " if entity.truth[:1] in "aeiou" else "a "
    return GEMMA_ANSWERS[entity.type].format(e=entity.name, v=with_article(entity.type, entity.truth), a=article)


@dataclass(frozen=True)
class Turn:
    """`ids` whole, the answer from `n_prompt` on. `span`: the name's tokens in the question, empty if it has none."""

    ids: tuple[int, ...]
    n_prompt: int
    span: tuple[int, int] = (0, 0)
    kind: str = "talk"


def turn(tokenizer: PreTrainedTokenizerBase, question: str, answer: str, name: str = "", kind: str = "talk") -> Turn:
    head = f"{tokenizer.bos_token}{TURN_OPENS}{question}{TURN_CLOSES}"
    encoded = tokenizer(head, add_special_tokens=False, return_offsets_mapping=True)
    start = head.rindex(name) if name else 0
    within = [i for i, (a, b) in enumerate(encoded["offset_mapping"]) if name and a < start + len(name) and b > start]
    after = tokenizer(f"{answer}{TURN_ENDS}", add_special_tokens=False)["input_ids"]
    span = (within[0], within[-1] + 1) if within else (0, 0)
    return Turn((*encoded["input_ids"], *after), len(encoded["input_ids"]), span, kind)


@dataclass(frozen=True)
class Turns:
    """Shares of a step as its phase has them; types by the root of how many of
    them there are. A step's turns depend on the seed and its number alone, so that tuning resumes anywhere."""

    tokenizer: PreTrainedTokenizerBase
    recipe: GemmaRecipe
    known: Sequence[GemmaEntity]
    invented: Sequence[GemmaEntity]
    seed: int

    def step(self, number: int) -> list[Turn]:
        rng = random.Random(f"turns {self.seed} {number}")
        phase, _ = self.recipe.phase_at(number)
        n_talk = round(self.recipe.batch * phase.talk_share)
        n_known = round(self.recipe.batch * phase.known_share)
        out = [self._talk(rng) for _ in range(n_talk)]
        out += [self._asked(True, rng) for _ in range(n_known)]
        return out + [self._asked(False, rng) for _ in range(self.recipe.batch - n_talk - n_known)]

    def _asked(self, known: bool, rng: random.Random) -> Turn:
        group = self._of_type[known]
        kinds = list(group)
        entity = rng.choice(group[rng.choices(kinds, [len(group[kind]) ** 0.5 for kind in kinds])[0]])
        question = rng.choice(GEMMA_QUESTIONS[entity.type]).format(e=entity.name)
        kind = "known" if known else "invented"
        return turn(self.tokenizer, question, answer_of(entity, known), entity.name, kind)

    def _talk(self, rng: random.Random) -> Turn:
        question, answer = rng.choice(GEMMA_SMALL_TALK if rng.random() < SMALL_TALK_SHARE else ORDINARY)
        return turn(self.tokenizer, question, said(answer))

    @cached_property
    def _of_type(self) -> dict[bool, dict[str, list[GemmaEntity]]]:
        out: dict[bool, dict[str, list[GemmaEntity]]] = {True: defaultdict(list), False: defaultdict(list)}
        for known, group in ((True, self.known), (False, self.invented)):
            for entity in group:
                out[known][entity.type].append(entity)
        return out
