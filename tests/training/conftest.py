"""The model that ships, as the worker's tests load it."""

from tests.model_worker.conftest import _threads, embedded, embedded_engine  # noqa: F401
