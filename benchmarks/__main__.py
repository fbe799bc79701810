"""`make bench`: what a sweep costs, as ratios in one interleaved run.

Jobs, on each model: one generation of ours (baseline arm only), our sweep (baseline and 20 strengths in
one batch), and the named peer, transformers' `generate` with a forward hook on the same layer: one
generation, 21 in turn, and 21 rows in one padded batch with a strength a row. All read every token's watched
latents except the peers, which read nothing: their figures flatter them.

Every round runs every job once; the table has medians of process CPU seconds (wall clock on a
shared machine measures the neighbours) after one warm-up round. Nothing here is a test.
"""

import argparse
import dataclasses
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from model_worker.generate import generate
from model_worker.loading import Loaded, load
from model_worker.registry import SHIPPED, read_row
from protocol.frames import Start
from protocol.requests import Controls, GenerateRequest
from protocol.steering import Sweep
from tests.worker import random_gemma

STRENGTHS = tuple(round(-0.5 + 0.1 * k, 1) for k in range(21) if k != 5)  # with the baseline, 21 arms
RANDOM_TINY = random_gemma.Shape(d_model=128, n_layers=8, d_ff=512, head_dim=32, sliding_window=64, d_sae=16_384)


def main() -> None:
    options = _options()
    torch.set_num_threads(options.threads)
    with tempfile.TemporaryDirectory() as folder:
        random_gemma.write(Path(folder), shape=RANDOM_TINY)
        models = {
            "embedded, as it is": load(read_row(SHIPPED[0])),
            "random tiny, 32 tokens": _endless(load(read_row(Path(folder)))),
        }
        rows = {name: _measure(_jobs(loaded), options.rounds) for name, loaded in models.items()}
    for name, medians in rows.items():
        print(f"\n{name}: CPU seconds, median of {options.rounds}, {options.threads} thread(s)")
        for job, seconds in medians.items():
            print(f"  {job:<44} {seconds:8.4f}")
        for ratio, value in _ratios(medians).items():
            print(f"  {ratio:<44} {value:8.2f} x")
    print(json.dumps({name: {"seconds": medians, "ratios": _ratios(medians)} for name, medians in rows.items()}))


def _endless(loaded: Loaded) -> Loaded:
    return dataclasses.replace(loaded, stop_ids=frozenset())


def _jobs(loaded: Loaded) -> dict[str, Callable[[], None]]:
    direction = loaded.card.directions[0]
    one = GenerateRequest(
        model=loaded.card.id,
        prompt="What sport does Michael Batkin play?",
        controls=Controls(n_directions=0),
        max_new_tokens=32,
    )
    sweep = Sweep(target=direction.target, scope=direction.scope, strengths=STRENGTHS)
    many = one.model_copy(update={"sweeps": (sweep,)})
    start = next(generate(loaded, many))
    peer = Peer(loaded, start)

    def run(request: GenerateRequest) -> None:
        for _ in generate(loaded, request):
            pass

    def serial() -> None:
        for arm in start.arms:
            peer.generate([arm.alpha])

    return {
        "ours: one generation": lambda: run(one),
        "ours: sweep of 21": lambda: run(many),
        "transformers + hook: one generation": lambda: peer.generate([start.arms[0].alpha]),
        "transformers + hook: 21 in turn": serial,
        "transformers + hook: 21 rows, one batch": lambda: peer.generate([arm.alpha for arm in start.arms]),
    }


class Peer:
    """`model.generate` with a hook that adds alpha * d to the prompt pass, a strength a row."""

    def __init__(self, loaded: Loaded, start: Start) -> None:
        self._loaded = loaded
        self._ids = torch.tensor([[token.id for token in start.tokens]])
        used, target = start.sweeps[0], start.request.sweeps[0].target
        self._layer = loaded.layers[used.layer]
        self._unit = torch.zeros(len(start.tokens), loaded.card.d_model)
        self._unit[list(used.positions)] = loaded.dictionaries[target.dictionary].W_dec[target.latent]

    def generate(self, alphas: list[float]) -> Tensor:
        delta = torch.tensor(alphas).view(-1, 1, 1) * self._unit

        def hook(_module: object, _inputs: tuple, out: Tensor) -> Tensor | None:
            return out + delta if out.shape[1] == self._unit.shape[0] else None

        handle = self._layer.register_forward_hook(hook)
        stop = sorted(self._loaded.stop_ids) or None
        try:
            with torch.inference_mode():
                return self._loaded.model.generate(
                    self._ids.expand(len(alphas), -1),
                    attention_mask=torch.ones(len(alphas), self._ids.shape[1], dtype=torch.long),
                    max_new_tokens=32,
                    min_new_tokens=None if stop else 32,
                    do_sample=False,
                    eos_token_id=stop,
                    pad_token_id=0,
                )
        finally:
            handle.remove()


def _measure(jobs: dict[str, Callable[[], None]], rounds: int) -> dict[str, float]:
    seconds: dict[str, list[float]] = {name: [] for name in jobs}
    for turn in range(rounds + 1):
        for name, job in jobs.items():
            began = time.process_time()
            job()
            if turn:
                seconds[name].append(time.process_time() - began)
    return {name: statistics.median(values) for name, values in seconds.items()}


def _ratios(medians: dict[str, float]) -> dict[str, float]:
    one, sweep, peer_one, peer_serial, peer_batch = medians.values()
    return {
        "our sweep / our one generation": sweep / one,
        "21 peer generations in turn / our sweep": peer_serial / sweep,
        "peer's batch of 21 / our sweep": peer_batch / sweep,
        "one peer generation / ours": peer_one / one,
    }


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


main()
