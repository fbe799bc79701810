"""Requests run to their end as the step loop does it: a step of every run in turn, then one of the batch."""

from collections.abc import Iterator

import torch

from model_worker.engine import Engine
from model_worker.model.loading import Loaded
from protocol.steering import LatentTarget, RandomTarget, Steering, Sweep
from protocol.worker.frames import Frame, Start
from protocol.worker.requests import Controls, GenerateRequest
from tests.model_worker.reference import Intervention

PROMPT = "What sport does Michael Batkin play? I would like to know it."
TOLERANCE = 1e-4  # DESIGN section 3: |delta logit|, fp32 on a CPU, across batch sizes, KV reuse, implementations


def answers(engine: Engine, *requests: GenerateRequest, stagger: int = 0) -> list[list[Frame]]:
    """All frames of each request; each enters `stagger` rounds after the one before."""
    streams: list[Iterator[Frame | None]] = [engine.generate(request) for request in requests]
    frames: list[list[Frame]] = [[] for _ in streams]
    going, rounds = set(range(len(streams))), 0
    while going:
        for place in sorted(going):
            if rounds < place * stagger:
                continue
            try:
                frame = next(streams[place])
            except StopIteration:
                going.discard(place)
                continue
            if frame is not None:
                frames[place].append(frame)
        engine.advance()
        rounds += 1
    return frames


def answer(engine: Engine, request: GenerateRequest) -> list[Frame]:
    return answers(engine, request)[0]


def request_for(loaded: Loaded, **changes) -> GenerateRequest:
    direction = loaded.card.directions[0]
    sweep = Sweep(target=direction.target, scope="entity_to_end", strengths=(-0.5, 0.75, 1.5))
    fields = dict(
        model=loaded.card.id, prompt=PROMPT, sweeps=(sweep,), controls=Controls(n_directions=0), max_new_tokens=20
    )
    return GenerateRequest(**(fields | changes))


def of_kind(frames: list[Frame], kind: str) -> list:
    return [frame for frame in frames if frame.kind == kind]


def tokens_of(frames: list[Frame], arm: int, sample: int = 0) -> list:
    """The NewTokens of one answer."""
    return [
        token for step in of_kind(frames, "step") for token in step.tokens if (token.arm, token.sample) == (arm, sample)
    ]


def ids_of(frames: list[Frame], arm: int, sample: int = 0) -> list[int]:
    return [token.id for token in tokens_of(frames, arm, sample)]


def logprobs_of(frames: list[Frame], arm: int, sample: int = 0) -> torch.Tensor:
    return torch.tensor([token.logprob for token in tokens_of(frames, arm, sample)])


def readings_of(frames: list[Frame], arm: int, sample: int = 0) -> list:
    return [
        reading
        for step in of_kind(frames, "step")
        for reading in step.readings
        if (reading.arm, reading.sample) == (arm, sample)
    ]


def interventions_of(loaded: Loaded, start: Start, arm: int, n_new: int = 0) -> list[Intervention]:
    """Of an arm, from the start frame alone, held ones first; n_new: generated tokens, steered too where asked."""
    stated = start.arms[arm]
    found: list[tuple[Steering, object, float]] = []
    if stated.held:
        found += [(held, used, held.strength) for held, used in zip(start.request.hold, start.held, strict=True)]
    if stated.sweep is not None:
        found.append((start.request.sweeps[stated.sweep], start.sweeps[stated.sweep], stated.strength))
    return [_intervention(loaded, start, *one, n_new) for one in found]


def _intervention(loaded: Loaded, start: Start, steering: Steering, used, strength: float, n_new: int) -> Intervention:
    drawn = steering.target if isinstance(steering.target, RandomTarget) else None
    target = drawn.like if drawn else steering.target
    if isinstance(target, LatentTarget):
        sae = loaded.dictionaries[target.dictionary]
        d, e = sae.W_dec[target.latent], sae.W_enc[:, target.latent]
        b, theta = sae.b_enc[target.latent].item(), sae.threshold[target.latent].item()
    else:
        d = loaded.vectors[target.name]
        e, theta = d / d.norm(), None
        b = -next(card.offset for card in loaded.card.vectors if card.name == target.name)
    if steering.mode == "add" and steering.unit == "residual_norm":
        strength = strength * loaded.card.residual_norm[used.layer] / d.norm().item()
    n_prompt = len(start.tokens)
    at = [*used.positions, *(range(n_prompt, n_prompt + n_new) if steering.generated else ())]
    to = loaded.dictionaries[steering.to.dictionary].W_dec[steering.to.latent] if steering.to else None
    along = None
    if drawn:
        rows = torch.randn(drawn.index + 1, len(d), generator=torch.Generator().manual_seed(drawn.seed))
        of_norm_1 = steering.mode == "project_out" or (theta is None and steering.mode != "add")
        along = rows[-1] / rows[-1].norm() * (1.0 if of_norm_1 else d.norm())
    return Intervention(used.layer, steering.mode, strength, d, e, b, theta, at, to, along)
