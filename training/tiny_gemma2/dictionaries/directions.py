"""Which directions say "known" and "unknown", and how hard and where to push them.

1. separation of a latent: share of known names it fires on minus share of unknown names,
   at the name's last token, least of the four types. A latent's threshold is free in
   JumpReLU; a chosen latent gets the one that separates best in statements and questions
2. directions known − unknown: difference of means, and a logistic probe; refuse − answer:
   difference of means at the last token of the prompt
3. steering on validation names: for every scope and strength, the share of known names
   that are refused (push "unknown") or of unknown names that get an answer (push "known")
4. the gentlest strength within a hair of the best share wins, each scope for itself

Every choice is made on validation names. Source of 1 and 3: Ferrando et al.,
arXiv:2411.14257; we add a multiple of the residual norm where they add a constant.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from training.tiny_gemma2.dictionaries.dictionary import TrainedDictionary
from training.tiny_gemma2.language_model.answers import Steer, first_logits, verdicts
from training.tiny_gemma2.language_model.prompts import EntityPrompt
from training.tiny_gemma2.world.entities import TYPES

TRIED_SCOPES = ("last_entity", "entity", "entity_to_end")
STRENGTHS = (0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 1.0, 1.25, 1.5, 2.0)
ENOUGH = 0.985  # share that no stronger push is needed for


@dataclass(frozen=True)
class Direction:
    """A validated push: `vector` has norm 1, `strength` is in multiples of the residual norm."""

    role: str  # what pushing it up makes the model believe: known or unknown
    layer: int
    vector: Tensor  # (d_model,)
    latent: int | None  # of `dictionary`; None: a vector
    dictionary: str | None
    scope: str
    strength: float
    share: float  # validation: of known refused, or of unknown answered; a vector: the lesser of both ways
    separation: float = 0.0  # of a latent, validation, chat questions, least of the types
    threshold: float | None = None  # of a latent
    name: str = ""  # of a vector


def types_of(prompts: list[EntityPrompt]) -> Tensor:
    return torch.tensor([TYPES.index(p.entity.type) for p in prompts])


def firing_shares(acts: Tensor, types: Tensor) -> Tensor:
    """(n, d_sae) activations → (4 types, d_sae) share of names on which each latent fires."""
    return torch.stack([(acts[types == t] > 0).float().mean(0) for t in types.unique()])


def share_differences(
    dictionary: TrainedDictionary, known: tuple[Tensor, Tensor], unknown: tuple[Tensor, Tensor]
) -> Tensor:
    """(4, d_sae): known share minus unknown share; each argument is (residuals, types)."""
    shares = [firing_shares(dictionary.encode(x), types) for x, types in (known, unknown)]
    return shares[0] - shares[1]


@dataclass(frozen=True)
class ThresholdSite:
    """Where a latent is read: pre-activations (n, d_sae) and types of names it should fire on, and should not."""

    fires: tuple[Tensor, Tensor]
    silent: tuple[Tensor, Tensor]
    wanted: float  # separation


def best_thresholds(places: list[ThresholdSite]) -> tuple[Tensor, Tensor, Tensor]:
    """Of each latent (d_sae,): how far its separation is above what is wanted at the worse place, that
    separation at the last place, and the threshold that gives both."""
    width = places[0].fires[0].shape[1]
    best, last, thresholds = torch.full((width,), -9.0), torch.zeros(width), torch.zeros(width)
    levels = torch.cat([p.fires[0] for p in places])
    for q in torch.linspace(0.02, 0.98, 49):
        threshold = levels.quantile(float(q), dim=0).clamp(min=0)
        least = []
        for place in places:
            shares = [firing_shares((x - threshold).relu(), types) for x, types in (place.fires, place.silent)]
            least.append((shares[0] - shares[1]).amin(0))
        margin = torch.stack([x - p.wanted for x, p in zip(least, places, strict=True)]).amin(0)
        better = margin > best
        best[better], last[better], thresholds[better] = margin[better], least[-1][better], threshold[better]
    return best, last, thresholds


def difference_of_means(known: tuple[Tensor, Tensor], unknown: tuple[Tensor, Tensor]) -> Tensor:
    """(d_model,): known − unknown, every type counted the same."""
    (a, types_a), (b, types_b) = known, unknown
    return torch.stack([a[types_a == t].mean(0) - b[types_b == t].mean(0) for t in types_a.unique()]).mean(0)


def probe(known: Tensor, unknown: Tensor) -> Tensor:
    """(d_model,): weights of a ridge-penalised logistic regression, known against unknown, in residual units."""
    x = torch.cat([known, unknown])
    spread = x.std(0)
    return logistic((known - x.mean(0)) / spread, (unknown - x.mean(0)) / spread, penalty=1e-2) / spread


def logistic(positive: Tensor, negative: Tensor, penalty: float) -> Tensor:
    """(d,): weights of a logistic regression on rows (n, d); both sides count the same."""
    n, m = len(positive), len(negative)
    x, y = torch.cat([positive, negative]), torch.cat([torch.ones(n), torch.zeros(m)])
    weight = torch.cat([torch.full((n,), 0.5 / n), torch.full((m,), 0.5 / m)])
    w, b = torch.zeros(x.shape[1], requires_grad=True), torch.zeros(1, requires_grad=True)
    optimiser = torch.optim.LBFGS([w, b], max_iter=200)

    def loss() -> Tensor:
        optimiser.zero_grad()
        out = torch.nn.functional.binary_cross_entropy_with_logits(x @ w + b, y, weight=weight, reduction="sum")
        out = out + penalty * w.pow(2).sum()
        out.backward()
        return out

    optimiser.step(loss)
    return w.detach()


def openings(tokenizer) -> tuple[int, list[int]]:
    """First token of a refusal; first tokens of answers."""
    first = [tokenizer(word, add_special_tokens=False)["input_ids"][0] for word in ("I'm", "This", "It")]
    return first[0], first[1:]


def opening_shares(
    model, tokenizer, prompts: list[EntityPrompt], steers: tuple[Steer, ...] = ()
) -> tuple[float, float]:
    """Shares of prompts whose greedy first token opens a refusal, and an answer."""
    refusal, answers = openings(tokenizer)
    best = first_logits(model, prompts, steers).argmax(-1)
    return float((best == refusal).float().mean()), float(torch.isin(best, torch.tensor(answers)).float().mean())


def push(role: str) -> int:
    """Index into `opening_shares` of what pushing towards `role` should raise."""
    return 1 if role == "known" else 0


def share_pushed(model, tokenizer, prompts: list[EntityPrompt], role: str, steer: Steer, whole: bool = False) -> float:
    """Share of prompts that the push towards `role` wins, by the first token or by the whole answer."""
    if not whole:
        return opening_shares(model, tokenizer, prompts, (steer,))[push(role)]
    counted = verdicts(model, tokenizer, prompts, (steer,))
    return (counted["refused"] if role == "unknown" else counted["invented"]) / len(prompts)


def best_push(
    model,
    tokenizer,
    asked: dict[str, list[EntityPrompt]],
    layer: int,
    vector: Tensor,
    norm: float,
    scopes: Iterable[str] = TRIED_SCOPES,
) -> list[tuple[str, float, float]]:
    """For each scope: (scope, strength, share of whole answers).

    asked   role → validation prompts that a push towards it should win. The vector points to the first
            role; with two, it is pushed both ways, and the lesser share counts
    The strength is the gentlest with a share of ENOUGH or within .02 of the scope's best.
    """
    unit = vector / vector.norm()
    out = []
    for scope in scopes:

        def share(strength: float, whole: bool = False, scope: str = scope) -> float:
            return min(
                share_pushed(model, tokenizer, prompts, role, Steer(layer, sign * strength * norm * unit, scope), whole)
                for sign, (role, prompts) in zip((1, -1), asked.items(), strict=False)
            )

        shares: dict[float, float] = {}
        for strength in STRENGTHS:
            shares[strength] = share(strength)
            past_the_top = len(shares) > 2 and shares[strength] < max(shares.values()) - 0.3
            if past_the_top or shares[strength] >= ENOUGH:
                break
        top = min(ENOUGH, max(shares.values()) - 0.02)
        strength = min(s for s, got in shares.items() if got >= top)
        out.append((scope, strength, share(strength, whole=True)))
    return out


def changes_under(
    model, tokenizer, prompts: list[EntityPrompt], role: str, direction: Direction, norm: float, units: Tensor
) -> Tensor:
    """(n,): |share of first tokens that a push along each unit wins − share at rest|.

    Norm, layer and scope are those of `direction`.
    """
    at_rest = opening_shares(model, tokenizer, prompts)[push(role)]
    length = direction.strength * norm
    return torch.tensor(
        [
            abs(
                share_pushed(model, tokenizer, prompts, role, Steer(direction.layer, length * u, direction.scope))
                - at_rest
            )
            for u in units
        ]
    )


def random_units(n: int, d_model: int, seed: int) -> Tensor:
    """(n, d_model), norm 1."""
    generator = torch.Generator().manual_seed(seed)
    return torch.nn.functional.normalize(torch.randn(n, d_model, generator=generator), dim=-1)
