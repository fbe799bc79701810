"""The risk of each token of an answer, as it is drawn. The recipe stands in protocol/risk/fit.py.

1. the answer's first token: by the first head, from the prompt pass of its own arm
2. where that token opened a refusal: none any more
3. else: by the head under way, from the distribution that each token was drawn from, and the largest values so far

All of it is there when the token is chosen: a few products and sums a token. Knows nothing about batches or frames.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from model_worker.answering.prompt import PromptTokens
from model_worker.decoding.odds import Odds
from model_worker.decoding.readout import Readout
from model_worker.decoding.states import Fork, PromptState
from model_worker.model.loading import Loaded
from protocol.risk.fit import RiskFeatureName, RiskFit, RiskUsed
from protocol.steering import LatentTarget
from protocol.worker.frames import PromptReading
from protocol.worker.models import Watched
from protocol.worker.requests import GenerateRequest

RiskValues = dict[RiskFeatureName, float]
NAME_ROLES: tuple[RiskFeatureName, ...] = ("known", "unknown")


class TokenRisk(NamedTuple):
    risk: float
    moved: tuple[float, ...]


@dataclass(frozen=True)
class FirstRead:
    """What the first head reads of an arm's prompt pass."""

    refusal_logodds: float
    latents: Mapping[str, float]


class RiskFeatures:
    """Of one answer, token by token: what the head of its place reads."""

    def __init__(self, read: FirstRead) -> None:
        self._read = read
        self._n = 0
        self._refuses = False
        self._entropy_max = self._surprise_max = 0.0

    def next(self, odds: Odds, opens_refusal: bool) -> RiskValues | None:
        """opens_refusal: whether the token would, if it is the first. The first token's values are those that have
        refusal_logodds; None behind one that opened a refusal."""
        self._n += 1
        if self._n == 1:
            self._refuses = opens_refusal
            latents: RiskValues = {role: self._read.latents.get(role, 0.0) for role in NAME_ROLES}
            return latents | {"refusal_logodds": self._read.refusal_logodds, "entropy": odds.entropy}
        if self._refuses:
            return None
        self._entropy_max = max(self._entropy_max, odds.entropy)
        self._surprise_max = max(self._surprise_max, -odds.logprob)
        return {
            "entropy": odds.entropy,
            "peak": -odds.peak,
            "surprise": -odds.logprob,
            "entropy_max": self._entropy_max,
            "surprise_max": self._surprise_max,
        }


class AnswerRisk:
    """Of one answer, token by token."""

    def __init__(self, fit: RiskFit, read: FirstRead) -> None:
        self._fit, self._features = fit, RiskFeatures(read)

    def next(self, odds: Odds, opens_refusal: bool) -> TokenRisk | None:
        values = self._features.next(odds, opens_refusal)
        if values is None:
            return None
        head = self._fit.first if "refusal_logodds" in values else self._fit.under_way
        return TokenRisk(head.risk(values), head.moved(values))


def risk_used(loaded: Loaded, request: GenerateRequest) -> RiskUsed | None:
    """None: not asked, no file, or no chat: it was fitted on answers to questions."""
    if not request.risk or loaded.risk is None or request.format != "chat":
        return None
    fit = loaded.risk.file.nearest(request.sampling.temperature)
    own = {name: getattr(fit, name) for name in RiskFit.model_fields}
    return RiskUsed(**own, id=loaded.risk.file.id, sha256=loaded.risk.sha256)


def name_readout(loaded: Loaded) -> Readout:
    """Of the latents that the card watches for known and unknown names, the first of each role."""
    return Readout(loaded, tuple(one.target for one in _watched(loaded).values()))


@torch.inference_mode()
def name_latents(loaded: Loaded, prompt: PromptTokens, residuals: Mapping[int, Tensor]) -> dict[str, float]:
    """By role, of residuals (pos, d_model) by layer: at the name's last token; without a name the largest value over
    the question."""
    at = _read_at(prompt)
    readout = name_readout(loaded)
    rows = {layer: residuals[layer][at] for layer in readout.layers}
    return _by_role(loaded, readout.watched(rows, len(at)))


def watches_names(loaded: Loaded, watch: Sequence[LatentTarget]) -> bool:
    """Whether a request watches what the first head reads: then the `prompt` frame tells it."""
    return all(one.target in watch for one in _watched(loaded).values())


def reads_told(
    loaded: Loaded, prompt: PromptTokens, watch: Sequence[LatentTarget], arms: Sequence[PromptReading]
) -> dict[int, FirstRead]:
    """By arm, from what the `prompt` frame tells of a request that watches the names' latents."""
    at = _read_at(prompt)
    places = {role: watch.index(one.target) for role, one in _watched(loaded).items()}
    return {
        number: FirstRead(
            arm.refusal_logodds,
            {role: max(arm.activations[place][pos] for pos in at) for role, place in places.items()},
        )
        for number, arm in enumerate(arms)
    }


@torch.inference_mode()
def first_reads(
    loaded: Loaded,
    prompt: PromptTokens,
    state: PromptState,
    parts: Sequence[tuple[Fork, Sequence[int]]],
    logodds: Sequence[float],
) -> dict[int, FirstRead]:
    """By arm. logodds: of a refusal, by arm."""
    readout, at = name_readout(loaded), _read_at(prompt)
    unsteered = readout.watched({layer: state.residuals[layer][at] for layer in readout.layers}, len(at))
    found: dict[int, FirstRead] = {}
    for part, arms in parts:
        steered = [place for place, pos in enumerate(at) if pos >= part.first]
        inside = [at[place] - part.first for place in steered]
        own = {layer: residual[:, inside] for layer, residual in part.residuals.items() if layer in readout.layers}
        acts = unsteered.repeat(len(arms), 1, 1)
        behind = acts[:, steered]
        readout.watched_from(own, behind)
        acts[:, steered] = behind
        for row, arm in enumerate(arms):
            found[arm] = FirstRead(logodds[arm], _by_role(loaded, acts[row]))
    return found


def _watched(loaded: Loaded) -> dict[str, Watched]:
    found: dict[str, Watched] = {}
    for one in loaded.card.watch:
        if one.role in NAME_ROLES:
            found.setdefault(one.role, one)
    return found


def _by_role(loaded: Loaded, acts: Tensor) -> dict[str, float]:
    """acts (read tokens, watched)."""
    return dict(zip(_watched(loaded), acts.amax(0).tolist(), strict=True))


def _read_at(prompt: PromptTokens) -> list[int]:
    if prompt.name is not None:
        return [prompt.entity.end - 1]
    return [pos for pos, token in enumerate(prompt.tokens) if token.role in ("entity", "text")]
