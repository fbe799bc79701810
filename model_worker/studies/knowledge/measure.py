"""A question whether it is sure of a name, with the answer begun: yes against no, untouched and pushed.

Knows nothing about figures.
"""

from collections.abc import Generator
from dataclasses import dataclass, replace

from model_worker.answering.prompt import PromptTokens, read_prompt
from model_worker.decoding.states import Prompts, fork
from model_worker.model.loading import Loaded
from model_worker.model.pieces import token_text
from model_worker.rounding import all_rounded, rounded
from model_worker.steering.random_directions import random_controls
from model_worker.studies.knowledge.words import Words, probability_of, token_ids
from model_worker.studies.shared.names import Taken
from model_worker.studies.shared.pushes import delta_of
from protocol.worker.requests import GenerateRequest, Span
from protocol.worker.studies import KnowledgeRequest, Push
from protocol.worker.tokens import Token

KNOWLEDGE_ROWS = 16  # rows of a step, so that it stays short


@dataclass(frozen=True)
class Asking:
    """name: its number among the set's. text: as it would be typed; prompt: with the answer begun."""

    name: int
    taken: Taken
    text: str
    prompt: PromptTokens


def asking_of(loaded: Loaded, request: KnowledgeRequest, number: int, taken: Taken) -> Asking:
    entity = taken.entity
    before, after = request.question.replace("{type}", entity.type).split("{name}", 1)
    text = before + entity.name + after
    span = Span(start=len(before), end=len(before) + len(entity.name))
    prompt = read_prompt(loaded, GenerateRequest(model=loaded.card.id, prompt=text, entity=span))
    begun = tuple(
        Token(id=token, text=token_text(loaded.tokenizer, token), role="template")
        for token in token_ids(loaded, request.prefill)
    )
    ids = (*prompt.ids, *(token.id for token in begun))
    return Asking(number, taken, text, replace(prompt, ids=ids, tokens=(*prompt.tokens, *begun)))


def yes_less_no(
    loaded: Loaded, prompts: Prompts, one: Asking, words: Words, push: Push, seed: int
) -> Generator[None, None, dict[str, tuple[float, ...]]]:
    """Numbers of a trial. original, pushed, random by direction: logit(yes) - logit(no). together: the probability of
    both words, untouched and pushed."""
    gemma, prompt = loaded.gemma, one.prompt
    state = prompts.state(prompt.ids)
    yield None
    delta = delta_of(loaded, push, prompt)
    rows = [delta, *random_controls(delta, push.n_controls, seed)]
    at_once = min(KNOWLEDGE_ROWS, gemma.rows_at_once(len(prompt.ids), len(prompt.ids)))
    found: list[float] = []
    together = [probability_of(state.logits, words)]
    for first in range(0, len(rows), at_once):
        logits = fork(gemma, state, [(row,) for row in rows[first : first + at_once]]).logits
        found += (logits[:, words.yes] - logits[:, words.no]).tolist()
        if first == 0:
            together.append(probability_of(logits[0], words))
        yield None
    return {
        "original": (rounded((state.logits[words.yes] - state.logits[words.no]).item()),),
        "pushed": (rounded(found[0]),),
        "random": all_rounded(found[1:]),
        "together": all_rounded(together),
    }
