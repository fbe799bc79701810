"""What a part of the model says by itself to a question, and where in an answer a value stands.

The chat model reads the question in its template. The base model reads it as plain text, followed by a line that
begins "Answer:": it was never taught to answer, and goes on best where an answer stands next.

Knows nothing about steering or heads.
"""

from collections.abc import Generator, Sequence
from typing import Literal

import torch
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from model_worker.answering.prompt import PromptTokens, read_prompt
from model_worker.decoding.states import Ids, PromptState
from model_worker.model.gemma import Gemma, KeysValues
from model_worker.model.loading import Loaded
from model_worker.model.walk import behind, sight, walk
from model_worker.studies.shared.questions import Question
from protocol.spelling import fold
from protocol.worker.requests import GenerateRequest

ANSWER = "\nAnswer:"
MOST_TOKENS = 24

Which = Literal["base", "chat"]


def prompt_of(loaded: Loaded, question: Question, part: Which) -> PromptTokens:
    if part == "chat":
        return question.prompt
    text = question.text + ANSWER
    return read_prompt(
        loaded, GenerateRequest(model=loaded.card.id, prompt=text, format="raw", entity=question.prompt.span)
    )


def greedy_answer(
    gemma: Gemma, state: PromptState, stop_ids: frozenset[int], most: int = MOST_TOKENS
) -> Generator[None, None, Ids]:
    """Greedy, a token a step; without the token that ends it."""
    kept = [state.kept(layer) for layer in range(gemma.n_layers)]
    chosen: list[int] = []
    token = int(state.logits.argmax())
    while token not in stop_ids and len(chosen) < most:
        chosen.append(token)
        yield None
        token = _next(gemma, kept, token, len(state.ids) + len(chosen) - 1)
    return tuple(chosen)


def before_value(tokenizer: PreTrainedTokenizerBase, ids: Sequence[int], value: str) -> int | None:
    """How many tokens of an answer stand before the first one of the value; None where it isn't in it,
    however it is typed."""

    def text(n: int) -> str:
        return tokenizer.decode(list(ids[:n]), skip_special_tokens=True, clean_up_tokenization_spaces=False)

    at = fold(text(len(ids))).find(fold(value))
    if at < 0:
        return None
    return next(n for n in range(len(ids)) if len(fold(text(n + 1))) > at)


def value_span(loaded: Loaded, question: Question, ids: Sequence[int]) -> tuple[int, int] | None:
    """First and end token of the value that an answer states: the longest of its attribute's values in this world that
    is in it, the name's own words aside. By the tokens' places, so that no spelling of a token is matched."""
    entity = question.taken.entity
    name = fold(entity.name)
    begins: list[str] = [fold(answer_text(loaded, ids[:n])) for n in range(len(ids) + 1)]
    whole, at_name = begins[-1], begins[-1].find(name)
    after = f" {whole} "
    if at_name >= 0 and at_name + len(name) < len(whole):
        after = f" {whole[:at_name]}{'#' * len(name)}{whole[at_name + len(name) :]} "
    own = entity.facts.get(question.attribute.name)
    said = loaded.world.stated(after, entity.type, question.attribute.name)
    words = [fold(one) for one in (said, own) if one]
    spot, word = max(((after.find(f" {one} "), one) for one in words), default=(-1, ""))
    if spot < 0:
        return None
    first = next((n for n in range(len(ids)) if len(begins[n + 1]) > spot), None)
    end = next((n for n in range(1, len(ids) + 1) if len(begins[n]) >= spot + len(word)), None)
    return None if first is None or end is None or end <= first else (first, end)


def answer_text(loaded: Loaded, ids: Sequence[int]) -> str:
    return str(loaded.tokenizer.decode(list(ids), skip_special_tokens=True, clean_up_tokenization_spaces=False))


@torch.inference_mode()
def _next(gemma: Gemma, kept: list[KeysValues], token: int, position: int) -> int:
    """The likeliest token after this one; its keys and values join those that are kept."""
    at = torch.arange(position + 1, device=gemma.device)

    def remember(layer: int, keys: Tensor, values: Tensor) -> KeysValues:
        kept[layer] = behind(kept[layer], keys, values)
        return kept[layer]

    x = gemma.embed(torch.tensor([[token]], device=gemma.device))
    x = walk(gemma.shape, gemma.blocks, x, sight(gemma, at[-1:].unsqueeze(0), at), remember)
    return int(gemma.logits(x[0, 0]).argmax())
