"""Fifty people read findings while sixteen streams run, through the app and a worker of its own on this machine.

1. some findings are saved, each the whole first view of Explore
2. the streams alone, for a while: what they are like undisturbed
3. the same streams, and readers who open a finding, look at it for a second or so, and open another
4. the same once more with readers who never pause: what the app can bear

A stream is undisturbed if it ends with `done` and says what a run of the same request says alone; how much slower it
is stands beside. Times are of the whole answer, the connection included.
"""

import asyncio
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.load.answers import answers_of, differs
from benchmarks.load.checks import Check, at_most, figure, percentile
from benchmarks.load.client import Stream, answer, get, kind_of
from benchmarks.load.process import ROOT
from benchmarks.load.requests import Slider, slider

Address = tuple[str, int]
N_FINDINGS = 12
LOOK_S = 1.0
COMPARED = 60
STARTING_S = 90.0


@dataclass
class Seen:
    """Of one phase: seconds of each page and of each run; (request, lines) of some runs."""

    page_s: list[float] = field(default_factory=list)
    run_s: list[float] = field(default_factory=list)
    runs: list[tuple[bytes, list[bytes]]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


async def readers(*, n_readers: int, n_streams: int, seconds: float, seed: int) -> list[Check]:
    rng = random.Random(seed)
    async with _app() as address:
        card = (await get(address, "/api/models"))["models"][0]
        slugs = [await _finding(address, card, user) for user in range(N_FINDINGS)]

        async def phase(n_readers: int, look_s: float) -> Seen:
            seen, end = Seen(), time.monotonic() + seconds
            async with asyncio.TaskGroup() as group:
                for user in range(n_streams):
                    own = random.Random(rng.random())
                    group.create_task(_stream(address, slider(card, user, own), own, end, seen))
                for _ in range(n_readers):
                    group.create_task(_reader(address, slugs, random.Random(rng.random()), look_s, end, seen))
            return seen

        alone = await phase(0, 0.0)
        read = await phase(n_readers, LOOK_S)
        hard = await phase(n_readers, 0.0)
        again = [seen for phase_seen in (read, hard) for seen in phase_seen.runs]
        n_other = 0
        for content, lines in random.Random(seed).sample(again, min(COMPARED, len(again))):
            status, expected = await answer(address, "/api/runs", content)
            n_other += status != 200 or differs(answers_of(lines), answers_of(expected))
    wrong = alone.wrong + read.wrong + hard.wrong
    return [
        at_most(
            f"finding page, p95, {n_readers} readers, {n_streams} streams", percentile(read.page_s, 0.95), 0.15, " s"
        ),
        figure("  p50", percentile(read.page_s, 0.5), " s"),
        figure("  p99", percentile(read.page_s, 0.99), " s"),
        figure("  pages", len(read.page_s)),
        at_most("answers that ended wrongly" + "".join(f"\n    {one}" for one in wrong[:5]), len(wrong), 0),
        at_most("runs that say something else when asked alone", n_other, 0),
        figure("run, p50, streams alone", percentile(alone.run_s, 0.5), " s"),
        figure("run, p50, with readers", percentile(read.run_s, 0.5), " s"),
        figure("runs, streams alone", len(alone.run_s)),
        figure("runs, with readers", len(read.run_s)),
        figure("readers who never pause: page, p95", percentile(hard.page_s, 0.95), " s"),
        figure("  pages a second", len(hard.page_s) / seconds),
        figure("  run, p50", percentile(hard.run_s, 0.5), " s"),
    ]


async def _reader(
    address: Address, slugs: list[str], rng: random.Random, look_s: float, end: float, seen: Seen
) -> None:
    await asyncio.sleep(rng.uniform(0, LOOK_S))
    while time.monotonic() < end:
        began = time.monotonic()
        status, lines = await answer(address, f"/f/{rng.choice(slugs)}")
        seen.page_s.append(time.monotonic() - began)
        if status != 200 or b"</html>" not in lines[-1]:
            seen.wrong.append(f"a page was answered {status}")
        await asyncio.sleep(rng.expovariate(1 / look_s) if look_s else 0)


async def _stream(address: Address, one: Slider, rng: random.Random, end: float, seen: Seen) -> None:
    while time.monotonic() < end:
        for content in one.values(rng):
            began = time.monotonic()
            status, lines = await answer(address, "/api/runs", content)
            seen.run_s.append(time.monotonic() - began)
            if status != 200 or kind_of(lines[-1]) != "done":
                seen.wrong.append(f"a run was answered {status}: {lines[-1][:200]!r}")
            elif rng.random() < 0.1:
                seen.runs.append((content, lines))
            if time.monotonic() > end:
                return


async def _finding(address: Address, card: dict, user: int) -> str:
    pair = card["examples"][user % len(card["examples"])]
    sweeps = [{name: one[name] for name in ("target", "scope", "unit", "strengths")} for one in card["directions"]]
    asked = {"model": card["id"], "prompt": pair[user % len(pair)]["prompt"], "sweeps": sweeps}
    stream = await Stream.open(address)
    try:
        stream.ask("/api/runs", json.dumps(asked).encode())
        async for _ in stream.lines():
            pass
        run_id = stream.headers["x-run-id"]
    finally:
        stream.close()
    view = {"sweep": 0, "strength": sweeps[0]["strengths"][-1]}
    content = json.dumps({"run_id": run_id, "title": f"Finding {user}", "note": "A note. " * 40, "view": view}).encode()
    status, lines = await answer(address, "/api/findings", content)
    if status != 201:
        raise OSError(f"saving was answered {status}: {lines}")
    return json.loads(lines[0])["finding"]["slug"]


@asynccontextmanager
async def _app() -> AsyncIterator[Address]:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = taken.getsockname()
    with tempfile.TemporaryDirectory() as folder, Path(folder, "log").open("w") as log:
        environment = os.environ | {"HOST": address[0], "PORT": str(address[1]), "DATA_DIR": folder}
        process = subprocess.Popen([sys.executable, "-m", "app"], cwd=ROOT, env=environment, stderr=log)
        try:
            async with asyncio.timeout(STARTING_S):
                while not await _ready(address):
                    await asyncio.sleep(0.2)
            yield address
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)


async def _ready(address: Address) -> bool:
    try:
        return (await get(address, "/healthz"))["ready"]
    except OSError:
        return False
