"""From seeds to artifacts, stage by stage; a finished stage is not done twice.

1. tokenizer and base model       → work/base_KEY
2. chat tuning, one a seed        → work/chat_SEED_KEY; the best on validation is shipped
3. candidate dictionaries         → work/candidates_KEY.pt
4. latents, directions, strengths → chosen on validation names
5. artifacts                      → written beside `out`, then swapped in
6. figures on the test half       → manifest.json

A key is a hash of the settings that the stage depends on.

Knows the order of things; each stage's own module knows how.
"""

import hashlib
import json
import platform
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM, AutoTokenizer

from .activations import at_last_entity_token, of_documents
from .base import encode_documents, train_base
from .card import model_card, write_card
from .chat import train_chat
from .choose import choose_directions, mean_differences, residual_norms
from .corpus import ACTIVATIONS, BASE, TOKENIZER, matched_author, plain_author
from .dictionaries import Dictionary, save_dictionary, train_dictionary
from .directions import Direction
from .evaluate import (
    answers_by_group,
    dictionary_figures,
    latent_figures,
    recognition,
    small_talk,
    steering_figures,
)
from .prompts import Prompt
from .recipe import VERSION, Recipe
from .sets import Halves, half, one_question_each
from .text import Author, tokenizer_corpus
from .text import chat as markup
from .tokenizer import n_tokens, train_tokenizer
from .world import TYPES, Entity, World, build_world, heldout_names

Say = Callable[[str], None]
CHOOSING = ("n_check", "n_latents", "n_steer", "n_random")  # settings that no weight but the chat model's depends on


