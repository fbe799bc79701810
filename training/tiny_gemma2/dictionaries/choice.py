"""Which latents and directions are shipped, with which threshold, scope and strength.

Decides on validation names only. Knows nothing about files.
"""

import random
from collections.abc import Callable

from torch import Tensor

from training.tiny_gemma2.dictionaries.activations import at_last_entity_token, at_last_token
from training.tiny_gemma2.dictionaries.dictionary import TrainedDictionary
from training.tiny_gemma2.dictionaries.directions import (
    Direction,
    ThresholdSite,
    best_push,
    best_thresholds,
    changes_under,
    difference_of_means,
    probe,
    random_units,
    types_of,
)
from training.tiny_gemma2.language_model.answers import verdicts_of
from training.tiny_gemma2.language_model.prompts import EntityPrompt, sampled
from training.tiny_gemma2.language_model.sets import Halves, half, one_question_each, statements
from training.tiny_gemma2.subject import Subject, both
from training.tiny_gemma2.world.entities import TYPES

Say = Callable[[str], None]
WANTED = {"statements": {"known": 0.92, "unknown": 0.90}, "questions": {"known": 0.80, "unknown": 0.80}}
OTHER = {"known": "unknown", "unknown": "known"}


def residual_norms(recipe, chat, tokenizer, world, heldout) -> tuple[float, ...]:
    """r: mean norm at last entity tokens of validation questions, chat model, by layer."""
    halves = half(recipe, tokenizer, world, heldout, "validation")
    layers = tuple(range(chat.config.num_hidden_layers))
    acts = at_last_entity_token(chat, halves.known + halves.unknown, layers)
    return tuple(round(float(acts[layer].norm(dim=-1).mean()), 4) for layer in layers)


def clearest_latents(
    subject: Subject, candidates: dict[str, TrainedDictionary], role: str
) -> list[tuple[float, float, str, int, float]]:
    """(margin, separation on chat questions, dictionary, latent, threshold), clearest first, one a dictionary.

    Read at the name's last token: statements on the base model, typed questions on the chat model.
    """
    rng = random.Random(subject.recipe.seed + 51)
    layers = tuple(sorted({d.layer for d in candidates.values()}))
    known, unknown = both(subject, "validation")
    sides = (known, unknown) if role == "known" else (unknown, known)
    read = {}
    for place, model, ask in (
        ("statements", subject.base, statements),
        ("questions", subject.chat, one_question_each),
    ):
        prompts = [ask(subject.tokenizer, side, rng) for side in sides]
        read[place] = [(at_last_entity_token(model, ps, layers), types_of(ps)) for ps in prompts]
    out = []
    for name, d in candidates.items():
        places = [
            ThresholdSite(
                *((d.before_threshold(acts[d.layer]), types) for acts, types in read[place]), WANTED[place][role]
            )
            for place in ("statements", "questions")
        ]
        margin, separation, threshold = best_thresholds(places)
        latent = int(margin.argmax())
        out.append((float(margin[latent]), float(separation[latent]), name, latent, float(threshold[latent])))
    return sorted(out, reverse=True)


def choose_latents(subject: Subject, candidates: dict[str, TrainedDictionary], say: Say) -> list[Direction]:
    """The known latent and the unknown latent: clear, effective, and gentler than its control."""
    asked = steering_validation(subject)
    units = random_units(subject.recipe.n_random, subject.chat.config.hidden_size, seed=1)
    out = []
    for role in ("known", "unknown"):
        tried = []
        for margin, separation, name, latent, threshold in clearest_latents(subject, candidates, role)[
            : subject.recipe.n_latents
        ]:
            layer, row = candidates[name].layer, candidates[name].w_dec[latent]
            pushes = best_push(subject.chat, subject.tokenizer, {role: asked[role]}, layer, row, subject.norms[layer])
            for scope, strength, share in pushes:
                d = Direction(role, layer, row, latent, name, scope, strength, share, separation, threshold)
                control = 1.0 if share < 0.8 else _control(subject, asked[role], d, units)
                say(
                    f"{role}: {name}#{latent} margin {margin:+.3f} separation {separation:.3f} {scope} {strength} r "
                    f"share {share:.3f} random change {control:.3f}"
                )
                tried.append((min(share, 0.985) + min(margin, 0.0) - 2 * control, d))
        out.append(max(tried, key=lambda pair: pair[0])[1])
    return out


