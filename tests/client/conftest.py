"""A live app on SQLite, as the app's own tests start it."""

import pytest

from tests.app.conftest import app, databases, live, live_worker, settings, worker  # noqa: F401


@pytest.fixture(scope="module")
def kind() -> str:
    return "sqlite"
