"""The capability `generate`: answers of a baseline and of every way of steering it, as rows of one batch.

1. resolve the request and say what will run                          -> start
2. wait for memory, if there is none                                  -> queued
3. read the prompt, or take it from those that were read; fork it
   for every arm, where the arm's steering begins                     -> prompt
4. enter the lane's batch; one token a row, a step                    -> step, and verdict as answers end;
   the model's own, or one that was given                             -> departure where these differ
5. on request, all active latents, encoded some tokens at a time      -> latents
6. random directions in place of each push, a strength a step         -> control
7.                                                                    -> done

An answer's last token gets one extra pass, so that its latents are read too. Every `next()` is one short step that
leaves the model as it found it; None says that nothing is new until the batch has advanced.
"""

import itertools
import random
import time
from collections.abc import Generator, Iterator, Sequence

import torch

from model_worker.answering.answers import AnswerFrames
from model_worker.answering.first_pass import prompt_frame, refusal_logodds
from model_worker.answering.plan import FORK_ROWS, ArmPlan, numbering
from model_worker.answering.prompt import PromptTokens, prompt_warnings, read_prompt
from model_worker.answering.replay import given_tokens
from model_worker.answering.risk import AnswerRisk, first_reads, name_readout, reads_told, risk_used, watches_names
from model_worker.answering.used import dictionary_used, model_used
from model_worker.decoding.batch import Decoding
from model_worker.decoding.latents import ActiveLatents
from model_worker.decoding.readout import Readout
from model_worker.decoding.rows import GroupSpec
from model_worker.decoding.states import Fork, Prompts, PromptState, fork, fork_logits
from model_worker.model.loading import Loaded
from model_worker.model.memory import refusing
from model_worker.rounding import all_rounded
from model_worker.steering.controls import stand_ins_of
from model_worker.steering.sites import AnyDelta
from protocol.canonical import sha256
from protocol.risk.fit import RiskUsed
from protocol.steering import LatentTarget
from protocol.version import PROTOCOL
from protocol.worker.frames import Control, Departure, Done, Frame, Latents, Queued, Start, Verdict
from protocol.worker.models import ModelCard, Watched
from protocol.worker.replay import AnswerTokens
from protocol.worker.requests import GenerateRequest

CONTROL_ROWS = 64
TELL_AGAIN_S = 30.0
"""Who waits is told so again: readers and proxies take a stream that is silent for a minute or two for lost."""


def generate(
    loaded: Loaded,
    prompts: Prompts,
    decoding: Decoding,
    request: GenerateRequest,
    recorded: Sequence[AnswerTokens] = (),
) -> Generator[Frame | None]:
    """Frames that answer `request`. Raises Refused before the first frame if it can't be met.

    recorded: what the answers are to say, one for every sample of every arm; none: what the model chooses.
    """
    seq = itertools.count()
    began = time.perf_counter()
    prompt = read_prompt(loaded, request)
    request = _resolved(loaded, request, prompt)
    readout = Readout(loaded, request.watch or (), request.read)
    plan, risk = ArmPlan(loaded, request, prompt), risk_used(loaded, request)
    told_names = watches_names(loaded, request.watch or ())
    read_layers = readout.layers
    if risk is not None and not told_names:
        read_layers = tuple(sorted({*readout.layers, *name_readout(loaded).layers}))
    forks = list(plan.forks(min(FORK_ROWS, loaded.gemma.rows_at_once(len(prompt.ids), len(prompt.ids)))))
    rows = numbering(forks, request.sampling.n_samples)
    n_rows, n_new = len(rows), request.max_new_tokens
    given = given_tokens(loaded, recorded, rows)
    group = decoding.enter(
        GroupSpec(n_rows, len(prompt.ids) + n_new, readout, request.sampling, loaded.stop_ids, n_new, given)
    )
    try:
        yield _start(loaded, request, prompt, plan, risk, next(seq))
        told, told_at = None, 0.0
        while place := decoding.place(group):
            if place == told and time.perf_counter() - told_at < TELL_AGAIN_S:
                yield None
                continue
            told, told_at = place, time.perf_counter()
            yield Queued(seq=next(seq), place=place)

        with refusing(n_rows):
            state = prompts.state(prompt.ids)
        parts: list[tuple[Fork, list[int]]] = []
        for arms in forks:
            if parts:
                yield None
            with refusing(n_rows):
                parts.append((fork(loaded.gemma, state, [plan.deltas[arm] for arm in arms], read_layers), arms))
        with refusing(n_rows):
            # before the first word, so that a reader who stops listening holds no memory for ever
            decoding.begin(group, [(part, [plan.deltas[arm] for arm in arms]) for part, arms in parts])
            first = prompt_frame(loaded, prompt, plan, readout, state, parts, next(seq))
        yield first

        risks: list[AnswerRisk] = []
        if risk is not None:
            if told_names:
                reads = reads_told(loaded, prompt, request.watch or (), first.arms)
            else:
                logodds = [arm.refusal_logodds for arm in first.arms]
                reads = first_reads(loaded, prompt, state, parts, logodds)
            risks = [AnswerRisk(risk, reads[arm]) for arm, _ in rows]
        answers = AnswerFrames(loaded, request, prompt, rows, risks)
        active = [ActiveLatents(loaded, read, state, rows) for read in request.read]
        for part in active:
            for latents in part.of_prompt(parts):
                yield Latents(seq=next(seq), **latents)
        del parts  # the batch has its own copy
        while group.news or group.fault is not None or group.in_flight:
            if group.fault is not None:
                with refusing(n_rows):
                    raise group.fault
            if not group.news:
                yield None
                continue
            advance = group.news.popleft()
            yield answers.step(advance, next(seq))
            for departure in answers.departures(advance):
                yield Departure(seq=next(seq), **departure)
            for verdict in answers.verdicts(advance):
                yield Verdict(seq=next(seq), **verdict)
            whole = not group.in_flight and not group.news
            for part in active:
                for latents in part.of_answers(advance, last=whole):
                    yield Latents(seq=next(seq), **latents)
    finally:
        decoding.dismiss(group)

    yield from _controls(loaded, request, plan, state, seq)
    yield Done(seq=next(seq), elapsed_s=round(time.perf_counter() - began, 4), n_tokens=answers.n_tokens)


