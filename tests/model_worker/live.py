"""A worker as a process of its own, as the app starts it."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2

ROOT = Path(__file__).parent.parent.parent
TOKEN_VARIABLE = "HALLUCINOSCOPE_WORKER_TOKEN"


def command(card: Path, *options: str) -> list[str]:
    return [sys.executable, "-m", "model_worker", "--cards", str(card), "--threads", "1", *options]


def environment(**more: str) -> dict[str, str]:
    """Ours, without a token that somebody may have set for a worker of his own."""
    return {name: value for name, value in os.environ.items() if name != TOKEN_VARIABLE} | more


@contextmanager
def started(card: Path, *options: str, **more: str) -> Iterator[httpx2.Client]:
    """Listens, but has perhaps not loaded yet. `more` goes into its environment."""
    process = subprocess.Popen(
        command(card, "--exit-with-parent", *options),
        cwd=ROOT,
        env=environment(**more),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        url = json.loads(process.stdout.readline())["listening"]
        with httpx2.Client(base_url=url, timeout=30) as client:
            yield client
    finally:
        process.stdin.close()
        assert process.wait(timeout=10) == 0, "a worker ends when its parent's pipe closes"


def wait_until(true: Callable[[], object], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.02)


def wait_until_ready(client: httpx2.Client) -> None:
    wait_until(lambda: client.get("/health").json()["ready"], 60)
