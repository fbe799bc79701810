"""A worker as a process of its own, and what can be seen of it from outside."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).parent.parent.parent
COMPLAINTS = ("WARNING", "ERROR", "CRITICAL", "Traceback", "Exception")


@dataclass(frozen=True)
class Seen:
    """What the kernel knows of it at a moment."""

    n_threads: int
    n_files: int
    resident_mib: float
    cpu_s: float


@dataclass(frozen=True)
class Worker:
    pid: int
    address: tuple[str, int]
    log: Path

    def seen(self) -> Seen:
        folder = Path("/proc", str(self.pid))
        status = dict(row.split(":", 1) for row in (folder / "status").read_text().splitlines())
        times = (folder / "stat").read_text().rsplit(")", 1)[1].split()
        return Seen(
            n_threads=int(status["Threads"]),
            n_files=len(list((folder / "fd").iterdir())),
            resident_mib=int(status["VmRSS"].split()[0]) / 1024,
            cpu_s=(int(times[11]) + int(times[12])) / os.sysconf("SC_CLK_TCK"),
        )

    def complaints(self) -> list[str]:
        """What it logged that is more than information or progress."""
        return [row for row in self.log.read_text().splitlines() if row.startswith(COMPLAINTS)]


def machine_cpu_s() -> float:
    """Of everybody on this machine, stolen time counted in."""
    times = [int(ticks) for ticks in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    return (sum(times) - times[3] - times[4]) / os.sysconf("SC_CLK_TCK")  # but for idle and waiting for a disk


@contextmanager
def started(*options: str, root: Path = ROOT) -> Iterator[Worker]:
    """`root`: of the tree whose worker it is."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "log")
        with log.open("w") as written:
            process = subprocess.Popen(
                [sys.executable, "-m", "model_worker", "--exit-with-parent", "--threads", "1", *options],
                cwd=root,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=written,
            )
        assert process.stdin and process.stdout
        try:
            url = urlsplit(json.loads(process.stdout.readline())["listening"])
            assert url.hostname and url.port
            yield Worker(process.pid, (url.hostname, url.port), log)
        finally:
            process.stdin.close()
            process.wait(timeout=10)


def within(seconds: float) -> Iterator[None]:
    """Attempts until the time is over, the last one after it."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield
    yield
