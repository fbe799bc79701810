"""`python -m benchmarks.circuits.first_view --models tiny-gemma2-chat gemma-3-270m`: a circuit's time, by part.

Two prompts about names, as the page asks first. A worker's first circuit reads its roles, later ones have them: both
are told. A turn of sixteen strengths of a group besides. CPU seconds and seconds by the clock, medians of the rounds,
of frames as built, before they become JSON.

Nothing here is a test.
"""

import argparse
import statistics
import time
from collections.abc import Generator, Iterator
from typing import NamedTuple

import torch

from model_worker.circuits.circuit import circuit
from model_worker.circuits.groups.roles import RoleBook
from model_worker.circuits.groups.turn import turned
from model_worker.circuits.inquiry import read_inquiry
from model_worker.circuits.sequence_pass import widened
from model_worker.model.gemma import Gemma
from model_worker.model.loading import Loaded, load
from model_worker.model.registry import read_registry, row_of
from protocol.circuit import BASES
from protocol.worker.circuits import Beside, CircuitRequest, TurnRequest
from protocol.worker.frames import Frame

JORDAN_BATKIN = ("What sport does Michael Jordan play?", "What sport does Michael Batkin play?")
TURNED_GROUP = "which_name"
TURN_TO = tuple(step / 10 for step in range(16))
ROLES_READ, FIRST_NODES, READ_BEFORE, ROLES_TOO = (
    "roles, once",
    "first nodes",
    "whole, roles read before",
    "whole, roles too",
)


class Spent(NamedTuple):
    """Seconds."""

    cpu: float
    wall: float


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.circuits.first_view", description=__doc__)
    parser.add_argument("--models", nargs="+", default=["tiny-gemma2-chat"])
    parser.add_argument("--bases", nargs="+", default=["latents", "neurons"], choices=list(BASES))
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--prompts", nargs=2, default=JORDAN_BATKIN)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    for model in options.models:
        loaded = load(row_of(read_registry(), model))
        gemma = widened(loaded.gemma)
        for basis in options.bases:
            a, b = options.prompts
            request = CircuitRequest(model=model, prompt=a, beside=Beside(prompt=b), basis=basis)
            print(f"\n{model}, {basis}, {options.threads} threads, {options.rounds} rounds: {a} | {b}", flush=True)
            rounds = [parts_of(loaded, gemma, request) for _ in range(options.rounds)]
            for part in rounds[0]:
                cpu, wall = (statistics.median(kind) for kind in zip(*(one[part] for one in rounds), strict=True))
                print(f"{part:26}{cpu:8.2f} CPU s {wall:8.2f} s", flush=True)


def parts_of(loaded: Loaded, gemma: Gemma, request: CircuitRequest) -> dict[str, Spent]:
    book = RoleBook()
    found = {ROLES_READ: _all(book.roles(read_inquiry(loaded, gemma, request)))}
    whole = Spent(0.0, 0.0)
    for frame, spent in timed(circuit(loaded, gemma, book, request)):
        found[frame.kind] = _more(found.get(frame.kind, Spent(0.0, 0.0)), spent)
        whole = _more(whole, spent)
        if frame.kind == "nodes":
            found.setdefault(FIRST_NODES, whole)
    found[READ_BEFORE], found[ROLES_TOO] = whole, _more(whole, found[ROLES_READ])
    turn = TurnRequest(circuit=request, group=TURNED_GROUP, strengths=TURN_TO)
    found[f"turn, {len(TURN_TO)} strengths"] = _all(turned(loaded, gemma, book, turn))
    return found


def timed(steps: Iterator[Frame | None]) -> Iterator[tuple[Frame, Spent]]:
    """Each frame, with what was spent since the one before."""
    cpu, wall = time.process_time(), time.perf_counter()
    for frame in steps:
        if frame is not None:
            now_cpu, now_wall = time.process_time(), time.perf_counter()
            yield frame, Spent(now_cpu - cpu, now_wall - wall)
            cpu, wall = now_cpu, now_wall


def _all(steps: Generator[object, None, object]) -> Spent:
    cpu, wall = time.process_time(), time.perf_counter()
    for _ in steps:
        pass
    return Spent(time.process_time() - cpu, time.perf_counter() - wall)


def _more(one: Spent, other: Spent) -> Spent:
    return Spent(one.cpu + other.cpu, one.wall + other.wall)


if __name__ == "__main__":
    main()
