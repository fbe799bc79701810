"""All dictionaries of a subject, trained or found finished: residual, transcoders, the chat model's own.

Knows which activations each is trained on; residual.py and transcoders.py know how.
"""

from dataclasses import asdict
from functools import partial
from pathlib import Path

import torch

from training.tiny_gemma2.dictionaries.activations import (
    at_last_entity_token,
    at_last_token,
    document_activations,
    prompt_residuals,
)
from training.tiny_gemma2.dictionaries.choice import (
    Say,
    clearest_latents,
)
from training.tiny_gemma2.dictionaries.dictionary import TrainedDictionary
from training.tiny_gemma2.dictionaries.residual import train_core, train_dictionary
from training.tiny_gemma2.dictionaries.transcoders import mlp_pairs, train_transcoder
from training.tiny_gemma2.language_model.author import ACTIVATIONS, matched_author
from training.tiny_gemma2.language_model.base import encode_documents
from training.tiny_gemma2.language_model.prompts import EntityPrompt
from training.tiny_gemma2.language_model.sets import one_question_each, statements
from training.tiny_gemma2.stages import CHOOSING, stage_key
from training.tiny_gemma2.subject import Subject
from training.tiny_gemma2.world.documents import Author
from training.tiny_gemma2.world.documents import chat as markup
from training.tiny_gemma2.world.entities import TYPES, TrainingEntity

RESID, TRANSCODER, CHAT_RESID = "resid_post", "transcoder", "chat_resid_post"
"""Kinds of dictionary: what their ids begin with."""


def of_kind(dictionaries: dict[str, TrainedDictionary], kind: str) -> dict[str, TrainedDictionary]:
    return {name: d for name, d in dictionaries.items() if name.startswith(f"{kind}/")}


def dictionaries_stage(subject: Subject, chat_seed: int, work: Path, say: Say) -> dict[str, TrainedDictionary]:
    """Folder → dictionary: residual SAEs and transcoders of the base model, residual SAEs of the chat model."""
    recipe, later = subject.recipe, CHOOSING[1:]
    named = partial(stage_key, recipe)
    parts = {
        # which core is grown depends on the chat model too
        f"resid_{chat_seed}_{named('chat_seeds', 'sae_transcoder', 'sae_chat', *later)}": resid_dictionaries,
        f"transcoders_{named('chat_', 'sae_core', 'sae_levels', 'sae_chat', 'n_check', *later)}": transcoders,
        f"chat_resid_{chat_seed}_{named('chat_seeds', 'sae_core', 'sae_transcoder', *later)}": chat_dictionaries,
    }
    out: dict[str, TrainedDictionary] = {}
    for name, train in parts.items():
        path = work / f"{name}.pt"
        if not path.exists():
            trained = train(subject, say)
            torch.save({folder: asdict(d) for folder, d in trained.items()}, path.with_suffix(".unfinished"))
            path.with_suffix(".unfinished").rename(path)
        out |= {folder: TrainedDictionary(**d) for folder, d in torch.load(path).items()}
    return out


def resid_dictionaries(subject: Subject, say: Say) -> dict[str, TrainedDictionary]:
    """Of the cores of a layer, two are grown into dictionaries: where "known" and where "unknown" is clearest on
    validation names (one, if it is the same)."""
    recipe, out = subject.recipe, {}
    layers = tuple(range(recipe.n_layers))
    documents, names = gathered_activations(subject, subject.base, layers)
    cores = {
        f"{layer}/{seed}": train_core(
            documents[layer], names[layer], layer, seed, recipe.sae_core, recipe.sae_core_k, recipe.sae_steps
        )
        for layer in layers
        for seed in range(recipe.sae_core_seeds[layer])
    }
    say(f"{len(cores)} cores")
    for layer in layers:
        of_layer = {name: core for name, core in cores.items() if core.layer == layer}
        clearest = {role: clearest_latents(subject, of_layer, role)[0] for role in ("known", "unknown")}
        for name in dict.fromkeys(row[2] for row in clearest.values()):
            roles = [role for role, row in clearest.items() if row[2] == name]
            grown = train_dictionary(
                documents[layer], names[layer], layer, int(name.split("/")[1]), cores[name],
                recipe.sae_levels, recipe.sae_steps,
            )  # fmt: skip
            out[f"{RESID}/layer_{layer}_{'_'.join(roles)}"] = grown
            margins = ", ".join(f"{role} margin {clearest[role][0]:+.3f}" for role in roles)
            say(f"layer {layer}, core {name}: {margins}, EV {1 - grown.fvu(documents[layer][:20_000]):.3f}")
    return out


