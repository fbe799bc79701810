"""`python -m training.tiny_gemma2.card.first_view`: what the first view opens on, made again from the shipped weights.

1. the card's examples and the corpus sample, as a build would ship them
2. `static/first/explore.jsonl`: the worker's answer to what the page asks by itself, so that something is there to
   see before any worker is; `known.jsonl`: to the same about a known name, untouched, for the page that explains both

Trains nothing. Takes half a minute; to be run when weights, examples or frames change.
"""

import argparse
import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

import torch

from model_worker.engine import Engine
from model_worker.model.loading import load
from model_worker.model.registry import read_row
from protocol.steering import Sweep
from protocol.worker.frames import Frame
from protocol.worker.models import ModelCard
from protocol.worker.requests import Controls, GenerateRequest
from training.tiny_gemma2.card.examples import choose_examples
from training.tiny_gemma2.card.model_card import write_card
from training.tiny_gemma2.card.sample import FILE, sample, write_sample
from training.tiny_gemma2.card.shipping import add_to_manifest
from training.tiny_gemma2.paths import CARD, REPOSITORY
from training.tiny_gemma2.shipped import Shipped, load_shipped


def opening(card: ModelCard) -> GenerateRequest:
    """What static/explore/explore.js asks before anybody has typed: the first unknown name, every slider's sweep."""
    example = next(example for example in card.examples[0] if example.role == "unknown")
    return GenerateRequest(
        model=card.id,
        prompt=example.prompt,
        sweeps=tuple(
            Sweep(target=d.target, unit=d.unit, scope=d.scope, strengths=d.strengths) for d in card.directions
        ),
        controls=Controls(n_directions=32, seed=0),
        max_new_tokens=32,
    )


def familiar(card: ModelCard) -> GenerateRequest:
    """What static/method shows beside it: the first known name, untouched."""
    example = next(example for example in card.examples[0] if example.role == "known")
    return GenerateRequest(model=card.id, prompt=example.prompt, max_new_tokens=32)


def recording(engine: Engine, request: GenerateRequest) -> Iterator[Frame]:
    """The frames of one run that has the engine to itself."""
    for frame in engine.generate(request):
        if frame is not None:
            yield frame
        engine.advance()


def renew(folder: Path, shipped: Shipped) -> None:
    """Examples and sample, in the card and beside it, and their hashes in the manifest."""
    latents = shipped.directions["Known latent"], shipped.directions["Unknown latent"]
    examples = choose_examples(shipped.subject, latents, shipped.dictionaries)
    card = read_row(folder).card.model_copy(update={"examples": examples, "corpus": FILE})
    write_card(card, folder / "model.json")
    write_sample(sample(shipped.subject.world, shipped.subject.tokenizer, shipped.subject.recipe.seed), folder)
    hashes = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in ("model.json", FILE)}
    add_to_manifest(folder, sha256=dict(sorted((shipped.manifest["sha256"] | hashes).items())))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m training.tiny_gemma2.card.first_view", description=__doc__)
    parser.add_argument("--artifacts", type=Path, default=CARD)
    parser.add_argument("--out", type=Path, default=REPOSITORY / "static" / "first")
    parser.add_argument("--threads", type=int, default=2, help="torch threads")
    args = parser.parse_args()
    os.environ["WANDB_MODE"] = "disabled"  # sae-lens imports wandb, which would ask for an account
    torch.set_num_threads(args.threads)
    renew(args.artifacts, load_shipped(args.artifacts))
    engine = Engine(load(read_row(args.artifacts)))
    card = engine.loaded.card
    args.out.mkdir(parents=True, exist_ok=True)
    for name, request in (("explore", opening(card)), ("known", familiar(card))):
        lines = [frame.model_dump_json().encode() + b"\n" for frame in recording(engine, request)]
        file = args.out / f"{name}.jsonl"
        file.write_bytes(b"".join(lines))
        print(json.dumps({"recording": file.name, "frames": len(lines), "size_bytes": file.stat().st_size}))


if __name__ == "__main__":
    main()
