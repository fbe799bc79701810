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

import hashlib
import json
import platform
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import AutoTokenizer

from training.tiny_gemma2.card.examples import choose_examples
from training.tiny_gemma2.card.model_card import model_card, write_card
from training.tiny_gemma2.shipped import CHAT_RESID, RESID, TRANSCODER, direction_row, load_model, load_shipped
from training.tiny_gemma2.dictionaries.activations import at_last_entity_token, at_last_token, document_activations
from training.tiny_gemma2.dictionaries.choice import (
    Say,
    choose_latents,
    choose_vectors,
    clearest_latents,
    offset,
    residual_norms,
)
from training.tiny_gemma2.dictionaries.directions import Direction
from training.tiny_gemma2.dictionaries.residual import TrainedDictionary, save_dictionary, train_core, train_dictionary
from training.tiny_gemma2.dictionaries.transcoders import mlp_pairs, save_transcoder, train_transcoder
from training.tiny_gemma2.evaluation import evaluation as ask
from training.tiny_gemma2.evaluation.evaluation import DirectionPush, Subject
from training.tiny_gemma2.evaluation.report import measure, report
from training.tiny_gemma2.language_model.base import encode_documents, new_model, train_base
from training.tiny_gemma2.language_model.chat import train_chat
from training.tiny_gemma2.language_model.prompts import EntityPrompt
from training.tiny_gemma2.language_model.tokenizer import n_tokens, train_tokenizer
from training.tiny_gemma2.recipe import RECIPE_VERSION, Recipe
from training.tiny_gemma2.language_model.author import ACTIVATIONS, BASE, LATER, TOKENIZER, matched_author, plain_author
from training.tiny_gemma2.world.documents import LATER_MIX, Author, tokenizer_corpus, unknown_share
from training.tiny_gemma2.world.documents import chat as markup
from training.tiny_gemma2.world.entities import TYPES, TrainingEntity, TrainingWorld, build_world, heldout_names
from training.tiny_gemma2.world.sample import sample, write_sample
from training.tiny_gemma2.language_model.sets import one_question_each, statements

# settings that no weight depends on, but of the first the chat model's
CHOOSING = ("n_check", "n_latents", "n_steer", "n_pushed", "n_random", "n_controls")


def build(recipe: Recipe, out: Path, work: Path, say: Say = print) -> None:
    begun = time.time()
    subject, chats, dictionaries = train_all(recipe, work, say)
    best = best_seed(chats)
    sliders = [*choose_latents(subject, of_kind(dictionaries, RESID), say), *choose_vectors(subject, say)]
    for d in sliders:
        if d.threshold is not None:
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


def stage_key(recipe: Recipe, *later: str) -> str:
    """Names the work of a stage: changes with every setting but those that begin with `later`."""
    settings = {k: v for k, v in asdict(recipe).items() if not k.startswith(later)}
    return hashlib.sha256(repr((RECIPE_VERSION, settings)).encode()).hexdigest()[:10]


