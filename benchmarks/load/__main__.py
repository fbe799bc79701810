"""`make load`: does a worker stay whole, and quick, under a load that no one user makes.

    python -m benchmarks.load drag --minutes 10
    python -m benchmarks.load vanish --times 1000
    python -m benchmarks.load readers --seconds 60

Each starts a worker of its own with the embedded model (the last one an app too), prints one table, and ends with 1
if anything in it failed.
"""

import argparse
import asyncio
import sys
from pathlib import Path

from benchmarks.load.checks import Check, table
from benchmarks.load.client import get
from benchmarks.load.drag import drag
from benchmarks.load.process import ROOT, Worker, started
from benchmarks.load.readers import readers
from benchmarks.load.vanish import vanish

CACHE_MIB = "16"  # of prompts: full within the first minute, so that later growth is a leak


def main() -> None:
    options = _options()
    if options.what == "readers":
        return _tell(options, asyncio.run(_read(options)))
    with started("--prompt-cache-mib", CACHE_MIB, root=options.tree) as worker:
        checks = asyncio.run(_checks(worker, options))
    _tell(options, checks)


def _tell(options: argparse.Namespace, checks: list[Check]) -> None:
    title = f"{options.what}: " + ", ".join(f"{key} {value}" for key, value in vars(options).items() if key != "what")
    print(table(title, checks), flush=True)
    sys.exit(not all(check.ok for check in checks))


async def _read(options: argparse.Namespace) -> list[Check]:
    return await readers(
        n_readers=options.readers, n_streams=options.streams, seconds=options.seconds, seed=options.seed
    )


async def _checks(worker: Worker, options: argparse.Namespace) -> list[Check]:
    card = await ready(worker)
    if options.what == "vanish":
        return await vanish(worker, card, times=options.times, seed=options.seed)
    return await drag(
        worker,
        card,
        seconds=options.minutes * 60,
        n_users=options.users,
        seed=options.seed,
        n_compared=options.compared,
    )


async def ready(worker: Worker) -> dict:
    """The card of its model, once that is loaded."""
    while not (health := await get(worker.address, "/health"))["ready"]:
        if health["failed"]:
            raise RuntimeError(health["failed"])
        await asyncio.sleep(0.1)
    models = (await get(worker.address, "/v1/models"))["models"]
    return next(card for card in models if card["id"] == health["model"])


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load", description="A worker under load.")
    whats = parser.add_subparsers(dest="what", required=True)
    for what, text in (
        ("drag", "sliders, a background run, /health"),
        ("vanish", "clients that are gone"),
        ("readers", "pages of findings"),
    ):
        own = whats.add_parser(what, help=text)
        own.add_argument("--seed", type=int, default=0)
        if what != "readers":
            own.add_argument("--tree", type=Path, default=ROOT, help="whose worker it is: a copy with a fault put in")
        if what == "readers":
            own.add_argument("--seconds", type=float, default=60.0, help="of each of three phases")
            own.add_argument("--readers", type=int, default=50)
            own.add_argument("--streams", type=int, default=16)
        elif what == "drag":
            own.add_argument("--minutes", type=float, default=10.0)
            own.add_argument("--users", type=int, default=16)
            own.add_argument("--compared", type=int, default=400, help="last values that are asked again, at most")
        else:
            own.add_argument("--times", type=int, default=1000)
    return parser.parse_args()


if __name__ == "__main__":
    main()
