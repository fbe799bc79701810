"""Models to test on: two with random weights, and the one we ship."""

import pytest
import torch

from model_worker.engine import Engine
from model_worker.model.loading import Loaded, load
from model_worker.model.registry import card_folders, read_row
from tests.model_worker import random_gemma


@pytest.fixture(scope="session", autouse=True)
def _threads() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def random_card(tmp_path_factory: pytest.TempPathFactory):
    return random_gemma.write(tmp_path_factory.mktemp("gemma2"))


@pytest.fixture(scope="session", params=["gemma2", "gemma3"])
def random_model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    """Both families, sliding window 8: every prompt here is longer than the window."""
    folder = tmp_path_factory.mktemp(request.param)
    return load(read_row(random_gemma.write(folder, family=request.param)))


@pytest.fixture(scope="session")
def random_engine(random_model: Loaded) -> Engine:
    return Engine(random_model)


@pytest.fixture(scope="session")
def embedded_engine(embedded: Loaded) -> Engine:
    return Engine(embedded)


@pytest.fixture(scope="session")
def embedded() -> Loaded:
    return load(read_row(card_folders()[0]))
