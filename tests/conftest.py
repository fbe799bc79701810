"""The order of the suite: what takes a process longest comes first, or one process ends minutes after the others.

Knows no test. Files stay whole, which is what `--dist loadfile` hands out, and the rest keeps pytest's order.
"""

from pathlib import Path

import pytest

ROOT = Path(__file__).parent
# half a minute of one processor and more, each; folders are taken together, for they share an app and a browser
LONG = [
    "training/test_tiny_gemma2.py",
    "browser",
    "model_worker/decoding/test_batch.py",
    "model_worker/serve/test_server.py",
    "client",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: place(item.path))


def place(path: Path) -> int:
    whole = [path, *path.parents]
    return next((n for n, long in enumerate(LONG) if ROOT / long in whole), len(LONG))
