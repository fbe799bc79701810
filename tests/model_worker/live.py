"""A worker that listens: as a process of its own, as the app starts it, or on a thread, which imports nothing anew."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import uvicorn

from model_worker.engine import Engine
from model_worker.model.loading import load
from model_worker.model.registry import read_row
from model_worker.serve.server import create_server

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
        with httpx2.Client(base_url=url, timeout=60) as client:
            yield client
    finally:
        process.stdin.close()
        assert process.wait(timeout=60) == 0, "a worker ends when its parent's pipe closes"


@contextmanager
def serving(folder: Path, **engine: int) -> Iterator[str]:
    """Where a worker listens that holds the model of this card's folder and is ready. engine: more for its Engine."""
    row = read_row(folder)
    config = uvicorn.Config(create_server(row, lambda _say: Engine(load(row), row=row, **engine)), log_level="warning")
    server, listener = uvicorn.Server(config), socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    url = "http://{}:{}".format(*listener.getsockname())
    try:
        with httpx2.Client(base_url=url, timeout=60) as client:
            wait_until_ready(client)
        yield url
    finally:
        server.should_exit = True
        thread.join(60)


def wait_until(true: Callable[[], object], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.02)


def wait_until_ready(client: httpx2.Client) -> None:
    wait_until(lambda: client.get("/health").json()["ready"], 180)
