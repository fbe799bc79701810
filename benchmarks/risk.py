"""`python -m benchmarks.risk`: what the risk strip costs: CPU seconds of whole runs with it and without, interleaved.

The page's first question answered once, and sampled sixteen times; no steering, no controls. Nothing here is a test.
"""

import argparse
from functools import partial

import torch

from benchmarks.measure import Key, medians, timed
from model_worker.engine import Engine
from model_worker.model.loading import load
from model_worker.model.registry import read_registry, row_of
from protocol.worker.requests import GenerateRequest, Sampling
from tests.model_worker.driving import answer

SAMPLED = Sampling(temperature=1.0, n_samples=16)


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.risk", description=__doc__)
    parser.add_argument("--model", default=next(iter(read_registry())))
    parser.add_argument("--rounds", type=int, default=40)
    options = parser.parse_args()
    torch.set_num_threads(1)
    row = row_of(read_registry(), options.model)
    engine = Engine(load(row), row=row)
    prompt = row.card.examples[0][0].prompt
    asked = {
        "one answer": GenerateRequest(model=options.model, prompt=prompt),
        "sixteen samples": GenerateRequest(model=options.model, prompt=prompt, sampling=SAMPLED),
    }
    jobs = {
        Key(who, what, False): timed(partial(answer, engine, request.model_copy(update={"risk": risk})))
        for what, request in asked.items()
        for who, risk in (("with", True), ("without", False))
    }
    took = medians(jobs, options.rounds)
    print("| run | without, CPU ms | with, CPU ms | with ÷ without |")
    print("|---|---|---|---|")
    for what in asked:
        plain, told = (1000 * took[Key(who, what, False)] for who in ("without", "with"))
        print(f"| {what} | {plain:.1f} | {told:.1f} | {told / plain:.3f} |")


if __name__ == "__main__":
    main()
