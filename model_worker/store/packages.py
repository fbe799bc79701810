"""Packages of the Python package index as files: fetched by pip, held against pinned hashes, never installed or run.

Those that lie there whole are not fetched again. Knows nothing about what is in them.
"""

import hashlib
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from model_worker.store.consent import mib
from model_worker.store.source import Package, WeightsSource
from protocol.refusal import Refused

Tell = Callable[[str], None]

_NO_SPACE = "No space left on device"


def fetch_packages(source: WeightsSource, folder: Path, pip_args: str, say: Tell) -> None:
    """All of them into `folder`. pip_args: more arguments of pip, as a shell would read them. Raises Refused (503)."""
    missing = [one for one in source.packages if not _is_there(folder, one)]
    if len(missing) < len(source.packages):
        say(f"{len(source.packages) - len(missing)} of {len(source.packages)} packages are here already")
    began, fetched = time.monotonic(), 0
    for number, package in enumerate(missing, 1):
        left = sum(one.size_bytes for one in missing) - fetched
        rate = fetched / (time.monotonic() - began)
        rest = f", about {left / rate:.0f} s to go" if fetched > 1e6 else ""
        say(f"Fetching {package.name}, {mib(package.size_bytes)} ({number} of {len(missing)}{rest})")
        _fetch(package, folder, pip_args)
        fetched += package.size_bytes


def _fetch(package: Package, folder: Path, pip_args: str) -> None:
    scratch = folder / "scratch"  # pip keeps there what has not wholly come
    scratch.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--retries", "2"]
    command += ["--no-deps", "--no-cache-dir", "--only-binary=:all:", "--dest", str(folder), *shlex.split(pip_args)]
    ran = subprocess.run(
        [*command, f"{package.name}=={package.version}"],
        env=os.environ | {"TMPDIR": str(scratch)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    if ran.returncode != 0:
        raise _failed(package, ran.stderr)
    if not _is_there(folder, package):
        (folder / package.file).unlink(missing_ok=True)
        raise Refused(
            503,
            "wrong_hash",
            f"The package {package.name} {package.version} asked.",
            "What came is not what we know by its hash: cut short, or another. It was thrown away.",
            "Try again; if it happens again, ask who keeps your package index.",
        )


def _is_there(folder: Path, package: Package) -> bool:
    file = folder / package.file
    if not file.is_file() or file.stat().st_size != package.size_bytes:
        return False
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest() == package.sha256


def _failed(package: Package, stderr: str) -> Refused:
    asked = f"The package {package.name} {package.version} asked."
    if _NO_SPACE in stderr:
        return no_space(asked)
    lines = [line.strip() for line in stderr.splitlines() if line.strip() and "notice" not in line]
    said = lines[-1].removeprefix("ERROR: ").rstrip(".") if lines else "it said nothing"
    return Refused(
        503,
        "not_fetched",
        asked,
        f"The package index did not give it: {said[:300]}. What has come whole is kept.",
        "Look whether there is a network, then run the same command again; it goes on from here.",
    )


def no_space(asked: str) -> Refused:
    return Refused(
        503,
        "disk_full",
        asked,
        "The disk is full. What has come whole is kept; what was half written was thrown away.",
        "Make room, or put the store elsewhere (HALLUCINOSCOPE_STORE_DIR), then run the same command again.",
    )
