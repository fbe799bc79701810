"""What of known and unknown is found at names' last tokens: curves by layer, vectors, single latents.

    python -m training.gemma3_270m.directions.stage READINGS CARD OUT

Fitted and chosen on names of tuning and validation, told on names of the test split. Knows nothing about steering.
"""

import argparse
import json
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from training.gemma3_270m.dictionaries.stored import read_half
from training.gemma3_270m.directions.latents import best, clearest
from training.gemma3_270m.directions.readings import RECALLED, NameReadings
from training.gemma3_270m.directions.recognition import TwoSides, curves, halves, mean_difference

VECTOR_LAYERS = (3, 4, 6, 8)


def vector_name(layer: int) -> str:
    return f"known-unknown-{layer}"


def fitted_sides(readings: NameReadings, layer: int) -> TwoSides:
    return halves(readings.softened, readings.by_layer[layer])[0]


def vectors(readings: NameReadings, layers=VECTOR_LAYERS) -> dict[str, tuple[int, Tensor, float]]:
    """name → (layer, known - unknown of norm 1, offset: its mean projection over both sides)."""
    out = {}
    for layer in layers:
        fit = fitted_sides(readings, layer)
        found = mean_difference(fit, readings.labelled_types)
        unit = found / found.norm()
        middle = float(((fit.known.x @ unit).mean() + (fit.unknown.x @ unit).mean()) / 2)
        out[vector_name(layer)] = (layer, unit, round(middle, 4))
    return out


def told_directions(readings: NameReadings, card: Path) -> dict:
    """For report and card."""
    types = [t for t in RECALLED if t in readings.labelled_types]
    out: dict = {
        "strict": curves(readings.names, readings.by_layer, types),
        "softened": curves(readings.softened, readings.by_layer, readings.labelled_types),
        "types": types,
        "latents": {},
    }
    for folder in sorted((card / "dictionaries/resid_post").glob("layer_*"), key=lambda p: int(p.name[6:])):
        layer, dictionary = int(folder.name[6:]), read_half(folder)
        fit, test = halves(readings.softened, readings.by_layer[layer])
        found = best(dictionary, fit, test, readings.labelled_types)
        carded = json.loads((folder / "cfg.json").read_text())["metadata"].get("clearest", {})
        found["core"] = {
            role: clearest(dictionary, int(latent), role, test, readings.labelled_types)
            for role, (latent, _) in carded.items()
        }
        out["latents"][layer] = found
    return out


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("readings", "card", "out"):
        parser.add_argument(name, type=Path)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    read = NameReadings.load(asked.readings)
    made = vectors(read)
    save_file({name: unit for name, (_, unit, _) in made.items()}, asked.card / "directions.safetensors")
    told = told_directions(read, asked.card)
    told["vectors"] = {name: [layer, offset] for name, (layer, _, offset) in made.items()}
    asked.out.write_text(json.dumps(told, indent=1))
