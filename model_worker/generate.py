"""The capability `generate`: greedy answers of a baseline and all strengths of all sweeps, as one batch.

1. resolve the request and say what will run           -> start
2. one pass over the prompt for all arms               -> prompt
3. one token for every arm that still runs, a step     -> step, and verdict as arms end
4. random directions of equal norm, a strength a step  -> control
5.                                                     -> done

An answer's last token gets one extra pass, so that its latents are read too.
Every `next()` is one short step and leaves the model as it found it.
"""

import itertools
import time
from collections.abc import Iterable, Iterator, Sequence

import torch
from torch import Tensor

from model_worker.engine import Batch, Passed, last_logits
from model_worker.loading import Loaded
from model_worker.pieces import TextStream, token_text
from model_worker.prompt import PromptTokens, read_prompt
from model_worker.steer import Push, arms_of, deltas, random_directions, require_latent, resolve
from model_worker.verdict import judge
from protocol.canonical import sha256
from protocol.frames import (
    Arm,
    Control,
    DictionaryUsed,
    Done,
    Frame,
    ModelUsed,
    NewToken,
    NextToken,
    Prompt,
    PromptReading,
    Reading,
    Start,
    Step,
    Verdict,
)
from protocol.models import ModelCard, Watched
from protocol.requests import GenerateRequest
from protocol.steering import LatentTarget
from protocol.version import PROTOCOL

N_TOP = 8


def generate(loaded: Loaded, request: GenerateRequest) -> Iterator[Frame]:
    """Frames that answer `request`. Raises Refused before the first frame if it can't be met."""
    seq = itertools.count()
    began = time.perf_counter()
    prompt = read_prompt(loaded, request)
    request = _resolved(loaded, request, prompt)
    pushes = [resolve(loaded, sweep, prompt.entity, prompt.tokens) for sweep in request.sweeps]
    arms = arms_of(request.sweeps, pushes)
    readout = _Readout(loaded, request)
    yield _start(loaded, request, prompt, pushes, arms, next(seq))

    steered = deltas([_row(arm, pushes) for arm in arms], len(prompt.ids))
    batch = Batch(loaded, prompt.ids, readout.layers)
    passed = batch.prefill(steered, len(arms))
    yield _prompt_frame(loaded, prompt, readout, passed, next(seq))

    answers = [TextStream(loaded.tokenizer) for _ in arms]
    running = list(range(len(arms)))
    ending: dict[int, bool] = {}  # arms that chose their last token, and whether they ended by themselves
    n_tokens = 0
    previous: tuple[int, ...] = ()
    for step in itertools.count():
        readings = tuple(
            Reading(arm=arm, activations=values)
            for arm, values in zip(previous, readout.last(passed) if previous else (), strict=True)
        )
        choosing = [row for row, arm in enumerate(running) if arm not in ending]
        tokens = _choose(passed.logits, running, choosing, answers)
        n_tokens += len(tokens)
        yield Step(seq=next(seq), step=step, tokens=tokens, readings=readings)
        for arm in sorted(ending):
            text = answers[arm].text
            judged = judge(
                text,
                finished=ending[arm],
                raw=request.format == "raw",
                prompt=request.prompt,
                named=prompt.name is not None,
                entities=loaded.world.named(prompt.name or ""),
                card=loaded.card,
            )
            yield Verdict(
                seq=next(seq), arm=arm, text=text, outcome=judged.outcome, rule=judged.rule, phrase=judged.phrase
            )
        if len(ending) == len(running):
            break
        if ending:
            batch.keep(choosing)
            running = [running[row] for row in choosing]
        chosen = {token.arm: token.id for token in tokens}
        ending = {
            arm: token in loaded.stop_ids
            for arm, token in chosen.items()
            if token in loaded.stop_ids or step + 1 == request.max_new_tokens
        }
        previous = tuple(running)
        passed = batch.step([chosen[arm] for arm in running])

    yield from _controls(loaded, request, prompt, pushes, arms, seq)
    yield Done(seq=next(seq), elapsed_s=round(time.perf_counter() - began, 4), n_tokens=n_tokens)


def refusal_logodds(logits: Tensor, refuses: Tensor) -> Tensor:
    """log p/(1-p) (batch,), p the probability that the first answer token opens a refusal.

    logits (batch, vocab); refuses (vocab,), True for tokens that open one.
    """
    return logits[:, refuses].logsumexp(-1) - logits[:, ~refuses].logsumexp(-1)


class _Readout:
    """Watched latents, grouped so that each layer's residual is encoded once."""

    def __init__(self, loaded: Loaded, request: GenerateRequest) -> None:
        self._loaded = loaded
        self._groups: dict[str, list[tuple[int, int]]] = {}  # dictionary -> (place in watch, latent)
        self.n_watched = len(request.watch)
        for place, target in enumerate(request.watch):
            require_latent(loaded, target)
            self._groups.setdefault(target.dictionary, []).append((place, target.latent))
        self._dictionaries = _in_use(loaded, request)
        self.layers = tuple(sorted({loaded.layer_of[name] for name in self._dictionaries}))

    @torch.inference_mode()
    def all(self, passed: Passed) -> Tensor:
        """(batch, n_watched, pos)"""
        batch, pos = next(iter(passed.residuals.values())).shape[:2]
        out = torch.zeros(batch, self.n_watched, pos)
        for name, pairs in self._groups.items():
            latents = torch.tensor([latent for _, latent in pairs], device=self._loaded.device)
            acts = self._loaded.dictionaries[name].encode_only(passed.residuals[self._loaded.layer_of[name]], latents)
            out[:, [place for place, _ in pairs]] = acts.transpose(1, 2).cpu()
        return out

    def last(self, passed: Passed) -> list[tuple[float, ...]]:
        """Per batch row, the watched activations at the last position."""
        return [_rounded(row) for row in self.all(passed)[:, :, -1].tolist()]

    @torch.inference_mode()
    def fvu(self, passed: Passed, counted: Sequence[int]) -> tuple[float | None, ...]:
        """Of the baseline at the `counted` positions, by dictionary in use."""
        found = (
            self._loaded.dictionaries[name].fvu(passed.residuals[self._loaded.layer_of[name]][0, list(counted)])
            for name in self._dictionaries
        )
        return tuple(None if value is None else _round(value) for value in found)


