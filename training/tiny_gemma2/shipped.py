"""What is in `artifacts/`, read back as it was written: the subject, its dictionaries, its directions.

Knows the layout. Measures nothing.
"""

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer

from training.tiny_gemma2.dictionaries.dictionary import TrainedDictionary
from training.tiny_gemma2.dictionaries.directions import Direction
from training.tiny_gemma2.language_model.tokenizer import n_tokens
from training.tiny_gemma2.recipe import Recipe
from training.tiny_gemma2.subject import Subject
from training.tiny_gemma2.world.entities import build_world, heldout_names


@dataclass(frozen=True)
class Shipped:
    """dictionaries   id, the folder below `dictionaries/` → the dictionary; directions by label."""

    subject: Subject
    dictionaries: dict[str, TrainedDictionary]
    directions: dict[str, Direction]
    manifest: dict

    def of_kind(self, kind: str) -> dict[str, TrainedDictionary]:
        return {name: d for name, d in self.dictionaries.items() if name.startswith(f"{kind}/")}


def load_model(folder: Path):
    """In fp32, whatever it is stored in."""
    return AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager", dtype=torch.float32).eval()


def load_trained(folder: Path) -> TrainedDictionary:
    """A folder in sae-lens' format, as `save_dictionary` and `save_transcoder` write it."""
    w = load_file(folder / "sae_weights.safetensors")
    layer = int(folder.name.split("_")[1])
    return TrainedDictionary(layer, w["W_enc"], w["b_enc"], w["W_dec"], w["b_dec"], w["threshold"])


def load_shipped(folder: Path) -> Shipped:
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    recipe = recipe_of(manifest["recipe"])
    tokenizer = AutoTokenizer.from_pretrained(folder / "chat")
    world = build_world(recipe)
    subject = Subject(
        recipe,
        world,
        heldout_names(world, recipe, lambda name: n_tokens(tokenizer, name)),
        tokenizer,
        load_model(folder / "base"),
        load_model(folder / "chat"),
        tuple(manifest["residual_norm"]),
    )
    dictionaries = {
        str(path.parent.relative_to(folder / "dictionaries")): load_trained(path.parent)
        for path in sorted((folder / "dictionaries").rglob("cfg.json"))
    }
    vectors = load_file(folder / "directions.safetensors")
    directions = {label: shipped_direction(row, dictionaries, vectors) for label, row in manifest["directions"].items()}
    return Shipped(subject, dictionaries, directions, manifest)


def recipe_of(row: dict) -> Recipe:
    """A recipe from its JSON, where tuples became lists."""

    def frozen(value):
        return tuple(map(frozen, value)) if isinstance(value, list) else value

    return Recipe(**{f.name: frozen(row[f.name]) for f in fields(Recipe)})


def direction_row(direction: Direction) -> dict:
    """All of a direction but its vector, which the dictionary or `directions.safetensors` has."""
    return {k: v for k, v in asdict(direction).items() if k != "vector"}


def shipped_direction(
    row: dict, dictionaries: dict[str, TrainedDictionary], vectors: dict[str, torch.Tensor]
) -> Direction:
    vector = vectors[row["name"]] if row["latent"] is None else dictionaries[row["dictionary"]].w_dec[row["latent"]]
    return Direction(**row, vector=vector / vector.norm())
