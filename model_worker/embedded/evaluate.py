"""What the shipped model does, measured on the test half: every figure comes with its N.

Chooses nothing. Knows how to ask; does not know what was hoped for.
"""

import random
from collections import Counter

import torch

from . import phrases
from .activations import at_last_entity_token, of_documents, reading
from .answers import Steer, greedy, verdicts
from .base import PAD, batches, encode_documents, padded
from .corpus import matched_author
from .dictionaries import Dictionary
from .directions import Direction, difference_of_means, push, random_band, separations, types_of
from .prompts import Prompt, all_questions, sampled
from .recipe import Recipe
from .sets import Halves
from .world import TYPES, Entity, World

NOBODY = Entity("", "player", "unknown", "")


def auroc(positive: torch.Tensor, negative: torch.Tensor) -> float:
    """Chance that a positive scores above a negative, ties counted half."""
    order = positive[:, None] - negative[None, :]
    return float((order > 0).float().mean() + (order == 0).float().mean() / 2)


def shares(model, tokenizer, prompts: list[Prompt], steers: tuple[Steer, ...] = ()) -> dict[str, float]:
    counted: Counter[str] = verdicts(model, tokenizer, prompts, steers)
    return {"n": len(prompts)} | {k: round(v / len(prompts), 4) for k, v in sorted(counted.items())}


def answers_by_group(
    recipe: Recipe, model, tokenizer, world: World, heldout: list[Entity]
) -> dict[str, dict[str, float]]:
    """Verdict shares of every group of entities, and of phrasings that were never trained."""
    rng = random.Random(recipe.seed + 23)
    people = {
        "known, asked in chat tuning": [e for e in world.entities if e.split == "chat-train"],
        "known, never asked": [e for e in world.entities if e.tier == "known" and e.split == "test"],
        "rare": [e for e in world.entities if e.tier == "rare" and e.split == "test"],
        "obscure": [e for e in world.entities if e.tier == "obscure" and e.split == "test"],
        "unknown": [e for e in heldout if e.split == "test"],
    }
    out = {}
    for name, entities in people.items():
        for note, templates in (("", phrases.QUESTIONS), (", phrasing never trained", phrases.UNSEEN_QUESTIONS)):
            if note and name in ("rare", "obscure"):
                continue
            asked = sampled(all_questions(tokenizer, entities, rng, templates=templates), 2 * recipe.n_check, rng)
            out[name + note] = shares(model, tokenizer, asked)
    for kind in TYPES:
        asked = [p for p in all_questions(tokenizer, people["unknown"], rng) if p.entity.type == kind]
        out[f"unknown, {kind}"] = shares(model, tokenizer, asked[: recipe.n_check])
    return out


def small_talk(recipe: Recipe, model, tokenizer, world: World) -> dict[str, float]:
    """Share of fitting answers, exact: to trained small talk, and to questions outside the world never trained."""
    author = matched_author(world, tokenizer, recipe.seed + 29)
    elsewhere = [author.fill(t) for t in phrases.UNSEEN_ELSEWHERE for _ in range(5)]
    talk = said(model, tokenizer, [q for q, _ in phrases.SMALL_TALK])
    outside = said(model, tokenizer, elsewhere)
    fitting = [text == a for text, (_, a) in zip(talk, phrases.SMALL_TALK, strict=True)]
    away = [text == phrases.ELSEWHERE_ANSWER for text in outside]
    return {
        "small_talk_n": len(fitting),
        "small_talk_fitting": round(sum(fitting) / len(fitting), 4),
        "elsewhere_unseen_n": len(away),
        "elsewhere_unseen_fitting": round(sum(away) / len(away), 4),
        "elsewhere_unseen_invented": round(sum(t.startswith(("This player", "It ")) for t in outside) / len(away), 4),
    }


def said(model, tokenizer, questions: list[str]) -> list[str]:
    """The greedy answers to any texts."""
    prompts = []
    for question in questions:
        text = tokenizer.apply_chat_template(
            [{"role": "user", "content": question}], tokenize=False, add_generation_prompt=True
        )
        ids = tuple(tokenizer(text, add_special_tokens=False)["input_ids"])
        prompts.append(Prompt(question, ids, 1, 1, NOBODY, "sport"))
    return greedy(model, tokenizer, prompts)


