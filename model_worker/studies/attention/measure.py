"""Attention to the name, what a push changes about it, and what becomes of the answer where edges are cut.

A trial of the first kind, one a question, has as numbers, flat, arms first, then layers, then heads:
    arms              numbers of the arms: the baseline, its push, the push's controls
    attention         by arm, layer, head; refusal_logodds by arm (chat)
    to_answer         by layer and head: what the head adds directly to the logit of the answer's first token less
                      that of the likeliest refusal (known names, chat, answered)
    opening           token ids that the model says before the value; value: the value's first token, and the
                      likeliest other one there
    value_attention, to_value    as attention and to_answer, at the last token of the opening
A trial of the second kind, one for every known name of the other half:
    cut_answer        refusal_logodds, cut_value the log-probability of the value's first token, each: untouched; then
                      by share: the chosen heads cut, each random set cut

Knows nothing about figures.
"""

import random
from collections.abc import Generator, Iterator, Mapping

import torch
from torch import Tensor

from model_worker.answering.first_pass import refusal_logodds
from model_worker.answering.prompt import PromptTokens
from model_worker.decoding.states import Ids, PromptState, fork, read
from model_worker.model.gemma import Gemma
from model_worker.model.loading import Loaded
from model_worker.rounding import all_rounded
from model_worker.steering.formula import Delta
from model_worker.steering.random_directions import random_controls
from model_worker.studies.attention.arms import AttentionArms
from model_worker.studies.shared.heads import Cut, Head, Look, look, told_apart, with_cuts
from model_worker.studies.shared.own_answer import before_value, greedy_answer, prompt_of
from model_worker.studies.shared.pushes import AIM, delta_of
from model_worker.studies.shared.questions import Question, trial_of, truth_of
from model_worker.studies.shared.script import TrialNumbers
from protocol.vocabulary import Label
from protocol.worker.studies import AttentionRequest
from protocol.worker.study_frames import Trial

N_SETS = 20  # of random heads
ATTENTION_ROWS = 16  # of a step


