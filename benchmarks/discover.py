"""`python -m benchmarks.discover`: what a search for latents costs beside a bare forward pass over the same names.

1. the names of the embedded model's world, in the batches in which a search reads them
2. interleaved, CPU seconds, medians: transformers' own pass, ours, ours with latents counted and baselines summed
3. a whole search, from its request to `done`; its longest step
4. peak memory of a search with 500 and with 3,000 names, each in a process of its own

Nothing here is a test.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Generator, Iterator

import torch
import transformers
from transformers import AutoModelForCausalLM

from benchmarks.measure import Key, medians, timed
from model_worker.engine import Engine
from model_worker.model.base import Base
from model_worker.model.loading import load
from model_worker.model.registry import card_folders, read_row
from model_worker.studies.discover.probe import Directed, fitted
from model_worker.studies.discover.reading import at_names, chunks, name_batches
from model_worker.studies.discover.tally import FiringCounter
from model_worker.studies.shared.names import NameSet, Taken, in_statement, names_of
from protocol.worker.frames import Frame
from protocol.worker.names import GivenName, GivenNames, WorldNames
from protocol.worker.studies import DiscoverRequest

AT_MOST = 1.3
SIZES = (500, 3_000)
MODEL, OURS = "transformers", "ours"


def main() -> None:
    options = _options()
    torch.set_num_threads(options.threads)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    if options.memory is not None:
        print(json.dumps(_searched(options.memory)))
        return
    print(f"CPU time, median of {options.rounds} round(s), {options.threads} thread(s)")
    found = _passes(options.rounds)
    whole = _searched(None)
    print(
        f"a whole search of the world's {whole['n_names']:,} names: {whole['cpu_s']:.1f} s of CPU, "
        f"{whole['elapsed_s']:.1f} s by the clock, its longest step {1000 * whole['longest_s']:.0f} ms of CPU"
    )
    sizes = {n: _in_its_own_process(n, options.threads) for n in SIZES}
    few, many = (sizes[n]["peak_mib"] for n in SIZES)
    for n, one in sizes.items():
        print(
            f"  {n:,} names: peak {one['peak_mib']:.0f} MiB, {one['peak_mib'] - one['loaded_mib']:.0f} of them after "
            f"loading, {1000 * one['cpu_s'] / n:.2f} ms a name"
        )
    print(f"  {SIZES[1] - SIZES[0]:,} more names: {many - few:+.0f} MiB")
    print(json.dumps({"ms_a_name": found, "whole": whole, "memory": sizes}))


def _passes(rounds: int) -> dict[str, float]:
    """Of all labelled names of the training half."""
    row = read_row(card_folders()[0])
    loaded = load(row)
    gemma = Base(loaded, row).part().gemma
    assert loaded.card.base
    model = AutoModelForCausalLM.from_pretrained(
        row.folder / loaded.card.base, dtype=torch.float32, attn_implementation="eager"
    ).eval()
    cells = chunks(_taken(names_of(loaded, WorldNames(), in_statement(loaded, None))), "train")
    layers = sorted({one.layer for one in loaded.card.dictionaries if one.trained_on == "base"})
    dictionaries = {
        one.layer: loaded.dictionaries[one.id] for one in loaded.card.dictionaries if one.trained_on == "base"
    }
    read = [few for chunk in cells for few in name_batches(gemma, chunk.names, None)]
    own = [one for few in read for one in few]
    sample = fitted(own, len(layers), gemma.shape.d_model, 0)

    @torch.inference_mode()
    def transformers_own() -> None:
        for few in read:
            ids = torch.tensor([one.placed.ids for one in few])
            model.model(ids, use_cache=False)

    def bare() -> None:
        for few in read:
            at_names(gemma, few, layers[-1:])

    def counted() -> None:
        firing = {layer: FiringCounter(dictionary) for layer, dictionary in dictionaries.items()}
        directed = Directed(layers, sample)
        for few in read:
            residuals = at_names(gemma, few, layers)
            for layer, one in firing.items():
                one.see(residuals[layer])
            directed.see(few, residuals)

    jobs = {
        Key(MODEL, "bare pass", False): timed(transformers_own),
        Key(OURS, "bare pass", False): timed(bare),
        Key(OURS, "with latents and baselines", True): timed(counted),
    }
    seconds = medians(jobs, rounds)
    print(f"{len(own):,} names in {len(read)} batches, {len(dictionaries)} dictionaries")
    told = {f"{key.who}, {key.what}": 1000 * value / len(own) for key, value in seconds.items()}
    for what, value in told.items():
        print(f"  {what:<40}{value:8.3f} ms a name")
    theirs, ours, whole = seconds.values()
    for what, value in (("transformers' bare pass", whole / theirs), ("our own bare pass", whole / ours)):
        print(f"  reading / {what:<30}{value:8.2f}   <= {AT_MOST} {'ok' if value <= AT_MOST else 'short'}")
    return told


def _taken(reading: Generator[None, None, NameSet]) -> tuple[Taken, ...]:
    while True:
        try:
            next(reading)
        except StopIteration as whole:
            return whole.value.taken


def _searched(n: int | None) -> dict[str, float]:
    """A whole search: of the world's names, or of `n` made-up ones."""
    row = read_row(card_folders()[0])
    loaded = load(row)
    engine = Engine(loaded, row=row)
    engine.base.part()
    names = WorldNames() if n is None else _made_up(n)
    before, began, cpu = _peak_mib(), time.perf_counter(), time.process_time()
    longest, n_names = 0.0, 0
    for took, frame in _steps(engine.study(DiscoverRequest(model=loaded.card.id, names=names))):
        longest = max(longest, took)
        if frame is not None and frame.kind == "study":
            n_names = len(frame.names)
    return {
        "n_names": n_names,
        "elapsed_s": round(time.perf_counter() - began, 2),
        "cpu_s": round(time.process_time() - cpu, 2),
        "longest_s": round(longest, 3),
        "loaded_mib": round(before, 1),
        "peak_mib": round(_peak_mib(), 1),
    }


def _steps(stream: Iterator[Frame | None]) -> Iterator[tuple[float, Frame | None]]:
    """CPU seconds of each, and what it said."""
    began = time.process_time()
    for frame in stream:
        yield time.process_time() - began, frame
        began = time.process_time()


def _made_up(n: int) -> GivenNames:
    names = (
        GivenName(name=f"{'Ada' if k % 2 else 'Bob'} {k:05}", type="player", label="unknown" if k % 2 else "known")
        for k in range(n)
    )
    return GivenNames(names=tuple(names), match_lengths=False)


def _in_its_own_process(n: int, threads: int) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.discover", "--memory", str(n), "--threads", str(threads)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.discover", description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--memory", type=int, metavar="NAMES", help="one search, for its memory")
    return parser.parse_args()


if __name__ == "__main__":
    main()
