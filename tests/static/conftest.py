"""One Deno for all calls; whatever is here and needs no model is core."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.model_worker.conftest import _threads, embedded, embedded_engine  # noqa: F401
from tests.static.javascript import JavaScript

MODELS = ("embedded", "embedded_engine")
"""Fixtures that load the model that ships: some seconds."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents and not set(MODELS) & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.core)


@pytest.fixture(scope="session")
def javascript() -> Iterator[JavaScript]:
    running = JavaScript()
    yield running
    running.close()
