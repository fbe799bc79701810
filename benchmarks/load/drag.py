"""Mixed load for some time: are texts there soon, are they right, does /health answer, and is nothing left behind.

A last value counts from the moment it was asked to its whole text, which must be the text that the same request gets
from the idle worker.
"""

import os
import random
import time
from collections import Counter

from benchmarks.load import requests
from benchmarks.load.answers import answers_of, differs
from benchmarks.load.checks import Check, at_least, at_most, figure, growth, left_behind, memory, percentile
from benchmarks.load.client import answer
from benchmarks.load.process import Worker, machine_cpu_s
from benchmarks.load.users import N_SLIDERS, Found, Load

WHOLE_S, HEALTH_S = 2.0, 0.1
OBEYED_S = 1.0  # an older run may still end well that long after a newer one was asked


async def drag(
    worker: Worker, card: dict, *, seconds: float, n_users: int, seed: int, n_compared: int, slack: float = 1.0
) -> list[Check]:
    """Of a worker that is ready. n_compared: of the last values, how many are asked again. slack: factor of the times
    that are allowed, for a machine that others use."""
    await _warm(worker, card)
    load = Load(worker, card, n_users, seed, OBEYED_S * slack)
    before = worker.seen()
    ours_s, all_s = time.process_time(), machine_cpu_s()
    settled = await load.during(seconds)
    ended, at_end = worker.seen(), await memory(worker)
    theirs_s, ours_s, all_s = ended.cpu_s - before.cpu_s, time.process_time() - ours_s, machine_cpu_s() - all_s
    left = await left_behind(worker, before)
    found = load.found
    n_different, n_compared = await _different(worker, found, n_compared)
    whole = [run.whole_s for run in found.lasts if run.whole_s is not None]
    first = [run.first_s for run in found.lasts if run.first_s is not None]
    wrong = "".join(f"\n    {what}: {n}" for what, n in Counter(found.wrong).most_common(5))
    return [
        figure("values asked", sum(found.ends.values())),
        *(figure(f"  of which {end}", n) for end, n in found.ends.most_common()),
        at_most(f"streams that ended as they must not{wrong}", len(found.wrong), 0),
        at_least("streams ended by a newer one", found.ends["superseded"], 1),
        figure("  seconds until they were told, p99", percentile(found.superseded_s, 0.99), " s"),
        at_least("last values", len(found.lasts), n_users),
        figure("  first token, median", percentile(first, 0.5), " s"),
        figure("  first token, p99", percentile(first, 0.99), " s"),
        figure("  whole text, median", percentile(whole, 0.5), " s"),
        figure("  whole text, p99", percentile(whole, 0.99), " s"),
        at_most("  whole text, slowest", percentile(whole, 1.0), WHOLE_S * slack, " s"),
        at_most(f"  other text on the idle worker, of {n_compared}", n_different, 0),
        at_least("background runs finished", len(found.background_s), 1),
        figure("  seconds each, median", percentile(found.background_s, 0.5), " s"),
        figure("/health, median", percentile(found.health_s, 0.5), " s"),
        at_most(f"/health, p99 of {len(found.health_s):,}", percentile(found.health_s, 0.99), HEALTH_S * slack, " s"),
        figure("/health, slowest", percentile(found.health_s, 1.0), " s"),
        figure("this client itself late by, p99", percentile(found.lag_s, 0.99), " s"),
        figure("this client itself late by, most", percentile(found.lag_s, 1.0), " s"),
        figure("most runs at once", found.most_running),
        figure("most rows at once", found.most_rows),
        figure("cores in use by the worker", theirs_s / load.took_s),
        figure("cores in use by this client", ours_s / load.took_s),
        figure(f"cores in use by others, of {os.cpu_count()}", (all_s - theirs_s - ours_s) / load.took_s),
        *left,
        growth(settled, at_end),
    ]


async def _warm(worker: Worker, card: dict) -> None:
    """Everything once, so that what is made once is there."""
    rng = random.Random("warm")
    for user in range(N_SLIDERS):
        await answer(worker.address, "/v1/generate?page=warm", next(requests.slider(card, user, rng).values(rng)))
    await answer(worker.address, "/v1/generate?lane=background", requests.background(card, rng))


async def _different(worker: Worker, found: Found, most: int) -> tuple[int, int]:
    """Of the last values, spread over the sitting, those whose texts were not what they are alone; and of how many."""
    whole = [run for run in found.lasts if run.whole_s is not None]
    compared = whole[:: max(1, -(-len(whole) // most))]
    n_different = 0
    for run in compared:
        alone = answers_of((await answer(worker.address, "/v1/generate", run.content))[1])
        n_different += differs(answers_of(run.lines), alone)
    return n_different, len(compared)
