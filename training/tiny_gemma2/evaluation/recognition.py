"""How well known names are told from unknown ones: by residuals, by latents, by the refusal and by the name alone.

Chooses nothing; does not know what was hoped for.
"""

import math
import random

import torch
from torch import Tensor

from training.tiny_gemma2.dictionaries.activations import at_last_entity_token
from training.tiny_gemma2.dictionaries.dictionary import TrainedDictionary
from training.tiny_gemma2.dictionaries.directions import (
    difference_of_means,
    firing_shares,
    logistic,
    openings,
    share_differences,
    types_of,
)
from training.tiny_gemma2.language_model.answers import (
    first_logits,
)
from training.tiny_gemma2.language_model.prompts import EntityPrompt
from training.tiny_gemma2.language_model.sets import one_question_each, statements
from training.tiny_gemma2.subject import Subject, both

# --- numbers ---


def hanley_mcneil(positive: Tensor, negative: Tensor) -> tuple[float, float, float]:
    """Chance that a positive scores above a negative, ties counted half, with a 95 % interval (Hanley, McNeil 1982)."""
    order = positive[:, None] - negative[None, :]
    a = float((order > 0).float().mean() + (order == 0).float().mean() / 2)
    n, m = len(positive), len(negative)
    q1, q2 = a / (2 - a), 2 * a * a / (1 + a)
    spread = 1.96 * math.sqrt(max(0.0, (a * (1 - a) + (n - 1) * (q1 - a * a) + (m - 1) * (q2 - a * a)) / (n * m)))
    return a, max(0.0, a - spread), min(1.0, a + spread)


def refusal_auroc(
    subject: Subject, known: list[EntityPrompt], unknown: list[EntityPrompt]
) -> tuple[float, float, float]:
    """How well the first token's logits tell unknown from known: refusal against the best answer opening."""
    refusal, opens = openings(subject.tokenizer)
    logits = [first_logits(subject.chat, prompts) for prompts in (unknown, known)]
    return hanley_mcneil(*(x[:, refusal] - x[:, opens].amax(-1) for x in logits))


# --- recognition ---


def recognition(subject: Subject) -> dict[str, list[tuple[float, float, float]]]:
    """Place → AUROC by layer of the difference of means, fit on validation names and read on test names."""
    layers = tuple(range(subject.base.config.num_hidden_layers))
    out: dict[str, list[tuple[float, float, float]]] = {}
    for name, model, ask in (
        ("base model, statements", subject.base, statements),
        ("base model, chat questions", subject.base, one_question_each),
        ("chat model, chat questions", subject.chat, one_question_each),
    ):
        acts, types = {}, {}
        for split in ("validation", "test"):
            for known, entities in zip((True, False), both(subject, split), strict=True):
                prompts = ask(subject.tokenizer, entities, random.Random(subject.recipe.seed + 41))
                acts[split, known] = at_last_entity_token(model, prompts, layers)
                types[split, known] = types_of(prompts)
        out[name] = []
        for layer in layers:
            fit = [(acts["validation", known][layer], types["validation", known]) for known in (True, False)]
            mean = difference_of_means(*fit)
            out[name].append(hanley_mcneil(acts["test", True][layer] @ mean, acts["test", False][layer] @ mean))
    return out


def firing_shares_by_type(
    subject: Subject, dictionary: TrainedDictionary, latent: int, where: str
) -> dict[str, list[float]]:
    """Firing shares by type at the name's last token; `where`: "base" (statements) or "chat" (typed questions)."""
    model, ask = (subject.base, statements) if where == "base" else (subject.chat, one_question_each)
    acts, types = [], []
    for entities in both(subject, "test"):
        prompts = ask(subject.tokenizer, entities, random.Random(subject.recipe.seed + 43))
        acts.append(at_last_entity_token(model, prompts, (dictionary.layer,))[dictionary.layer])
        types.append(types_of(prompts))
    known, unknown = (
        firing_shares(dictionary.encode(x), t)[:, latent].tolist() for x, t in zip(acts, types, strict=True)
    )
    apart = share_differences(dictionary, (acts[0], types[0]), (acts[1], types[1]))[:, latent].tolist()
    return {"known": known, "unknown": unknown, "separation": apart}


def shown_latent(
    subject: Subject, dictionary: TrainedDictionary, latent: int, names: dict[str, str], tier: str
) -> list[float]:
    """Activation at the name's last token of the examples on the page, chat model, by type."""
    entities = [e for e in (*subject.world.entities, *subject.heldout) if e.name in names.values() and e.tier == tier]
    prompts = one_question_each(subject.tokenizer, entities, random.Random(0))
    acts = at_last_entity_token(subject.chat, prompts, (dictionary.layer,))[dictionary.layer]
    return dictionary.encode(acts)[:, latent].tolist()


def names_only(subject: Subject) -> tuple[float, float, float]:
    """AUROC of a logistic regression on which tokens a name has: fit on validation names, read on test names."""
    tokenizer = subject.tokenizer
    bags = {}
    for split in ("validation", "test"):
        for known, entities in zip((True, False), both(subject, split), strict=True):
            bag = torch.zeros(len(entities), len(tokenizer))
            for row, e in zip(bag, entities, strict=True):
                row[tokenizer(" " + e.name, add_special_tokens=False)["input_ids"]] = 1.0
            bags[split, known] = bag
    w = logistic(bags["validation", True], bags["validation", False], penalty=1e-3)
    return hanley_mcneil(bags["test", True] @ w, bags["test", False] @ w)
