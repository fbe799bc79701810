"""What is shipped, written beside `out` and then swapped in: weights, dictionaries, directions, entities, the card.

Chooses no direction and measures nothing.
"""

import hashlib
import json
import platform
import shutil
from dataclasses import asdict, replace
from pathlib import Path

import torch
from safetensors.torch import save_file

from training.tiny_gemma2.card.examples import choose_examples
from training.tiny_gemma2.card.model_card import model_card, write_card
from training.tiny_gemma2.card.sample import sample, write_sample
from training.tiny_gemma2.dictionaries.choice import (
    Say,
    offset,
)
from training.tiny_gemma2.dictionaries.dictionary import TrainedDictionary, save_dictionary
from training.tiny_gemma2.dictionaries.directions import Direction
from training.tiny_gemma2.dictionaries.stage import CHAT_RESID, RESID, TRANSCODER
from training.tiny_gemma2.dictionaries.transcoders import save_transcoder
from training.tiny_gemma2.evaluation.steering import CONTROLLED_ON, DirectionPush, effect, wanted_outcome
from training.tiny_gemma2.recipe import RECIPE_VERSION
from training.tiny_gemma2.shipped import direction_row
from training.tiny_gemma2.stages import write_whole
from training.tiny_gemma2.subject import Subject
from training.tiny_gemma2.world.documents import unknown_share
from training.tiny_gemma2.world.entities import TrainingEntity, TrainingWorld


def save_pair(model, tokenizer, folder: Path) -> None:
    """In bf16: half the size, and all that follows is trained and measured on the rounded weights."""
    model.to(torch.bfloat16).save_pretrained(folder)
    model.to(torch.float32)
    tokenizer.save_pretrained(folder)


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
            {n: d for n, d in shipped.items() if n.startswith(TRANSCODER)},
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
        got = effect(subject, push, dictionary, subject.recipe.n_controls)
        wanted = wanted_outcome(push.role)
        what = "unknown names given an answer" if push.role == "known" else "known names refused"
        shares = [k / n for k, n in (got.pushed.share(wanted), got.clean.share(wanted))]
        mean, p95, _ = got.control
        parts.append(
            f"{'+' if sign > 0 else '−'}{direction.strength} r̄: {shares[0]:.0%} of {len(got.clean.outcomes)} {what}, "
            f"untouched {shares[1]:.0%}, by whole answers; {len(got.changes)} controls of equal norm change {mean:.0%} "
            f"of {CONTROLLED_ON} first tokens on average, 95th percentile {p95:.0%}"
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
