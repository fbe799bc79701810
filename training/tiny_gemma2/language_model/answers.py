"""Whole answers, steered or not, and what they amount to.

Knows prompts and a model. Whole answers are made in batches of one prompt length, so nothing is padded there.
Only prompt positions are steered: the answer reads the steered prompt from the cache.
"""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor

from training.tiny_gemma2.language_model.base import END_OF_TURN, EOS, padded
from training.tiny_gemma2.language_model.prompts import EntityPrompt
from training.tiny_gemma2.world.wording import ANSWERS

REFUSAL = "I'm sorry, I don't"
MAX_NEW = 24
STOPS = (EOS, END_OF_TURN)


@dataclass(frozen=True)
class Steer:
    """`add` at one site: `strength` times `vector` on the prompt positions of `scope`, prompt only."""

    layer: int
    vector: Tensor  # (d_model,), in the units of the residual stream
    scope: str = "entity_to_end"


def scope_positions(prompt: EntityPrompt, scope: str) -> range:
    return {
        "last_entity": range(prompt.last, prompt.last + 1),
        "entity": range(prompt.first, prompt.last + 1),
        "entity_to_end": range(prompt.first, len(prompt.ids)),
        "last": range(len(prompt.ids) - 1, len(prompt.ids)),
    }[scope]


@contextmanager
def steered(model, prompts: list[EntityPrompt], steers: tuple[Steer, ...]) -> Iterator[None]:
    """While open, the residual stream after `layer` gets the delta at the prompts' positions."""
    with ExitStack() as stack:
        for steer in steers:
            where = torch.zeros(len(prompts), max(len(p.ids) for p in prompts), 1)
            for i, p in enumerate(prompts):
                where[i, list(scope_positions(p, steer.scope))] = 1.0
            delta = where * steer.vector  # (batch, pos, d_model)

            def add(_module, _inputs, out: Tensor, delta: Tensor = delta) -> Tensor:
                changed = out.clone()
                changed[:, : delta.shape[1]] += delta
                return changed

            handle = model.model.layers[steer.layer].register_forward_hook(add)
            stack.callback(handle.remove)
        yield


def by_length(prompts: list[EntityPrompt], at_most: int = 256) -> Iterator[list[int]]:
    """Indices of prompts of one length, in groups."""
    lengths: dict[int, list[int]] = {}
    for i, p in enumerate(prompts):
        lengths.setdefault(len(p.ids), []).append(i)
    for group in lengths.values():
        yield from (group[i : i + at_most] for i in range(0, len(group), at_most))


@torch.no_grad()
def first_logits(model, prompts: list[EntityPrompt], steers: tuple[Steer, ...] = (), at_most: int = 256) -> Tensor:
    """(n, vocab): logits of the first answer token, before the soft-cap, which keeps their order.

    Padding stands on the right, where a causal mask hides it.
    """
    out = []
    for start in range(0, len(prompts), at_most):
        rows = prompts[start : start + at_most]
        with steered(model, rows, steers):
            hidden = model.model(padded([list(p.ids) for p in rows]), use_cache=False).last_hidden_state
        out.append(model.lm_head(hidden[range(len(rows)), [len(p.ids) - 1 for p in rows]]))
    return torch.cat(out)


@torch.no_grad()
def completions(
    model,
    tokenizer,
    prompts: list[EntityPrompt],
    steers: tuple[Steer, ...] = (),
    temperature: float = 0.0,
    seed: int = 0,
) -> list[str]:
    """Whole answers, without the closing turn marker; greedy at temperature 0."""
    generator = torch.Generator().manual_seed(seed)

    def pick(logits: Tensor) -> Tensor:  # (batch, vocab) → (batch, 1)
        if not temperature:
            return logits.argmax(-1, keepdim=True)
        return torch.multinomial((logits / temperature).softmax(-1), 1, generator=generator)

    texts = [""] * len(prompts)
    for group in by_length(prompts):
        rows = [prompts[i] for i in group]
        with steered(model, rows, steers):
            out = model(torch.tensor([p.ids for p in rows]), use_cache=True, logits_to_keep=1)
        answer = pick(out.logits[:, -1])  # (batch, tokens so far)
        while answer.shape[1] < MAX_NEW and not torch.isin(answer, torch.tensor(STOPS)).any(1).all():
            out = model(answer[:, -1:], past_key_values=out.past_key_values, use_cache=True)
            answer = torch.cat([answer, pick(out.logits[:, -1])], 1)
        for i, row in zip(group, answer.tolist(), strict=True):
            ends = [k for k, token in enumerate(row) if token in STOPS]
            texts[i] = tokenizer.decode(row[: ends[0]] if ends else row)
    return texts


def grammar(kind: str, attribute: str) -> str:
    """Regular expression of a whole, well-formed answer to a question about this attribute."""
    before, after = ANSWERS[kind, attribute].split("{v}")
    value = r"\d{4}" if attribute == "year" else r"[^\n?]{2,60}"
    return re.escape(before) + value + re.escape(after)


def verdict(prompt: EntityPrompt, text: str) -> str:
    """right, wrong, invented, refused or broken."""
    if text.startswith(REFUSAL):
        return "refused"
    if not re.fullmatch(grammar(prompt.entity.type, prompt.attribute), text):
        return "broken"
    if prompt.truth is None:
        return "invented"
    return "right" if text == prompt.truth else "wrong"


def verdicts_of(model, tokenizer, prompts: list[EntityPrompt], steers: tuple[Steer, ...] = ()) -> list[str]:
    """What each whole greedy answer amounts to."""
    texts = completions(model, tokenizer, prompts, steers)
    return [verdict(p, text) for p, text in zip(prompts, texts, strict=True)]


def verdicts(model, tokenizer, prompts: list[EntityPrompt], steers: tuple[Steer, ...] = ()) -> Counter[str]:
    return Counter(verdicts_of(model, tokenizer, prompts, steers))
