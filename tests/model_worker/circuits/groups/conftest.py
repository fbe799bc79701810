"""Jordan beside Batkin, by latents and by neurons, with roles read off few names."""

from collections.abc import Generator
from typing import TypeVar

import pytest

from model_worker.circuits.groups.roles import RoleBook, Roles
from model_worker.circuits.inquiry import Inquiry, read_inquiry
from model_worker.model.loading import Loaded
from protocol.worker.circuits import CircuitRequest
from tests.model_worker.circuits.test_gradients import JORDAN

N_NAMES = 24
Came = TypeVar("Came")


def drained(steps: Generator[object, None, Came]) -> Came:
    """What a generator returns."""
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            return stop.value


def told_by(steps: Generator[object]) -> list:
    return [one for one in steps if one is not None]


@pytest.fixture(scope="session", params=["latents", "neurons"])
def inquiry(request: pytest.FixtureRequest, embedded: Loaded) -> Inquiry:
    asked = CircuitRequest.model_validate(JORDAN.model_dump() | {"basis": request.param, "n_controls": 4})
    return read_inquiry(embedded, embedded.gemma, asked)


@pytest.fixture(scope="session")
def roles(inquiry: Inquiry) -> Roles:
    return drained(RoleBook(N_NAMES).roles(inquiry))