class AttentionReader:
    """Reads one question's prompt at a time."""

    def __init__(self, loaded: Loaded, gemma: Gemma, request: AttentionRequest, arms: AttentionArms) -> None:
        self._loaded, self._gemma, self._request, self._arms = loaded, gemma, request, arms

    def looked(self, question: Question, label: Label, number: int) -> Iterator[Trial | None]:
        gemma = self._gemma
        prompt = prompt_of(self._loaded, question, self._request.part)
        key = prompt.entity.end - 1
        state = read(gemma, prompt.ids)
        seen = look(gemma, state)
        yield None
        found, logits = [self._to(seen, key)], [state.logits.unsqueeze(0)]
        pushed = self._pushes(label, prompt)
        for first in range(0, len(pushed), ATTENTION_ROWS):
            deltas = pushed[first : first + ATTENTION_ROWS]
            part = fork(gemma, state, [(delta,) for delta in deltas], range(deltas[0].layer, gemma.n_layers - 1))
            found.append(self._to(look(gemma, state, part), key))
            logits.append(part.logits)
            yield None
        numbers: TrialNumbers = {
            "arms": tuple(map(float, self._arms.of(label))),
            "attention": _flat(torch.cat(found)),
        }
        if self._request.part == "chat":
            odds = refusal_logodds(torch.cat(logits), self._loaded.opens_refusal)
            numbers["refusal_logodds"] = all_rounded(odds.tolist())
        if label == "known":
            numbers |= yield from self._own_answer(question, state, seen, key)
        yield trial_of(question, number, numbers=numbers)

    def cut(
        self, question: Question, looked: Trial, chosen: Mapping[str, tuple[Head, ...]], number: int
    ) -> Iterator[Trial | None]:
        """looked: the question's trial of the first kind. chosen: heads, for the answer and for the value."""
        numbers: TrialNumbers = {}
        prompt = prompt_of(self._loaded, question, self._request.part)
        key = prompt.entity.end - 1
        if chosen["answer"]:
            logits = yield from self._with_cuts(prompt.ids, key, chosen["answer"])
            numbers["cut_answer"] = all_rounded(refusal_logodds(logits, self._loaded.opens_refusal).tolist())
        if chosen["value"] and "value" in looked.numbers:
            opening = tuple(map(int, looked.numbers["opening"]))
            logits = yield from self._with_cuts((*prompt.ids, *opening), key, chosen["value"])
            value = int(looked.numbers["value"][0])
            numbers["cut_value"] = all_rounded(logits.log_softmax(-1)[:, value].tolist())
        yield trial_of(question, number, numbers=numbers)

    def _own_answer(
        self, question: Question, state: PromptState, seen: Look, key: int
    ) -> Generator[None, None, TrialNumbers]:
        """Of a known name: who writes towards the answer, and towards the value."""
        gemma, loaded = self._gemma, self._loaded
        numbers: TrialNumbers = {}
        if self._request.part == "chat":
            first = int(state.logits.argmax())
            refusal = int(state.logits.masked_fill(~loaded.opens_refusal, -torch.inf).argmax())
            if first != refusal:
                numbers["to_answer"] = _flat(told_apart(gemma, state, seen, first, refusal))
        ids = yield from greedy_answer(gemma, state, loaded.stop_ids)
        truth = truth_of(question)
        n_before = None if truth is None else before_value(loaded.tokenizer, ids, truth)
        if n_before is None:
            return numbers
        state = read(gemma, (*state.ids, *ids[:n_before]))
        seen = look(gemma, state)
        value = ids[n_before]
        other = int(state.logits.index_fill(0, torch.tensor([value], device=gemma.device), -torch.inf).argmax())
        return numbers | {
            "opening": tuple(map(float, ids[:n_before])),
            "value": (float(value), float(other)),
            "value_attention": _flat(self._to(seen, key)),
            "to_value": _flat(told_apart(gemma, state, seen, value, other)),
        }

    def _pushes(self, label: Label, prompt: PromptTokens) -> list[Delta]:
        push = self._arms.pushes.get(AIM[label])
        if push is None:
            return []
        delta = delta_of(self._loaded, push, prompt)
        return [delta, *random_controls(delta, push.n_controls, self._request.seed)]

    def _to(self, seen: Look, key: int) -> Tensor:
        """(rows, n_layers, n_heads) from the last token to `key`."""
        weights = seen.pattern[..., key].float()
        return weights * seen.sizes[..., key] if self._request.value_weighted else weights

    def _with_cuts(self, ids: Ids, key: int, heads: tuple[Head, ...]) -> Generator[None, None, Tensor]:
        """Logits (1 + shares * (1 + N_SETS), vocab) after the last token. key: the name's last token."""
        state = read(self._gemma, ids)
        yield None
        sets = [heads, *self._random_sets(heads)]
        rows = [Cut(some, key, share) for share in self._request.knockout for some in sets]
        found = [state.logits.unsqueeze(0)]
        for first in range(0, len(rows), ATTENTION_ROWS):
            found.append(with_cuts(self._gemma, state, rows[first : first + ATTENTION_ROWS]))
            yield None
        return torch.cat(found)

    def _random_sets(self, heads: tuple[Head, ...]) -> list[tuple[Head, ...]]:
        gemma = self._gemma
        others = [
            head
            for layer in range(gemma.n_layers)
            for n in range(gemma.shape.n_heads)
            if (head := (layer, n)) not in heads
        ]
        drawing = random.Random(f"{self._request.seed} {heads}")
        return [tuple(drawing.sample(others, min(len(heads), len(others)))) for _ in range(N_SETS)]


def _flat(values: Tensor) -> tuple[float, ...]:
    return all_rounded(values.flatten().tolist())
