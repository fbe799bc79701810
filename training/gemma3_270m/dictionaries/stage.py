"""Trains the dictionaries from what was harvested, layer by layer; what is there already is not made again.

    python -m training.gemma3_270m.dictionaries.stage WORK CARD LAYER [--from LAYER] [--core NAMES] [--steps N]

WORK holds harvests (folders of `activations.Kept`). A layer begins at its neighbour's weights where one is named, so
that latents keep their numbers from layer to layer; with `--core`, its first latents are a core of `core.py`.
"""

import argparse
from pathlib import Path

import torch
from torch import Tensor

from training.gemma3_270m.dictionaries.activations import Kept
from training.gemma3_270m.dictionaries.core import N_LATENTS, chosen_core
from training.gemma3_270m.dictionaries.stored import save_half
from training.gemma3_270m.dictionaries.trainer import Plan, TrainerWeights, ruler_of, train
from training.gemma3_270m.directions.readings import NameReadings
from training.gemma3_270m.directions.recognition import halves

MODEL = "google/gemma-3-270m"
CORE_SEEDS, CORE_TOKENS = range(6), 30_000


def gathered(folders: list[Path], layer: int) -> tuple[Tensor, Tensor]:
    """All harvests as one: (tokens, d_model) and indices of last tokens of names."""
    kept = [Kept(folder) for folder in folders]
    parts = [one.layer(layer) for one in kept]
    names, before = [], 0
    for one, part in zip(kept, parts, strict=True):
        names.append(one.names() + before)
        before += len(part)
    return torch.cat(parts), torch.cat(names)


def trained_layer(
    work: Path, card: Path, layer: int, begun_at: int | None, plan: Plan, say=print, readings: Path | None = None
) -> Path:
    """begun_at: the layer whose weights are gone on from. readings: of names with labels, for a core."""
    folder = card / f"dictionaries/resid_post/layer_{layer}"
    if (folder / "cfg.json").exists():
        return folder
    harvests = sorted(p.parent for p in work.glob("*/about.json"))
    x, names = gathered(harvests, layer)
    say(f"layer {layer}: {len(x)} tokens, {len(names)} of them last ones of names")
    start = TrainerWeights(*torch.load(work / f"weights_{begun_at}.pt")) if begun_at is not None else None
    about: dict = {"training_tokens": plan.steps * plan.batch, "harvested_tokens": len(x)}
    if begun_at is not None:
        about["begun_at_layer"] = begun_at
    core = None
    if readings is not None:
        read, ruler = NameReadings.load(readings), ruler_of(x)
        fit, _ = halves(read.softened, read.by_layer[layer])
        some = x[torch.randperm(len(x), generator=torch.Generator().manual_seed(0))[:CORE_TOKENS]]
        chosen = chosen_core(
            ruler.measured(some), ruler.measured(x[names]), layer, ruler, fit, read.labelled_types, CORE_SEEDS, say
        )
        about["clearest"] = {role: list(found) for role, found in chosen.clearest.items()}
        core = chosen.dictionary
        plan = plan.smaller_by(N_LATENTS)
        start = start and TrainerWeights(
            *(t[: plan.levels[-1]] if len(t) > plan.levels[-1] else t for t in start.all())
        )
    dictionary, weights = train(x, names, layer, plan, say, start, core)
    torch.save(weights.all(), work / f"weights_{layer}.pt")
    save_half(dictionary, folder, MODEL, about)
    return folder


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("work", type=Path)
    parser.add_argument("card", type=Path)
    parser.add_argument("layer", type=int)
    parser.add_argument("--from", dest="begun_at", type=int)
    parser.add_argument("--core", type=Path)
    parser.add_argument("--steps", type=int, default=Plan().steps)
    parser.add_argument("--threads", type=int, default=1)
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    trained_layer(asked.work, asked.card, asked.layer, asked.begun_at, Plan(steps=asked.steps), readings=asked.core)
