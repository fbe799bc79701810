"""Which directions say "known" and "unknown", and how hard and where to push them.

1. separation of a latent: share of known names it fires on minus share of unknown names,
   at the name's last token, least of the four types. A latent's threshold is free in
   JumpReLU; a chosen latent gets the one that separates best
2. difference of means, known − unknown, at the last entity token of chat questions
3. steering on validation names: for every scope and strength, the share of known names
   that are refused (push "unknown") or of unknown names that get an answer (push "known")
4. the gentlest strength within a hair of the best share wins, each scope for itself

Every choice is made on validation names. Source of 1 and 3: Ferrando et al.,
arXiv:2411.14257; we add a multiple of the residual norm where they add a constant.
"""

import random
from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from .answers import Steer, first_logits, verdicts
from .dictionaries import Dictionary
from .prompts import Prompt
from .world import TYPES

SCOPES = ("last_entity", "entity", "entity_to_end")
STRENGTHS = (0.25, 0.375, 0.5, 0.625, 0.75, 1.0, 1.25, 1.5, 2.0)


@dataclass(frozen=True)
class Direction:
    """A validated slider: `vector` has norm 1, `strength` is in multiples of the residual norm."""

    role: str  # what pushing it up makes the model believe: known or unknown
    layer: int
    vector: Tensor  # (d_model,)
    latent: int | None  # None: difference of means
    dictionary: str | None
    scope: str
    strength: float
    share: float  # validation: of known refused, or of unknown answered
    separation: float  # validation, least of the types; 0 for a difference of means
    threshold: float | None = None  # of the latent


def types_of(prompts: list[Prompt]) -> Tensor:
    return torch.tensor([TYPES.index(p.entity.type) for p in prompts])


def firing_shares(acts: Tensor, types: Tensor) -> Tensor:
    """(n, d_sae) activations → (4 types, d_sae) share of names on which each latent fires."""
    return torch.stack([(acts[types == t] > 0).float().mean(0) for t in types.unique()])


def separations(dictionary: Dictionary, known: tuple[Tensor, Tensor], unknown: tuple[Tensor, Tensor]) -> Tensor:
    """(4, d_sae): known share minus unknown share; each argument is (residuals, types)."""
    shares = [firing_shares(dictionary.encode(x), types) for x, types in (known, unknown)]
    return shares[0] - shares[1]


def best_thresholds(fires: tuple[Tensor, Tensor], silent: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    """(d_sae,) best least-of-types separation of each latent, and the threshold that gives it.

    fires, silent   (pre-activations (n, d_sae), types) of names it should fire on, and should not
    """
    best = torch.full((fires[0].shape[1],), -1.0)
    thresholds = torch.zeros_like(best)
    for q in torch.linspace(0.02, 0.98, 49):
        threshold = fires[0].quantile(float(q), dim=0).clamp(min=0)
        shares = [firing_shares((before - threshold).relu(), types) for before, types in (fires, silent)]
        least = (shares[0] - shares[1]).amin(0)
        better = least > best
        best[better], thresholds[better] = least[better], threshold[better]
    return best, thresholds


def difference_of_means(known: tuple[Tensor, Tensor], unknown: tuple[Tensor, Tensor]) -> Tensor:
    """(d_model,): known − unknown, every type counted the same."""
    (a, types_a), (b, types_b) = known, unknown
    return torch.stack([a[types_a == t].mean(0) - b[types_b == t].mean(0) for t in types_a.unique()]).mean(0)


def openings(tokenizer) -> tuple[int, list[int]]:
    """First token of a refusal; first tokens of answers."""
    first = [tokenizer(word, add_special_tokens=False)["input_ids"][0] for word in ("I'm", "This", "It")]
    return first[0], first[1:]


def opening_shares(model, tokenizer, prompts: list[Prompt], steers: tuple[Steer, ...] = ()) -> tuple[float, float]:
    """Shares of prompts whose greedy first token opens a refusal, and an answer."""
    refusal, answers = openings(tokenizer)
    best = first_logits(model, prompts, steers).argmax(-1)
    return float((best == refusal).float().mean()), float(torch.isin(best, torch.tensor(answers)).float().mean())


def push(role: str) -> int:
    """Index into `opening_shares` of what pushing towards `role` should raise."""
    return 1 if role == "known" else 0


def best_push(
    model,
    tokenizer,
    prompts: list[Prompt],
    role: str,
    layer: int,
    vector: Tensor,
    norm: float,
    scopes: Iterable[str] = SCOPES,
) -> list[tuple[str, float, float]]:
    """For each scope: (scope, strength, share), the gentlest strength within .02 of the scope's best share.

    A strength that wins by its first token must also hold over the whole answer.
    """
    unit = vector / vector.norm()
    out = []
    for scope in scopes:
        shares = {}
        for strength in STRENGTHS:
            steer = Steer(layer, strength * norm * unit, scope)
            shares[strength] = opening_shares(model, tokenizer, prompts, (steer,))[push(role)]
            if len(shares) > 2 and shares[strength] < max(shares.values()) - 0.3:
                break  # past the top
        top = max(shares.values())
        strength = min(s for s, share in shares.items() if share >= top - 0.02)
        whole = verdicts(model, tokenizer, prompts, (Steer(layer, strength * norm * unit, scope),))
        share = (whole["refused"] if role == "unknown" else whole["invented"]) / len(prompts)
        out.append((scope, strength, share))
    return out


def random_units(n: int, d_model: int, seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.nn.functional.normalize(torch.randn(n, d_model, generator=generator), dim=-1)


def random_band(model, tokenizer, prompts: list[Prompt], direction: Direction, norm: float, n: int, seed: int = 0):
    """Shares under `n` random directions of the same norm, place and scope: (mean, largest)."""
    some = random.Random(seed).sample(prompts, min(48, len(prompts)))
    shares = []
    for unit in random_units(n, len(direction.vector), seed):
        steer = Steer(direction.layer, direction.strength * norm * unit, direction.scope)
        shares.append(opening_shares(model, tokenizer, some, (steer,))[push(direction.role)])
    return sum(shares) / n, max(shares)
