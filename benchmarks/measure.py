"""Interleaved medians of CPU seconds. Knows nothing about models."""

import gc
import statistics
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

Job = Callable[[], float]
"""Does its work once and returns the CPU seconds it took, in whichever process."""


class Key(NamedTuple):
    """A job by who does it, what, and whether all active latents of every token are read."""

    who: str
    what: str
    full: bool


def timed(work: Callable[[], object]) -> Job:
    """Of work in this process: wall clock on a shared machine would measure the neighbours."""

    def job() -> float:
        gc.collect()
        began = time.process_time()
        work()
        return time.process_time() - began

    return job


def medians(jobs: Mapping[Key, Job], rounds: int) -> dict[Key, float]:
    """Every round does every job once, after a round that doesn't count."""
    gc.collect()
    gc.freeze()  # what is loaded by now would be searched for garbage in the middle of some job
    seconds: dict[Key, list[float]] = {key: [] for key in jobs}
    for turn in range(rounds + 1):
        for key, job in jobs.items():
            took = job()
            if turn:
                seconds[key].append(took)
    return {key: statistics.median(values) for key, values in seconds.items()}
