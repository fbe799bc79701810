"""The order of the suite: what takes a process longest comes first, or one process ends minutes after the others.
What needs the real weights is skipped where the store is empty: no test fills it.

Knows no test. Files stay whole, which is what `--dist loadfile` hands out, and the rest keeps pytest's order.
"""

import os
from pathlib import Path

import pytest

from model_worker.store.place import is_whole, store_of

ROOT = Path(__file__).parent
# half a minute of one processor and more, each; folders are taken together, for they share an app and a browser
LONG = [
    "training/test_tiny_gemma2.py",
    "browser",
    "model_worker/decoding/test_batch.py",
    "model_worker/serve/test_server.py",
    "client",
]

REAL = "gemma-3-270m"

os.environ.setdefault("HALLUCINOSCOPE_STORIES", "0")  # a test's gallery holds what the test saves


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: place(item.path))
    needing = [item for item in items if item.get_closest_marker("gemma")]
    if needing and not is_whole(store_of() / REAL):
        for item in needing:
            item.add_marker(pytest.mark.skip(reason=f"{REAL} is not in the store: make test-gemma"))


def place(path: Path) -> int:
    whole = [path, *path.parents]
    return next((n for n, long in enumerate(LONG) if ROOT / long in whole), len(LONG))