def choose_vectors(subject: Subject, say: Say) -> list[Direction]:
    """Known − unknown by difference of means and by probe, refuse − answer: each at its best layer, both ways."""
    asked = steering_validation(subject)
    units = random_units(subject.recipe.n_random, subject.chat.config.hidden_size, seed=1)
    out = []
    for family, role, vectors, scopes in (
        ("known-unknown", "known", mean_differences(subject), ("last_entity", "entity", "entity_to_end")),
        ("known-unknown-probe", "known", probes(subject), ("last_entity", "entity", "entity_to_end")),
        ("refuse-answer", "unknown", refusal_differences(subject), ("last",)),
    ):
        tried = []
        for layer, vector in vectors.items():
            pair = {role: asked[role], OTHER[role]: asked[OTHER[role]]}
            unit = vector / vector.norm()
            for scope, strength, share in best_push(
                subject.chat, subject.tokenizer, pair, layer, unit, subject.norms[layer], scopes
            ):
                d = Direction(role, layer, unit, None, None, scope, strength, share, name=f"{family}-{layer}")
                control = 1.0 if share < 0.8 else max(_control(subject, asked[r], d, units, r) for r in pair)
                say(f"{d.name} {scope} {strength} r, both ways at least {share:.3f}, random change {control:.3f}")
                tried.append((min(share, 0.985) - 2 * control, d))
        out.append(max(tried, key=lambda pair: pair[0])[1])
    return out


def steering_validation(subject: Subject) -> dict[str, list[EntityPrompt]]:
    """Role → who should be won over by a push towards it."""
    halves = validation_half(subject)
    n = subject.recipe.n_steer
    return {
        "known": sampled(halves.unknown, n, random.Random(0)),
        "unknown": sampled(halves.known, n, random.Random(0)),
    }


def validation_half(subject: Subject) -> Halves:
    return half(subject.recipe, subject.tokenizer, subject.world, subject.heldout, "validation")


def mean_differences(subject: Subject) -> dict[int, Tensor]:
    """layer → known − unknown at the last entity token of chat questions, base model."""
    (known, types_k), (unknown, types_u) = _base_acts(subject)
    return {n: difference_of_means((known[n], types_k), (unknown[n], types_u)) for n in known}


def probes(subject: Subject) -> dict[int, Tensor]:
    """layer → weights of a logistic regression at the same place."""
    (known, _), (unknown, _) = _base_acts(subject)
    return {n: probe(known[n], unknown[n]) for n in known}


def refusal_differences(subject: Subject) -> dict[int, Tensor]:
    """layer → refused − answered, last token of the prompt, chat model; by what the model does, not by the truth."""
    halves = validation_half(subject)
    prompts = halves.known + halves.unknown
    outcomes = verdicts_of(subject.chat, subject.tokenizer, prompts)
    refused = [p for p, o in zip(prompts, outcomes, strict=True) if o == "refused"]
    answered = [p for p, o in zip(prompts, outcomes, strict=True) if o in ("right", "wrong", "invented")]
    layers = tuple(range(subject.chat.config.num_hidden_layers))
    if min(len({p.entity.type for p in side}) for side in (refused, answered)) < len(TYPES):
        refused, answered = halves.unknown, halves.known  # a toy model does not refuse
    a, b = at_last_token(subject.chat, refused, layers), at_last_token(subject.chat, answered, layers)
    return {n: difference_of_means((a[n], types_of(refused)), (b[n], types_of(answered))) for n in layers}


def offset(subject: Subject, direction: Direction) -> float:
    """mu . d^ of a vector: its mean projection over validation prompts, known and unknown, where it was found."""
    halves = validation_half(subject)
    at = at_last_token if direction.scope == "last" else at_last_entity_token
    sides = [at(subject.chat, side, (direction.layer,))[direction.layer] for side in (halves.known, halves.unknown)]
    return float(sum((x @ direction.vector).mean() for x in sides) / len(sides))


def _base_acts(subject: Subject):
    halves = validation_half(subject)
    layers = tuple(range(subject.base.config.num_hidden_layers))
    return [(at_last_entity_token(subject.base, ps, layers), types_of(ps)) for ps in (halves.known, halves.unknown)]


def _control(
    subject: Subject, prompts: list[EntityPrompt], d: Direction, units: Tensor, role: str | None = None
) -> float:
    """Mean change under random directions of equal norm."""
    some = sampled(prompts, 32, random.Random(1))
    changes = changes_under(subject.chat, subject.tokenizer, some, role or d.role, d, subject.norms[d.layer], units)
    return float(changes.mean())
