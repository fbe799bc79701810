"""Trains the dictionaries from what was harvested, layer by layer; what is there already is not made again.

    python -m training.gemma3_270m.dictionaries.stage WORK CARD LAYER [--from LAYER] [--steps N]

WORK holds harvests (folders of `activations.Kept`). A layer begins at its neighbour's weights where one is named, so
that latents keep their numbers from layer to layer. Knows nothing about names or tuning.
"""

import argparse
from pathlib import Path

import torch

from training.gemma3_270m.dictionaries.activations import Kept
from training.gemma3_270m.dictionaries.stored import save_half
from training.gemma3_270m.dictionaries.trainer import Plan, Weights, train

MODEL = "google/gemma-3-270m"


def gathered(folders: list[Path], layer: int) -> tuple[torch.Tensor, torch.Tensor]:
    """All harvests as one: (tokens, d_model) and indices of last tokens of names."""
    kept = [Kept(folder) for folder in folders]
    parts = [one.layer(layer) for one in kept]
    names, before = [], 0
    for one, part in zip(kept, parts, strict=True):
        names.append(one.names() + before)
        before += len(part)
    return torch.cat(parts), torch.cat(names)


def trained_layer(work: Path, card: Path, layer: int, begun_at: int | None, plan: Plan, say=print) -> Path:
    folder = card / f"dictionaries/resid_post/layer_{layer}"
    if (folder / "cfg.json").exists():
        return folder
    harvests = sorted(p.parent for p in work.glob("*/about.json"))
    x, names = gathered(harvests, layer)
    say(f"layer {layer}: {len(x)} tokens, {len(names)} of them last ones of names")
    start = Weights(*torch.load(work / f"weights_{begun_at}.pt")) if begun_at is not None else None
    dictionary, weights = train(x, names, layer, plan, say, start)
    torch.save(weights.all(), work / f"weights_{layer}.pt")
    about = {"training_tokens": plan.steps * plan.batch, "harvested_tokens": len(x), "begun_at_layer": begun_at}
    save_half(dictionary, folder, MODEL, {k: v for k, v in about.items() if v is not None})
    return folder


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("work", type=Path)
    parser.add_argument("card", type=Path)
    parser.add_argument("layer", type=int)
    parser.add_argument("--from", dest="begun_at", type=int)
    parser.add_argument("--steps", type=int, default=Plan().steps)
    parser.add_argument("--threads", type=int, default=1)
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    trained_layer(asked.work, asked.card, asked.layer, asked.begun_at, Plan(steps=asked.steps))
