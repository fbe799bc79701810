"""Which latents and directions are shipped, with which threshold, scope and strength.

Decides on validation names only. Knows nothing about files.
"""

from collections.abc import Callable
from itertools import chain
from random import Random

from torch import Tensor, cat

from .activations import at_last_entity_token
from .dictionaries import Dictionary
from .directions import Direction, best_push, best_thresholds, difference_of_means, types_of
from .prompts import sampled
from .recipe import Recipe
from .sets import Halves


def residual_norms(chat, halves: Halves) -> tuple[float, ...]:
    """Mean norm at last entity tokens of validation questions, chat model, by layer."""
    layers = tuple(range(chat.config.num_hidden_layers))
    acts = at_last_entity_token(chat, halves.known + halves.unknown, layers)
    return tuple(round(float(acts[layer].norm(dim=-1).mean()), 4) for layer in layers)


def mean_differences(base, halves: Halves) -> dict[int, Tensor]:
    """layer → known − unknown."""
    layers = tuple(range(base.config.num_hidden_layers))
    known, unknown = (at_last_entity_token(base, ps, layers) for ps in (halves.known, halves.unknown))
    types = types_of(halves.known), types_of(halves.unknown)
    return {n: difference_of_means((known[n], types[0]), (unknown[n], types[1])) for n in layers}


def clearest_latents(
    base, chat, candidates: dict[str, Dictionary], halves: Halves, role: str
) -> list[tuple[float, str, int, float]]:
    """(separation, dictionary, latent, threshold), clearest first: one a dictionary, base and chat model together."""
    layers = tuple(sorted({d.layer for d in candidates.values()}))
    sides = (halves.known, halves.unknown) if role == "known" else (halves.unknown, halves.known)
    read = [[at_last_entity_token(model, side, layers) for model in (base, chat)] for side in sides]
    types = [cat([types_of(side)] * 2) for side in sides]
    out = []
    for name, d in candidates.items():
        before = [d.before_threshold(cat([x[d.layer] for x in models])) for models in read]
        separation, threshold = best_thresholds((before[0], types[0]), (before[1], types[1]))
        latent = int(separation.argmax())
        out.append((float(separation[latent]), name, latent, float(threshold[latent])))
    return sorted(out, reverse=True)


def choose_directions(
    recipe: Recipe,
    base,
    chat,
    tokenizer,
    candidates: dict[str, Dictionary],
    vectors: dict[int, Tensor],
    halves: Halves,
    norms: tuple[float, ...],
    say: Callable[[str], None],
) -> list[Direction]:
    """The known latent, the unknown latent, the difference of means."""
    out = []
    for role in ("known", "unknown"):
        asked = sampled(halves.unknown if role == "known" else halves.known, recipe.n_steer, Random(0))
        tried = []
        clearest = clearest_latents(base, chat, candidates, halves, role)
        by_layer = [[row for row in clearest if candidates[row[1]].layer == n] for n in recipe.sae_layers]
        for separation, name, latent, threshold in chain(*(rows[: recipe.n_latents] for rows in by_layer)):
            layer, row = candidates[name].layer, candidates[name].w_dec[latent]
            for scope, strength, share in best_push(chat, tokenizer, asked, role, layer, row, norms[layer]):
                say(f"{role}: {name}#{latent} separation {separation:.2f} {scope} {strength} share {share:.3f}")
                tried.append(Direction(role, layer, row, latent, name, scope, strength, share, separation, threshold))
        # a latent to watch and to push: clear, effective and gentle
        out.append(max(tried, key=lambda d: d.share + d.separation - 0.1 * d.strength))
    asked = sampled(halves.unknown, recipe.n_steer, Random(0))
    tried = []
    for layer in recipe.sae_layers:
        for scope, strength, share in best_push(chat, tokenizer, asked, "known", layer, vectors[layer], norms[layer]):
            say(f"difference of means, layer {layer}, {scope} {strength} share {share:.3f}")
            unit = vectors[layer] / vectors[layer].norm()
            tried.append(Direction("known", layer, unit, None, None, scope, strength, share, 0.0))
    out.append(max(tried, key=lambda d: d.share - 0.1 * d.strength))
    return out
