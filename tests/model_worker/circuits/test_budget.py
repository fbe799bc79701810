"""What can't be asked of a circuit is refused before anything is computed, over the worker's own road."""

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from model_worker.circuits import budget
from model_worker.circuits.budget import circuit_bytes, circuit_products
from model_worker.model.loading import Loaded
from protocol.worker.circuits import CircuitRequest
from tests.model_worker.live import serving

ASKED = {"model": "random-gemma2", "prompt": "What is Bork?"}
LATENT = {"kind": "latent", "dictionary": "layer_1"}


@pytest.fixture(scope="module")
def worker(random_card: Path) -> Iterator[httpx2.Client]:
    with serving(random_card) as url, httpx2.Client(base_url=url, timeout=60) as client:
        yield client


def refusal_of(worker: httpx2.Client, **more: object) -> dict[str, str]:
    answer = worker.post("/v1/circuit", json=ASKED | more)
    assert answer.status_code == 422, answer.text[:300]
    refusal = answer.json()["refusal"]
    assert all(refusal[part] for part in ("asked", "allowed", "change"))
    return refusal


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"basis": "transcoder"}, "no_transcoders"),
        ({"dictionaries": ["layer_9"]}, "unknown_dictionary"),
        ({"beside": {"prompt": "What on earth is Zork?"}}, "not_aligned"),
        ({"target": {"kind": "tokens", "up": "a", "against": "a"}}, "same_tokens"),
        ({"target": {"kind": "reading", "of": LATENT | {"latent": 4_000}}}, "unknown_latent"),
        ({"hold": [{"target": LATENT | {"latent": 4_000}, "strength": 1.0}]}, "unknown_latent"),
        ({"hold": [{"target": {"kind": "vector", "name": "nothing"}, "strength": 1.0}]}, "unknown_vector"),
        ({"prompt": "What is Bork? " * 30}, "prompt_too_long"),
        ({"said": "a" * 250}, "prompt_too_long"),
    ],
)
def test_what_is_not_there_or_does_not_fit_is_refused(
    worker: httpx2.Client, more: dict[str, object], code: str
) -> None:
    assert refusal_of(worker, **more)["code"] == code


def test_neither_more_memory_nor_more_time_is_taken_than_there_is(
    worker: httpx2.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(budget, "CPU_BYTES", 2**20)
    assert "memory" in refusal_of(worker)["allowed"]
    monkeypatch.undo()
    monkeypatch.setattr(budget, "CPU_PRODUCTS", 1e6)
    refusal = refusal_of(worker)
    assert (refusal["code"], "fewer midpoints" in refusal["change"]) == ("too_long_for_time", True)


def test_a_longer_prompt_and_more_controls_take_more(random_model: Loaded) -> None:
    gemma, request = random_model.gemma, CircuitRequest(model="m", prompt="x")
    lengths = ([10], [20], [20, 20])
    products = [circuit_products(gemma, request, n) for n in lengths]
    assert products == sorted(products)
    assert circuit_bytes(gemma, [20], 96) == circuit_bytes(gemma, [20, 10], 96) < circuit_bytes(gemma, [30], 96)
    dearer = request.model_copy(update={"n_controls": 64, "midpoints": 64})
    assert circuit_products(gemma, dearer, [10]) > 2 * products[0]