def recognition(base, chat, halves_fit: Halves, halves: Halves) -> dict[str, list[float]]:
    """Per layer: AUROC of the difference of means (fit on one half, read on the other), chat questions."""
    layers = tuple(range(base.config.num_hidden_layers))
    out = {}
    for name, model in (("base", base), ("chat", chat)):
        fit = [at_last_entity_token(model, ps, layers) for ps in (halves_fit.known, halves_fit.unknown)]
        read = [at_last_entity_token(model, ps, layers) for ps in (halves.known, halves.unknown)]
        types = types_of(halves_fit.known), types_of(halves_fit.unknown)
        out[name] = []
        for layer in layers:
            mean = difference_of_means((fit[0][layer], types[0]), (fit[1][layer], types[1]))
            out[name].append(round(auroc(read[0][layer] @ mean, read[1][layer] @ mean), 4))
    return out


@torch.no_grad()
def prompt_residuals(model, prompts: list[Prompt], layer: int) -> torch.Tensor:
    """(tokens, d_model) of whole chat prompts, without <bos>."""
    kept = []
    with reading(model, (layer,)) as seen:
        for group in batches([list(p.ids) for p in prompts], 6000, random.Random(0)):
            ids = padded(group)
            model.model(ids, use_cache=False)
            real = ids != PAD
            real[:, 0] = False
            kept.append(seen[layer][real])
    return torch.cat(kept)


def dictionary_figures(
    recipe: Recipe, base, chat, tokenizer, world: World, dictionary: Dictionary, halves: Halves
) -> dict[str, float]:
    documents = matched_author(world, tokenizer, recipe.seed + 31).base_documents(1500)
    on_base = of_documents(base, encode_documents(tokenizer, documents), (dictionary.layer,), 30_000)[dictionary.layer]
    asked = sampled(halves.known + halves.unknown, recipe.n_check, random.Random(0))
    on_chat = prompt_residuals(chat, asked, dictionary.layer)
    return {
        "fvu_base_documents": round(dictionary.fvu(on_base), 4),
        "l0_base_documents": round(dictionary.l0(on_base), 2),
        "fvu_chat_prompts": round(dictionary.fvu(on_chat), 4),
        "l0_chat_prompts": round(dictionary.l0(on_chat), 2),
        "dead_share": round(float((dictionary.encode(on_base) > 0).any(0).logical_not().float().mean()), 4),
        "tokens_base": len(on_base),
        "tokens_chat": len(on_chat),
    }


def latent_figures(chat, dictionary: Dictionary, latent: int, halves: Halves) -> dict[str, list[float]]:
    """Separation per type on chat questions in the chat model, at the name's last token."""
    layer = dictionary.layer
    acts = [at_last_entity_token(chat, ps, (layer,))[layer] for ps in (halves.known, halves.unknown)]
    types = types_of(halves.known), types_of(halves.unknown)
    return {
        "separation_by_type": [
            round(float(v), 3) for v in separations(dictionary, (acts[0], types[0]), (acts[1], types[1]))[:, latent]
        ],
        "fires_known": round(float((dictionary.encode(acts[0])[:, latent] > 0).float().mean()), 3),
        "fires_unknown": round(float((dictionary.encode(acts[1])[:, latent] > 0).float().mean()), 3),
        "n": [len(halves.known), len(halves.unknown)],
    }


def steering_figures(recipe: Recipe, chat, tokenizer, direction: Direction, norm: float, halves: Halves) -> dict:
    """The validated push on test names, clean beside it, and the random band of equal norm."""
    pushed = halves.unknown if direction.role == "known" else halves.known
    asked = sampled(pushed, 160, random.Random(recipe.seed + 37))
    steer = Steer(direction.layer, direction.strength * norm * direction.vector, direction.scope)
    mean, largest = random_band(chat, tokenizer, asked, direction, norm, recipe.n_random)
    wanted = ("refused", "answered")[push(direction.role)]
    return {
        "clean": shares(chat, tokenizer, asked),
        "steered": shares(chat, tokenizer, asked, (steer,)),
        f"random_{wanted}_mean": round(mean, 4),
        f"random_{wanted}_max": round(largest, 4),
        "random_n": recipe.n_random,
    }