def transcoders(subject: Subject, say: Say) -> dict[str, TrainedDictionary]:
    recipe, layers = subject.recipe, tuple(range(subject.recipe.n_layers))
    author = matched_author(subject.world, subject.tokenizer, recipe.seed + ACTIVATIONS + 1)
    rows = encode_documents(subject.tokenizer, author.base_documents(recipe.sae_tokens // 18))
    out = {}
    for layer in layers:
        pairs = mlp_pairs(subject.base, rows, (layer,), recipe.sae_tokens)[layer]
        made = train_transcoder(pairs, layer, 0, recipe.sae_transcoder, recipe.sae_steps)
        out[f"{TRANSCODER}/layer_{layer}"] = made
        say(f"transcoder of layer {layer}: EV {1 - made.fvu(pairs[0][:20_000], pairs[1][:20_000]):.3f}")
    return out


def chat_dictionaries(subject: Subject, say: Say) -> dict[str, TrainedDictionary]:
    """On chat prompts of the chat model; half of a core's batches are last tokens of prompts."""
    recipe, out = subject.recipe, {}
    author = matched_author(subject.world, subject.tokenizer, recipe.seed + ACTIVATIONS + 2)
    prompts = author_prompts(subject.tokenizer, author, recipe.sae_names, one_question_each)
    last = at_last_token(subject.chat, prompts, recipe.sae_chat_layers)
    for layer in recipe.sae_chat_layers:
        whole = prompt_residuals(subject.chat, prompts, layer)
        core = train_core(whole, last[layer], layer, 0, steps=recipe.sae_steps)
        made = train_dictionary(whole, last[layer], layer, 0, core, recipe.sae_levels, recipe.sae_steps)
        out[f"{CHAT_RESID}/layer_{layer}"] = made
        say(f"chat dictionary of layer {layer}: EV {1 - made.fvu(whole[:20_000]):.3f}")
    return out


def gathered_activations(
    subject: Subject, model, layers: tuple[int, ...]
) -> tuple[dict[int, torch.Tensor], dict[int, torch.Tensor]]:
    """layer → tokens of base documents and of chat questions that nobody answers (three tenths);
    layer → last tokens of names, half known, half fresh unknown, half in questions, half in statements."""
    recipe, tokenizer = subject.recipe, subject.tokenizer
    author = matched_author(subject.world, tokenizer, recipe.seed + ACTIVATIONS)
    n = recipe.sae_tokens // 20
    documents = author.base_documents(int(0.7 * n))
    documents += [markup(author.attribute_question()) + "<start_of_turn>model\n" for _ in range(int(0.35 * n))]
    author.rng.shuffle(documents)
    acts = document_activations(model, encode_documents(tokenizer, documents), layers, recipe.sae_tokens)
    prompts = [
        p for make in (one_question_each, statements)
        for p in author_prompts(tokenizer, author, recipe.sae_names // 2, make)
    ]  # fmt: skip
    return acts, at_last_entity_token(model, prompts, layers)


def author_prompts(tokenizer, author: Author, n: int, make) -> list[EntityPrompt]:
    """`n` prompts made by `make`, half about known entities, half about fresh unknown names."""
    entities = []
    for i in range(n):
        kind = TYPES[i // 2 % len(TYPES)]
        known = i % 2 == 0
        entities.append(
            author.known_of(kind) if known else TrainingEntity(author.draw_unknown(kind), kind, "unknown", "")
        )
    return make(tokenizer, entities, author.rng)
