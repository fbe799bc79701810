"""Yes and no: the tokens that are held against each other, and what a reader must know of them.

Knows nothing about names or pushes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch

from model_worker.model.loading import Loaded
from model_worker.model.pieces import token_text
from protocol.refusal import Refused
from protocol.worker.studies import KnowledgeRequest

YES, NO = " Yes", " No"
UNTAUGHT = 0.1  # of the two words together; less is said


@dataclass(frozen=True)
class Words:
    """Token ids that are held against each other."""

    yes: int
    no: int


def words_of(loaded: Loaded, request: KnowledgeRequest) -> Words:
    """The tokens that yes and no become behind the prefill. Raises Refused (422) where a named one isn't one token."""

    def token(asked: str | None, default: str) -> int:
        word = default if asked is None else asked
        begin, whole = token_ids(loaded, request.prefill), token_ids(loaded, request.prefill + word)
        own = whole[len(begin) :] if whole[: len(begin)] == begin else token_ids(loaded, word)
        if len(own) == 1 or (own and asked is None):
            return own[0]
        pieces = " + ".join(f"“{token_text(loaded.tokenizer, one)}”" for one in own)
        raise Refused(
            422,
            "not_one_token",
            f"The word “{word}” asked, which is {len(own)} tokens here: {pieces or 'none'}.",
            "A logit belongs to one token.",
            "Name a word that is one, or leave it out: then its first token counts.",
        )

    words = Words(token(request.yes, YES), token(request.no, NO))
    if words.yes == words.no:
        raise Refused(
            422,
            "one_word",
            "Yes and no asked.",
            f"Both are the token “{token_text(loaded.tokenizer, words.yes)}” here.",
            "Name two words that begin otherwise.",
        )
    return words


def probability_of(logits: torch.Tensor, words: Words) -> float:
    """Probability of both words, from logits (vocab,)."""
    return logits.softmax(-1)[[words.yes, words.no]].sum().item()


def begun_words(loaded: Loaded, given: Sequence[str | None], words: Words) -> Iterator[str]:
    for asked, default, token in zip(given, (YES, NO), (words.yes, words.no), strict=True):
        begins = token_text(loaded.tokenizer, token)
        if asked is None and begins != default:
            yield f"“{default}” is more than one token here: its first one, “{begins}”, stands for it."


def untaught(request: KnowledgeRequest, together: Sequence[float]) -> Iterator[str]:
    mean = sum(together) / len(together)
    if mean < UNTAUGHT:
        yield (
            f"“{request.yes}” and “{request.no}” together have a probability of {mean:.2g} in the mean of "
            f"{len(together)} prompts: this model would say neither. Their difference is what is left of other words."
        )


def token_ids(loaded: Loaded, text: str) -> list[int]:
    return loaded.tokenizer(text, add_special_tokens=False, split_special_tokens=True)["input_ids"] if text else []
