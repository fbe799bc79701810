"""From seeds to artifacts, stage by stage; a finished stage is not done twice.

1. tokenizer and base model      → work/base_KEY
2. chat tuning, one a seed       → work/chat_SEED_KEY; the best on validation is shipped
3. dictionaries                  → work/dictionaries_KEY.pt
4. latents, directions, strengths, chosen on validation names
5. artifacts                     → written beside `out`, then swapped in
6. every other chat seed, measured with nothing chosen again; then the report

A key is a hash of the settings that the stage depends on.

Knows the order of things; each stage's own module knows how.
"""

import json
import time
from dataclasses import replace
from pathlib import Path

import torch
from transformers import AutoTokenizer

from training.tiny_gemma2.card.shipping import add_to_manifest, save_pair, ship
from training.tiny_gemma2.dictionaries.choice import (
    Say,
    choose_latents,
    choose_vectors,
    residual_norms,
)
from training.tiny_gemma2.dictionaries.dictionary import TrainedDictionary
from training.tiny_gemma2.dictionaries.stage import RESID, dictionaries_stage, of_kind
from training.tiny_gemma2.evaluation.report import measure, report
from training.tiny_gemma2.language_model.author import BASE, LATER, TOKENIZER, matched_author, plain_author
from training.tiny_gemma2.language_model.base import new_model, train_base
from training.tiny_gemma2.language_model.chat import train_chat
from training.tiny_gemma2.language_model.tokenizer import n_tokens, train_tokenizer
from training.tiny_gemma2.recipe import Recipe
from training.tiny_gemma2.shipped import load_model, load_shipped
from training.tiny_gemma2.stages import CHOOSING, stage_key, write_whole
from training.tiny_gemma2.subject import Subject
from training.tiny_gemma2.world.documents import LATER_MIX, tokenizer_corpus
from training.tiny_gemma2.world.entities import TrainingEntity, TrainingWorld, build_world, heldout_names


def build(recipe: Recipe, out: Path, work: Path, say: Say = print) -> None:
    begun = time.time()
    subject, chats, dictionaries = train_all(recipe, work, say)
    best = best_seed(chats)
    sliders = [*choose_latents(subject, of_kind(dictionaries, RESID), say), *choose_vectors(subject, say)]
    for d in sliders:
        if d.threshold is not None and d.dictionary is not None and d.latent is not None:
            dictionaries[d.dictionary] = dictionaries[d.dictionary].with_threshold(d.latent, d.threshold)
    ship(subject, out, dictionaries, sliders, [figures for _, figures in chats.values()], best, say)
    others = []
    shipped = load_shipped(out)
    for seed, (model, _) in chats.items():
        if seed != best:
            say(f"chat seed {seed}, nothing chosen again")
            found = measure(replace(shipped.subject, chat=model), shipped.directions, shipped.dictionaries, say)
            others.append({"seed": seed, "figures": [(f.what, f.value) for f in found.figures]})
    add_to_manifest(out, other_chat_seeds=others, duration_of_last_run_s=round(time.time() - begun))
    made = report(load_shipped(out), say)
    (out / "report.json").write_text(made.model_dump_json(indent=1) + "\n", encoding="utf-8")


def train_all(recipe: Recipe, work: Path, say: Say) -> tuple[Subject, dict[int, tuple], dict[str, TrainedDictionary]]:
    """Stages 1 to 3: the subject with the best chat model, every seed's (model, figures), the dictionaries."""
    work.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(recipe.seed)
    world = build_world(recipe)
    base, tokenizer = base_stage(recipe, world, work, say)
    heldout = heldout_names(world, recipe, lambda name: n_tokens(tokenizer, name))
    chats = {seed: chat_stage(recipe, base, tokenizer, world, heldout, seed, work, say) for seed in recipe.chat_seeds}
    best = best_seed(chats)
    chat = chats[best][0]
    norms = residual_norms(recipe, chat, tokenizer, world, heldout)
    subject = Subject(recipe, world, heldout, tokenizer, base, chat, norms)
    return subject, chats, dictionaries_stage(subject, best, work, say)


def best_seed(chats: dict[int, tuple]) -> int:
    return max(chats, key=lambda seed: chats[seed][1]["score"])


def base_stage(recipe: Recipe, world: TrainingWorld, work: Path, say: Say):
    """Two passes, the second with more questions: each is a stage of its own."""
    first = work / f"base_{stage_key(recipe, 'later_', 'chat_', 'sae_', *CHOOSING)}"
    if not first.exists():
        author = plain_author(world, recipe.seed + TOKENIZER)
        tokenizer = train_tokenizer(tokenizer_corpus(world, author), recipe.vocab_size)
        documents = first_pass(world, tokenizer, recipe)
        model = new_model(recipe, len(tokenizer))
        rates = recipe.base_lr_muon, recipe.base_lr_adam
        train_base(model, tokenizer, documents, recipe.seed + 2, recipe.base_tokens_per_step, *rates, say)
        write_whole(first, lambda into: save_pair(model, tokenizer, into))
    tokenizer = AutoTokenizer.from_pretrained(first)
    second = work / f"base_later_{stage_key(recipe, 'chat_', 'sae_', *CHOOSING)}"
    if not second.exists():
        documents = second_pass(world, tokenizer, recipe)
        model = load_model(first)
        rates = recipe.later_lr_muon, recipe.later_lr_adam
        train_base(model, tokenizer, documents, recipe.seed + 3, recipe.base_tokens_per_step, *rates, say)
        write_whole(second, lambda into: save_pair(model, tokenizer, into))
    return load_model(second), tokenizer


def first_pass(world: TrainingWorld, tokenizer, recipe: Recipe) -> list[str]:
    return matched_author(world, tokenizer, recipe.seed + BASE, bare_first=True).base_documents(recipe.base_docs)


def second_pass(world: TrainingWorld, tokenizer, recipe: Recipe) -> list[str]:
    return matched_author(world, tokenizer, recipe.seed + LATER).base_documents(recipe.later_docs, LATER_MIX)


def chat_stage(
    recipe: Recipe,
    base,
    tokenizer,
    world: TrainingWorld,
    heldout: list[TrainingEntity],
    seed: int,
    work: Path,
    say: Say,
):
    folder = work / f"chat_{seed}_{stage_key(recipe, 'chat_seeds', 'sae_', *CHOOSING[1:])}"
    if not folder.exists():
        model, figures = train_chat(recipe, base, tokenizer, world, heldout, seed, say)

        def write(into: Path) -> None:
            save_pair(model, tokenizer, into)
            (into / "figures.json").write_text(json.dumps(figures), encoding="utf-8")

        write_whole(folder, write)
    return load_model(folder), json.loads((folder / "figures.json").read_text(encoding="utf-8"))