def _resolved(loaded: Loaded, request: GenerateRequest, prompt: PromptTokens) -> GenerateRequest:
    watch = request.watch if request.watch is not None else tuple(w.target for w in loaded.card.watch)
    sampling = request.sampling
    if sampling.temperature > 0 and sampling.seed is None:
        sampling = sampling.model_copy(update={"seed": random.SystemRandom().randrange(2**31)})
    return request.model_copy(
        update={
            "entity": prompt.span,
            "watch": watch,
            "sampling": sampling,
            "hold": tuple(held.model_copy(update={"unit": held.measured_in}) for held in request.hold),
            "sweeps": tuple(sweep.model_copy(update={"unit": sweep.measured_in}) for sweep in request.sweeps),
        }
    )


def _start(
    loaded: Loaded, request: GenerateRequest, prompt: PromptTokens, plan: ArmPlan, risk: RiskUsed | None, seq: int
) -> Start:
    return Start(
        seq=seq,
        protocol=PROTOCOL,
        request=request,
        request_sha256=sha256(request),
        model=model_used(loaded, base=request.format == "base"),
        dictionaries=tuple(dictionary_used(loaded, name) for name in plan.dictionaries),
        tokens=prompt.tokens,
        entity=prompt.entity,
        watched=_watched(loaded.card, request.watch or ()),
        sweeps=tuple(push.used() for push in plan.sweeps),
        held=tuple(push.used() for push, _ in plan.held),
        arms=plan.arms,
        warnings=prompt_warnings(loaded.tokenizer, prompt, request.own_bos),
        risk=risk,
    )


def _watched(card: ModelCard, watch: Sequence[LatentTarget]) -> tuple[Watched, ...]:
    """In the order of the request, with the role and label that the card gives, if it knows the latent."""
    known = {watched.target: watched for watched in card.watch}
    return tuple(known.get(target) or Watched(target=target, role="other", label="") for target in watch)


def _controls(
    loaded: Loaded, request: GenerateRequest, plan: ArmPlan, state: PromptState, seq: Iterator[int]
) -> Iterator[Control | None]:
    n, seed = request.controls.n_directions, request.controls.seed
    at_once = min(CONTROL_ROWS, loaded.gemma.rows_at_once(len(state.ids), len(state.ids)))
    for arm, deltas in zip(plan.arms, plan.deltas, strict=True):
        if n == 0 or arm.sweep is None or not deltas[-1].positions:
            continue
        logodds: list[float] = []
        drawn = stand_ins_of(loaded, deltas[-1], n, seed)
        for begin in range(0, n, at_once):
            if begin:
                yield None
            rows = [(*deltas[:-1], control) for control in drawn[begin : begin + at_once]]
            with refusing(len(rows)):
                logodds += _logodds(loaded, state, rows)
        yield Control(seq=next(seq), sweep=arm.sweep, strength=arm.strength, refusal_logodds=all_rounded(logodds))


@torch.inference_mode()
def _logodds(loaded: Loaded, state: PromptState, rows: Sequence[Sequence[AnyDelta]]) -> list[float]:
    found = [refusal_logodds(logits, loaded.opens_refusal) for logits in fork_logits(loaded.gemma, state, rows)]
    return torch.cat(found).tolist()
