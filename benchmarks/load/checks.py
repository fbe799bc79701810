"""What was found, beside what is allowed."""

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.load.client import get
from benchmarks.load.process import Seen, Worker, within

LEAVING_S = 2.0
GROWTH_SHARE, GROWTH_MIB = 0.05, 20.0


@dataclass(frozen=True)
class Check:
    """`allowed` empty: a figure, that can't fail."""

    what: str
    found: str
    allowed: str = ""
    ok: bool = True


def at_most(what: str, found: float, allowed: float, unit: str = "") -> Check:
    return Check(what, f"{_number(found)}{unit}", f"<= {_number(allowed)}{unit}", found <= allowed)


def at_least(what: str, found: float, allowed: float, unit: str = "") -> Check:
    return Check(what, f"{_number(found)}{unit}", f">= {_number(allowed)}{unit}", found >= allowed)


def figure(what: str, found: float, unit: str = "") -> Check:
    return Check(what, f"{_number(found)}{unit}")


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that such a share of them doesn't exceed; infinite without any."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)] if values else math.inf


async def left_behind(worker: Worker, before: Seen) -> list[Check]:
    """What is still there of all runs, 2 s after the last reader has left."""
    for _ in within(LEAVING_S):
        health = await get(worker.address, "/health")
        now = worker.seen()
        counts = {
            "runs left": (health["running"], 0),
            "rows left": (health["engine"]["rows"], 0),
            "queued left": (health["engine"]["queued"], 0),
            "threads": (now.n_threads, before.n_threads),
            "open files": (now.n_files, before.n_files),
        }
        if all(found <= allowed for found, allowed in counts.values()):
            break
        await asyncio.sleep(0.05)
    complaints = worker.complaints()
    return [
        *(at_most(f"{what}, after {LEAVING_S:g} s", *count) for what, count in counts.items()),
        at_most("complaints in its log" + "".join(f"\n    {row}" for row in complaints[:5]), len(complaints), 0),
    ]


@dataclass(frozen=True)
class Memory:
    """pool_mib: what the worker says that keys and values of answers take; it only ever grows, up to its limit."""

    resident_mib: float
    pool_mib: float


async def memory(worker: Worker) -> Memory:
    health = await get(worker.address, "/health")
    return Memory(worker.seen().resident_mib, health["engine"]["kv_bytes"] / 2**20)


def growth(settled: Memory, end: Memory) -> Check:
    """Since everything had been used once. What the pool grew by counts twice: it grows by being copied, and the old
    copy's memory stays with the process."""
    grown_mib = 2 * (end.pool_mib - settled.pool_mib)
    allowed = settled.resident_mib * (1 + GROWTH_SHARE) + GROWTH_MIB + grown_mib
    what = f"resident memory (settled: {settled.resident_mib:.0f} MiB, pool {grown_mib / 2:+.0f} MiB)"
    return at_most(what, end.resident_mib, allowed, " MiB")


def table(title: str, checks: Sequence[Check]) -> str:
    rows = [f"\n{title}\n{'':56}{'found':>14}{'allowed':>16}"]
    for check in checks:
        what, *more = check.what.split("\n")
        verdict = "" if not check.allowed else "  ok" if check.ok else "  FAILED"
        rows.append("\n".join([f"{what:56}{check.found:>14}{check.allowed:>16}{verdict}", *more]))
    return "\n".join(rows)


def _number(value: float) -> str:
    return f"{value:,.0f}" if isinstance(value, int) or value >= 100 else f"{value:.3g}"
