"""What is trained and measured: a base and a chat model, with the world that they know.

Knows no measurement.
"""

from dataclasses import dataclass

from transformers import PreTrainedModel, PreTrainedTokenizerBase

from training.tiny_gemma2.language_model.sets import dealt_known
from training.tiny_gemma2.recipe import Recipe
from training.tiny_gemma2.world.entities import TrainingEntity, TrainingWorld


@dataclass(frozen=True)
class Subject:
    """Who is asked: a pair of models, their tokenizer, and the world they were taught."""

    recipe: Recipe
    world: TrainingWorld
    heldout: list[TrainingEntity]  # unknown names
    tokenizer: PreTrainedTokenizerBase
    base: PreTrainedModel
    chat: PreTrainedModel
    norms: tuple[float, ...]  # r of the chat model, by layer


def both(subject: Subject, split: str) -> tuple[list[TrainingEntity], list[TrainingEntity]]:
    """Known entities, asked in tuning or not, and unknown names, of one half."""
    known = [e for asked in (True, False) for e in dealt_known(subject.recipe, subject.world, split, asked)]
    return known, [e for e in subject.heldout if e.split == split]
