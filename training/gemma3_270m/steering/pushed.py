"""What pushes do to a chat model's first tokens and whole answers, through the product's own engine.

A push is a vector added after a block at a name's tokens. Many prompts decode as one batch. Knows nothing about where a
push comes from or what it is hoped to do.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from model_worker.answering.first_pass import refusal_logodds
from model_worker.answering.prompt import PromptTokens, read_prompt
from model_worker.answering.verdict import judge
from model_worker.decoding.readout import Readout
from model_worker.decoding.rows import Group, GroupSpec
from model_worker.decoding.states import fork
from model_worker.engine import Engine
from model_worker.steering.formula import Delta, TargetReader
from protocol.vocabulary import Outcome
from protocol.worker.requests import GenerateRequest, Sampling, Span
from training.gemma3_270m.directions.naming import Named

FORKED_AT_ONCE, BATCH_ROWS, PUSHED_TOKENS = 50, 48, 20


@dataclass(frozen=True)
class NamePush:
    """`vector` (d_model,), with the length that is added, after block `layer` at the name's tokens; or its last."""

    layer: int
    vector: Tensor
    last_only: bool = False

    def delta(self, prompt: PromptTokens) -> Delta:
        first = prompt.entity.end - 1 if self.last_only else prompt.entity.start
        reads_nothing = TargetReader(torch.zeros_like(self.vector), 0.0, 0.0)
        where = tuple(range(first, prompt.entity.end))
        return Delta(self.layer, where, False, reads_nothing, 1.0, 0.0, self.vector)


@dataclass(frozen=True)
class NameQuestion:
    named: Named
    text: str
    tokens: PromptTokens


@dataclass(frozen=True)
class PushedAnswer:
    text: str
    outcome: Outcome
    said: str | None = None


def name_question(engine: Engine, named: Named, text: str) -> NameQuestion:
    start = text.rindex(named.name)
    asked = GenerateRequest(
        model=engine.loaded.card.id, prompt=text, entity=Span(start=start, end=start + len(named.name)), watch=()
    )
    return NameQuestion(named, text, read_prompt(engine.loaded, asked))


def first_tokens(engine: Engine, asked: NameQuestion, pushes: Sequence[NamePush | None]) -> Tensor:
    """(pushes,): log-odds that the first answer token opens a refusal; None: untouched."""
    state, out = engine.prompts.state(asked.tokens.ids), []
    for begin in range(0, len(pushes), FORKED_AT_ONCE):
        rows = [[] if p is None else [p.delta(asked.tokens)] for p in pushes[begin : begin + FORKED_AT_ONCE]]
        logits = fork(engine.loaded.gemma, state, rows).logits
        out.append(refusal_logodds(logits, engine.loaded.opens_refusal))
    return torch.cat(out)


def pushed_answers(engine: Engine, asked: Sequence[tuple[NameQuestion, NamePush | None]]) -> list[PushedAnswer]:
    """Greedy, whole; one for each question under its push."""
    found: dict[int, PushedAnswer] = {}
    waiting = list(enumerate(asked))
    flying: dict[int, tuple[NameQuestion, Group, list[int]]] = {}
    lane = engine.lanes["background"]
    while waiting or flying:
        while waiting and len(flying) < BATCH_ROWS:
            number, (one, push) = waiting.pop(0)
            group = _begun(engine, one, push)
            flying[number] = (one, group, [])
        lane.advance()
        for number, (one, group, tokens) in list(flying.items()):
            if group.fault is not None:
                raise group.fault
            tokens += [choice.token for choice in _news(group)]
            if not group.in_flight:
                lane.dismiss(group)
                found[number] = _judged(engine, one, tokens)
                del flying[number]
    return [found[number] for number in range(len(asked))]


def _news(group: Group) -> Iterator:
    while group.news:
        yield from group.news.popleft().chosen


def _begun(engine: Engine, one: NameQuestion, push: NamePush | None) -> Group:
    loaded, lane = engine.loaded, engine.lanes["background"]
    deltas = [] if push is None else [push.delta(one.tokens)]
    spec = GroupSpec(
        1, len(one.tokens.ids) + PUSHED_TOKENS, Readout(loaded, ()), Sampling(), loaded.stop_ids, PUSHED_TOKENS
    )
    group = lane.enter(spec)
    if lane.place(group):
        raise RuntimeError("no room in the batch: fewer BATCH_ROWS")
    lane.begin(group, [(fork(loaded.gemma, engine.prompts.state(one.tokens.ids), [deltas]), [deltas])])
    return group


def _judged(engine: Engine, one: NameQuestion, tokens: list[int]) -> PushedAnswer:
    loaded = engine.loaded
    finished = bool(tokens) and tokens[-1] in loaded.stop_ids
    text = loaded.tokenizer.decode([t for t in tokens if t not in loaded.stop_ids], skip_special_tokens=True)
    entities = tuple(loaded.world.named(one.named.name))
    told = judge(
        text,
        finished=finished,
        raw=False,
        prompt=one.text,
        named=True,
        entities=entities,
        card=loaded.card,
        world=loaded.world,
    )
    return PushedAnswer(text.strip(), told.outcome, told.said)
