"""The order of the suite: what takes a process longest comes first, or one process ends minutes after the others; and
what mostly waits comes between what computes, or all processes wait at once. What needs the real weights is skipped
where the store is empty: no test fills it.

Knows no test. Files stay whole, which is what `--dist loadfile` hands out, and the rest keeps pytest's order. Where
core alone is asked for, a file that holds none of it isn't imported: that was a third of collecting, in each process.
"""

import os
from pathlib import Path

import pytest

from model_worker.store.place import is_whole, store_of

ROOT = Path(__file__).parent
REAL = "gemma-3-270m"
# half a minute of one processor and more, each; folders are taken together, for they share an app and a browser
LONG = [
    "training/test_tiny_gemma2.py",
    "model_worker/decoding/test_batch.py",
    "browser",
    "model_worker/serve/test_server.py",
    "client",
    "model_worker/test_load.py",
    "app/routes/test_fuzz.py",
    "app/exports",
    "model_worker/studies",
]
WAITING = ["app/runs"]
"""Apps that are killed, leases that run out: minutes, and little of a processor. Not more of them than that: a browser
is closed before what is no browser's, and the next one costs a second."""

MARKED = ["app", "static"]
"""Folders whose `conftest.py` says what of them is core."""

os.environ.setdefault("HALLUCINOSCOPE_STORIES", "0")  # a test's gallery holds what the test saves


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    marked = any(ROOT / folder in collection_path.parents for folder in MARKED)
    return True if not marked and unread_by_core(collection_path, config) else None


def unread_by_core(path: Path, config: pytest.Config) -> bool:
    """Whether core alone is asked for, and this is a file of tests without a mark of it."""
    asked = config.option.markexpr == "core" and path.name.startswith("test_") and path.suffix == ".py"
    return asked and "mark.core" not in path.read_text("utf-8")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    files = sorted(dict.fromkeys(item.path for item in items), key=lambda path: place(path, LONG))
    order = {path: n for n, path in enumerate(spread(files))}
    items.sort(key=lambda item: order[item.path])
    needing = [item for item in items if item.get_closest_marker("gemma")]
    if needing and not is_whole(store_of() / REAL):
        for item in needing:
            item.add_marker(pytest.mark.skip(reason=f"{REAL} is not in the store: make test-gemma"))


def spread(files: list[Path]) -> list[Path]:
    """Those that wait evenly among the long ones, before the short ones."""
    waiting = [path for path in files if place(path, WAITING) < len(WAITING)]
    long = [path for path in files if path not in waiting and place(path, LONG) < len(LONG)]
    places = {path: (n + 0.5) / len(group) for group in (waiting, long) for n, path in enumerate(group)}
    return sorted(places, key=places.__getitem__) + [path for path in files if path not in places]


def place(path: Path, among: list[str]) -> int:
    """Of the first that it is or lies in; behind all where there is none."""
    whole = [path, *path.parents]
    return next((n for n, long in enumerate(among) if ROOT / long in whole), len(among))
