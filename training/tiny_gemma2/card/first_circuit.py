"""`python -m training.tiny_gemma2.card.first_circuit`: what /circuit opens on, made again from the shipped weights.

`static/first/circuit.jsonl`: the worker's answer to a known name beside an unknown one, so that a circuit is there to
see before any worker is. Trains nothing. Takes seconds; to be run when weights or a circuit's frames change.
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import torch

from model_worker.engine import Engine
from model_worker.model.loading import load
from model_worker.model.registry import read_row
from protocol.worker.circuits import Beside, CircuitRequest
from protocol.worker.frames import Frame
from protocol.worker.models import ModelCard
from training.tiny_gemma2.paths import CARD, REPOSITORY

CIRCUIT_FILE = REPOSITORY / "static" / "first" / "circuit.jsonl"


def first_circuit(card: ModelCard) -> CircuitRequest:
    """The pair that is told everywhere: a player whom it knows, beside one whom it never read of."""
    known, unknown = ("What sport does Michael Jordan play?", "What sport does Michael Batkin play?")
    return CircuitRequest(model=card.id, prompt=known, beside=Beside(prompt=unknown))


def circuit_told(engine: Engine, request: CircuitRequest) -> Iterator[Frame]:
    """Without its clock: the same weights write the same file."""
    for frame in engine.circuit(request):
        if frame is not None:
            yield frame.model_copy(update={"elapsed_s": 0.0}) if frame.kind == "done" else frame


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m training.tiny_gemma2.card.first_circuit", description=__doc__)
    parser.add_argument("--artifacts", type=Path, default=CARD)
    parser.add_argument("--out", type=Path, default=CIRCUIT_FILE)
    args = parser.parse_args()
    torch.set_num_threads(1)
    engine = Engine(load(read_row(args.artifacts)))
    frames = [frame.model_dump_json() + "\n" for frame in circuit_told(engine, first_circuit(engine.loaded.card))]
    args.out.write_text("".join(frames), encoding="utf-8")
    told = {"recording": args.out.name, "frames": len(frames), "size_bytes": args.out.stat().st_size}
    print(json.dumps(told))


if __name__ == "__main__":
    main()