def _in_use(loaded: Loaded, request: GenerateRequest) -> tuple[str, ...]:
    """Dictionaries that the request watches or pushes along, in the card's order; all, if it does neither."""
    targets = [*(request.watch or ()), *(sweep.target for sweep in request.sweeps)]
    named = {target.dictionary for target in targets if isinstance(target, LatentTarget)}
    return tuple(name for name in loaded.dictionaries if name in named) or tuple(loaded.dictionaries)


def _resolved(loaded: Loaded, request: GenerateRequest, prompt: PromptTokens) -> GenerateRequest:
    watch = request.watch if request.watch is not None else tuple(w.target for w in loaded.card.watch)
    return request.model_copy(update={"entity": prompt.span, "watch": watch})


def _start(
    loaded: Loaded,
    request: GenerateRequest,
    prompt: PromptTokens,
    pushes: Sequence[Push],
    arms: tuple[Arm, ...],
    seq: int,
) -> Start:
    return Start(
        seq=seq,
        protocol=PROTOCOL,
        request=request,
        request_sha256=sha256(request),
        model=ModelUsed(id=loaded.card.id, sha256=loaded.sha256, dtype=loaded.card.dtype, device=loaded.device),
        dictionaries=tuple(
            DictionaryUsed(
                id=name,
                layer=loaded.layer_of[name],
                paper_layer=loaded.layer_of[name] + 1,
                d_sae=loaded.dictionaries[name].d_sae,
                sha256=loaded.dictionaries[name].sha256,
            )
            for name in _in_use(loaded, request)
        ),
        tokens=prompt.tokens,
        entity=prompt.entity,
        watched=_watched(loaded.card, request.watch),
        sweeps=tuple(push.used() for push in pushes),
        arms=arms,
    )


def _watched(card: ModelCard, watch: Sequence[LatentTarget]) -> tuple[Watched, ...]:
    """In the order of the request, with the role and label that the card gives, if it knows the latent."""
    known = {watched.target: watched for watched in card.watch}
    return tuple(known.get(target) or Watched(target=target, role="other", label="") for target in watch)


def _row(arm: Arm, pushes: Sequence[Push]) -> tuple[Push, Tensor] | None:
    if arm.sweep is None:
        return None
    push = pushes[arm.sweep]
    return push, arm.alpha * push.direction


@torch.inference_mode()
def _prompt_frame(loaded: Loaded, prompt: PromptTokens, readout: _Readout, passed: Passed, seq: int) -> Prompt:
    top = passed.logits.softmax(-1).topk(N_TOP)
    logodds = _rounded(refusal_logodds(passed.logits, loaded.opens_refusal).tolist())
    acts = readout.all(passed).tolist()
    arms = tuple(
        PromptReading(
            activations=tuple(_rounded(latent) for latent in acts[row]),
            refusal_logodds=logodds[row],
            top=tuple(
                NextToken(
                    id=token,
                    text=token_text(loaded.tokenizer, token),
                    prob=_round(prob),
                    opens_refusal=bool(loaded.opens_refusal[token]),
                )
                for token, prob in zip(top.indices[row].tolist(), top.values[row].tolist(), strict=True)
            ),
        )
        for row in range(passed.logits.shape[0])
    )
    counted = [pos for pos, token in enumerate(prompt.tokens) if token.role != "bos"]
    return Prompt(seq=seq, arms=arms, fvu=readout.fvu(passed, counted))


@torch.inference_mode()
def _choose(
    logits: Tensor, running: Sequence[int], choosing: Sequence[int], answers: Sequence[TextStream]
) -> tuple[NewToken, ...]:
    if not choosing:
        return ()
    logprobs = logits[list(choosing)].log_softmax(-1)
    best = logprobs.max(-1)
    return tuple(
        NewToken(arm=running[row], id=token, text=answers[running[row]].push(token), logprob=_round(logprob))
        for row, token, logprob in zip(choosing, best.indices.tolist(), best.values.tolist(), strict=True)
    )


def _controls(
    loaded: Loaded,
    request: GenerateRequest,
    prompt: PromptTokens,
    pushes: Sequence[Push],
    arms: Sequence[Arm],
    seq: Iterator[int],
) -> Iterator[Control]:
    n = request.controls.n_directions
    if n == 0:
        return
    for arm in arms:
        if arm.sweep is None:
            continue
        push = pushes[arm.sweep]
        vectors = (
            arm.alpha * push.norm * random_directions(n, push.direction.shape[0], request.controls.seed, loaded.device)
        )
        pushed = deltas([(push, vector) for vector in vectors], len(prompt.ids))
        logits = last_logits(loaded, prompt.ids, pushed)
        yield Control(
            seq=next(seq),
            sweep=arm.sweep,
            strength=arm.strength,
            refusal_logodds=_rounded(refusal_logodds(logits, loaded.opens_refusal).tolist()),
        )


def _round(value: float) -> float:
    return float(f"{value:.6g}")


def _rounded(values: Iterable[float]) -> tuple[float, ...]:
    return tuple(_round(value) for value in values)