def build(recipe: Recipe, out: Path, work: Path, say: Say = print) -> None:
    begun = time.time()
    work.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(recipe.seed)
    world = build_world(recipe)

    base, tokenizer = base_stage(recipe, world, work, say)
    heldout = heldout_names(world, recipe, lambda name: n_tokens(tokenizer, name))
    chats = [chat_stage(recipe, base, tokenizer, world, heldout, seed, work, say) for seed in recipe.chat_seeds]
    chat, chat_figures = max(chats, key=lambda pair: pair[1]["score"])
    candidates = candidates_stage(recipe, base, tokenizer, world, work, say)

    choose = half(recipe, tokenizer, world, heldout, "validation")
    norms = residual_norms(chat, choose)
    vectors = mean_differences(base, choose)
    sliders = choose_directions(recipe, base, chat, tokenizer, candidates, vectors, choose, norms, say)

    for d in sliders:
        if d.threshold is not None:
            candidates[d.dictionary] = candidates[d.dictionary].with_threshold(d.latent, d.threshold)
    ship(recipe, out, base, chat, tokenizer, world, heldout, candidates, vectors, sliders, choose, norms, say)
    # what every seed got on validation
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    manifest["chat_seeds_validation"] = [figures for _, figures in chats]
    manifest["chat_seed_shipped"] = chat_figures["seed"]
    manifest["duration_of_last_run_s"] = round(time.time() - begun)  # finished stages cost nothing
    (out / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")


def key(recipe: Recipe, *later: str) -> str:
    """Names the work of a stage: changes with every setting but those that begin with `later`."""
    settings = {k: v for k, v in asdict(recipe).items() if not k.startswith(later)}
    return hashlib.sha256(repr((VERSION, settings)).encode()).hexdigest()[:10]


def finished(folder: Path, write: Callable[[Path], None]) -> None:
    """`write` fills a folder that gets its name only when it is whole."""
    unfinished = folder.with_name(folder.name + ".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    write(unfinished)
    unfinished.rename(folder)


def save_pair(model, tokenizer, folder: Path) -> None:
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def load_model(folder: Path):
    return AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager").eval()


def base_stage(recipe: Recipe, world: World, work: Path, say: Say):
    folder = work / f"base_{key(recipe, 'chat_', 'sae_', *CHOOSING)}"
    if not folder.exists():
        author = plain_author(world, recipe.seed + TOKENIZER)
        tokenizer = train_tokenizer(tokenizer_corpus(world, author), recipe.vocab_size)
        documents = matched_author(world, tokenizer, recipe.seed + BASE).base_documents(recipe.base_docs)
        model = train_base(recipe, tokenizer, documents, say)
        finished(folder, lambda into: save_pair(model, tokenizer, into))
    return load_model(folder), AutoTokenizer.from_pretrained(folder)


def chat_stage(recipe: Recipe, base, tokenizer, world: World, heldout: list[Entity], seed: int, work: Path, say: Say):
    folder = work / f"chat_{seed}_{key(recipe, 'chat_seeds', 'sae_', *CHOOSING[1:])}"
    if not folder.exists():
        model, figures = train_chat(recipe, base, tokenizer, world, heldout, seed, say)

        def write(into: Path) -> None:
            save_pair(model, tokenizer, into)
            (into / "figures.json").write_text(json.dumps(figures), encoding="utf-8")

        finished(folder, write)
    return load_model(folder), json.loads((folder / "figures.json").read_text(encoding="utf-8"))


def candidates_stage(recipe: Recipe, base, tokenizer, world: World, work: Path, say: Say) -> dict[str, Dictionary]:
    """name → dictionary.

    Trained on base documents, on chat questions that nobody answers (three tenths of the
    tokens), and on last tokens of names in such questions, half known, half fresh unknown.
    """
    path = work / f"candidates_{key(recipe, 'chat_', *CHOOSING)}.pt"
    if not path.exists():
        author = matched_author(world, tokenizer, recipe.seed + ACTIVATIONS)
        n = recipe.sae_tokens // 20
        documents = author.base_documents(int(0.7 * n))
        documents += [markup(author.attribute_question()) + "<start_of_turn>model\n" for _ in range(int(0.35 * n))]
        author.rng.shuffle(documents)
        rows = encode_documents(tokenizer, documents)
        acts = of_documents(base, rows, recipe.sae_layers, recipe.sae_tokens)
        names = at_last_entity_token(base, author_prompts(tokenizer, author, recipe.sae_names), recipe.sae_layers)
        acts = {n: torch.cat([acts[n], *[names[n]] * recipe.sae_name_repeats]) for n in recipe.sae_layers}
        trained = {}
        for layer in recipe.sae_layers:
            for prefixes in recipe.sae_prefixes:
                for seed in recipe.sae_seeds:
                    name = f"layer_{layer}_p{prefixes[0]}_s{seed}"
                    trained[name] = train_dictionary(acts[layer], layer, recipe, seed, prefixes, recipe.sae_keep)
                    say(f"dictionary {name}: fvu {trained[name].fvu(acts[layer][:20000]):.3f}")
        torch.save({name: asdict(d) for name, d in trained.items()}, path.with_suffix(".unfinished"))
        path.with_suffix(".unfinished").rename(path)
    return {name: Dictionary(**d) for name, d in torch.load(path).items()}


def author_prompts(tokenizer, author: Author, n: int) -> list[Prompt]:
    """`n` chat questions, half about known entities, half about fresh unknown names."""
    out = []
    for i in range(n):
        kind = TYPES[i // 2 % len(TYPES)]
        known = i % 2 == 0
        entity = author.known_of(kind) if known else Entity(author.draw_unknown(kind), kind, "unknown", "")
        out += one_question_each(tokenizer, [entity], author.rng)
    return out


def ship(
    recipe: Recipe,
    out: Path,
    base,
    chat,
    tokenizer,
    world: World,
    heldout: list[Entity],
    candidates: dict[str, Dictionary],
    vectors: dict[int, torch.Tensor],
    sliders: list[Direction],
    choose: Halves,
    norms: tuple[float, ...],
    say: Say,
) -> None:
    """Everything that is committed, measured on the test half, written whole or not at all."""
    test = half(recipe, tokenizer, world, heldout, "test")
    kept = kept_dictionaries(candidates, sliders)
    sliders = [replace(d, dictionary=kept[d.dictionary]) if d.dictionary else d for d in sliders]
    figures: dict = {
        "answers": answers_by_group(recipe, chat, tokenizer, world, heldout),
        "small_talk": small_talk(recipe, chat, tokenizer, world),
        "recognition_auroc_by_layer": recognition(base, chat, choose, test),
        "residual_norm_by_layer": norms,
        "dictionaries": {},
        "directions": {},
    }
    say(json.dumps(figures["answers"], indent=1))

    def write(folder: Path) -> None:
        save_pair(base, tokenizer, folder / "base")
        save_pair(chat, tokenizer, folder / "chat")
        for name, shipped in kept.items():
            found = dictionary_figures(recipe, base, chat, tokenizer, world, candidates[name], test)
            figures["dictionaries"][shipped] = found | {"trained_as": name}
            save_dictionary(candidates[name], folder / "dictionaries" / shipped, "embedded/base", found)
            say(f"{shipped}: {found}")
        labelled = []
        for direction in sliders:
            label = slider_label(direction)
            found = steering_figures(recipe, chat, tokenizer, direction, norms[direction.layer], test)
            if direction.latent is not None:
                dictionary = candidates[next(n for n, s in kept.items() if s == direction.dictionary)]
                found |= latent_figures(chat, dictionary, direction.latent, test)
            chosen = {k: v for k, v in asdict(direction).items() if k != "vector"}
            figures["directions"][label] = {"chosen": chosen} | found
            labelled.append((label, direction, evidence(direction, found)))
            say(f"{label}: {labelled[-1][2]}")
        save_file({f"known-unknown-{n}": v.contiguous() for n, v in vectors.items()}, folder / "directions.safetensors")
        write_entities(world, heldout, folder / "entities.json")
        write_card(
            model_card(
                [(s, candidates[n].layer, len(candidates[n].threshold)) for n, s in kept.items()],
                {f"known-unknown-{n}": n for n in vectors},
                labelled,
                [(d.dictionary, d.latent, d.role, f"{d.role} entity") for d in sliders if d.latent is not None],
                norms,
                chat.config.num_hidden_layers,
                chat.config.hidden_size,
            ),
            folder / "model.json",
        )
        files = sorted(p for p in folder.rglob("*") if p.is_file())
        manifest = {
            "recipe_version": VERSION,
            "recipe": asdict(recipe),
            "hardware": f"{platform.machine()}, {torch.get_num_threads()} threads, torch {torch.__version__}",
            "figures": figures,
            "sha256": {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files},
        }
        (folder / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")

    fresh = out.with_name(out.name + ".fresh")
    shutil.rmtree(fresh, ignore_errors=True)
    finished(fresh, write)
    old = out.with_name(out.name + ".old")
    if out.exists():
        out.rename(old)
    fresh.rename(out)
    shutil.rmtree(old, ignore_errors=True)


def kept_dictionaries(candidates: dict[str, Dictionary], sliders: list[Direction]) -> dict[str, str]:
    """Candidate name → the folder it is shipped as."""
    chosen: dict[str, list[str]] = {}
    for d in sliders:
        if d.dictionary:
            chosen.setdefault(d.dictionary, []).append(d.role)
    return {n: f"resid_post/layer_{candidates[n].layer}_{'_'.join(roles)}" for n, roles in chosen.items()}


def slider_label(direction: Direction) -> str:
    return "Known − unknown" if direction.latent is None else f"{direction.role.capitalize()} entity"


def evidence(direction: Direction, found: dict) -> str:
    """One sentence for the card."""
    clean, steered = found["clean"], found["steered"]
    what, key, control = "unknown names given an answer", "invented", "random_answered"
    if direction.role == "unknown":
        what, key, control = "known names refused", "refused", "random_refused"
    return (
        f"Test half, +{direction.strength} r, {direction.scope}: {steered.get(key, 0):.0%} of {steered['n']} {what}, "
        f"clean {clean.get(key, 0):.0%}; {found['random_n']} random directions of equal norm: "
        f"mean {found[control + '_mean']:.0%}, largest {found[control + '_max']:.0%}."
    )


def write_entities(world: World, heldout: list[Entity], path: Path) -> None:
    rows = [
        {"name": e.name, "type": e.type, "tier": e.tier, "split": e.split, "fictional": e.fictional, "facts": e.fact}
        for e in (*world.entities, *heldout)
    ]
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    path.write_text(f"[\n{lines}\n]\n", encoding="utf-8")