def write_whole(folder: Path, write: Callable[[Path], None]) -> None:
    """`write` fills a folder that gets its name only when it is whole."""
    unfinished = folder.with_name(folder.name + ".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    write(unfinished)
    unfinished.rename(folder)


def save_pair(model, tokenizer, folder: Path) -> None:
    """In bf16: half the size, and all that follows is trained and measured on the rounded weights."""
    model.to(torch.bfloat16).save_pretrained(folder)
    model.to(torch.float32)
    tokenizer.save_pretrained(folder)


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
        whole = ask.prompt_residuals(subject.chat, prompts, layer)
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


def ship(
    subject: Subject,
    out: Path,
    dictionaries: dict[str, TrainedDictionary],
    sliders: list[Direction],
    seeds: list[dict],
    chosen_seed: int,
    say: Say,
) -> None:
    """Everything that is committed, written whole or not at all."""
    kept = kept_dictionaries(dictionaries, sliders)
    names = {old: new for new, old in kept.items()}
    sliders = [replace(d, dictionary=names[d.dictionary]) if d.dictionary else d for d in sliders]
    labelled = {direction_label(d): d for d in sliders}
    shipped = {new: dictionaries[old] for new, old in kept.items()}

    def write(folder: Path) -> None:
        save_pair(subject.base, subject.tokenizer, folder / "base")
        save_pair(subject.chat, subject.tokenizer, folder / "chat")
        for name, dictionary in shipped.items():
            save = save_transcoder if name.startswith(TRANSCODER) else save_dictionary
            model = "embedded/chat" if name.startswith(CHAT_RESID) else "embedded/base"
            save(dictionary, folder / "dictionaries" / name, model, {})
        said = {}
        for name, d in labelled.items():
            said[name] = evidence(subject, d, shipped.get(d.dictionary or ""))
            say(f"{name}: {said[name]}")
        vectors = {d.name: d for d in sliders if d.latent is None}
        save_file({n: d.vector.contiguous() for n, d in vectors.items()}, folder / "directions.safetensors")
        write_entities(subject.world, subject.heldout, folder / "entities.json")
        write_sample(sample(subject.world, subject.tokenizer, subject.recipe.seed), folder)
        card = model_card(
            {n: d for n, d in shipped.items() if not n.startswith(TRANSCODER)},
            labelled,
            said,
            {name: offset(subject, d) for name, d in labelled.items() if d.latent is None},
            subject.norms,
            subject.chat.config.num_hidden_layers,
            subject.chat.config.hidden_size,
            unknown_share(),
            choose_examples(subject, (labelled["Known latent"], labelled["Unknown latent"]), shipped),
        )
        write_card(card, folder / "model.json")
        files = sorted(p for p in folder.rglob("*") if p.is_file())
        manifest = {
            "recipe_version": RECIPE_VERSION,
            "recipe": asdict(subject.recipe),
            "hardware": f"{platform.machine()}, {torch.get_num_threads()} threads, torch {torch.__version__}",
            "residual_norm": subject.norms,
            "directions": {name: direction_row(d) for name, d in labelled.items()},
            "chat_seed_shipped": chosen_seed,
            "chat_seeds_validation": seeds,
            "sha256": {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files},
        }
        (folder / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")

    fresh = out.with_name(out.name + ".fresh")
    shutil.rmtree(fresh, ignore_errors=True)
    write_whole(fresh, write)
    old = out.with_name(out.name + ".old")
    if out.exists():
        out.rename(old)
    fresh.rename(out)
    shutil.rmtree(old, ignore_errors=True)


def kept_dictionaries(dictionaries: dict[str, TrainedDictionary], sliders: list[Direction]) -> dict[str, str]:
    """The folder it is shipped as → its folder at work. Of a layer's residual SAEs: those with a chosen latent,
    else the first, as `layer_N`."""
    used = [d.dictionary for d in sliders if d.dictionary]
    kept = {}
    for name, d in dictionaries.items():
        if not name.startswith(RESID) or name in used:
            kept[name] = name
        elif not any(dictionaries[u].layer == d.layer for u in used):
            kept.setdefault(f"{RESID}/layer_{d.layer}", name)
    return kept


def direction_label(direction: Direction) -> str:
    if direction.latent is not None:
        return f"{direction.role.capitalize()} latent"
    family = direction.name.rsplit("-", 1)[0]
    return {"known-unknown": "Known − unknown", "known-unknown-probe": "Known − unknown, probe"}.get(
        family, "Refuse − answer"
    )


def evidence(subject: Subject, direction: Direction, dictionary: TrainedDictionary | None) -> str:
    """One sentence for the card, each way of the push with its control."""
    parts = []
    for sign in (1, -1) if direction.latent is None else (1,):
        push = DirectionPush(direction, sign)
        got = ask.effect(subject, push, dictionary, subject.recipe.n_controls)
        wanted = ask.wanted_outcome(push.role)
        what = "unknown names given an answer" if push.role == "known" else "known names refused"
        shares = [k / n for k, n in (got.pushed.share(wanted), got.clean.share(wanted))]
        mean, p95, _ = got.control
        parts.append(
            f"{'+' if sign > 0 else '−'}{direction.strength} r: {shares[0]:.0%} of {len(got.clean.outcomes)} {what}, "
            f"clean {shares[1]:.0%}; {len(got.changes)} controls of equal norm change {mean:.0%} on average, "
            f"95th percentile {p95:.0%}"
        )
    return f"Test half, {direction.scope}, " + "; ".join(parts) + "."


def add_to_manifest(out: Path, **rows) -> None:
    path = out / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8")) | rows
    path.write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")


def write_entities(world: TrainingWorld, heldout: list[TrainingEntity], path: Path) -> None:
    rows = [
        {
            "name": e.name,
            "type": e.type,
            "tier": e.tier,
            "split": e.split,
            "fictional": e.fictional,
            "facts": e.truth,
            "withheld": [attribute for attribute, _ in e.withheld],
            "made_by": e.made_by,
        }
        for e in (*world.entities, *heldout)
    ]
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    path.write_text(f"[\n{lines}\n]\n", encoding="utf-8")
