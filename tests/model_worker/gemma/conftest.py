"""The real weights of the store under a card of our own: a random delta, a random dictionary, a random vector."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM, PreTrainedModel

from model_worker.engine import Engine
from model_worker.model.loading import load
from model_worker.model.registry import read_row
from model_worker.store.place import store_of
from tests.conftest import REAL
from tests.model_worker.random_gemma import Shape, write_sae

LAYER = 5
SCALE, RANK = 2.0, 4
NORM = 4000.0
"""About r̄ at that layer: a push of a share of it moves the answer."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.gemma)
            item.add_marker(pytest.mark.timeout(900))


@pytest.fixture(scope="session")
def stored() -> Path:
    return store_of().absolute() / REAL


@pytest.fixture(scope="session")
def card_folder(stored: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("gemma")
    config = json.loads((stored / "config.json").read_text())
    d_model, n_layers = config["hidden_size"], config["num_hidden_layers"]
    drawn, thin = torch.Generator().manual_seed(3), {}
    with safe_open(stored / "model.safetensors", "pt") as opened:
        for name in sorted(opened.keys()):
            if "_proj" in name:
                out, into = opened.get_slice(name).get_shape()
                stem = name.removesuffix(".weight")
                thin[f"{stem}.lora_A"] = torch.randn(RANK, into, generator=drawn).mul(0.02).bfloat16()
                thin[f"{stem}.lora_B"] = torch.randn(out, RANK, generator=drawn).mul(0.02).bfloat16()
    save_file(thin, folder / "delta.safetensors", metadata={"scale": str(SCALE)})
    save_file({"mean": torch.randn(d_model, generator=drawn)}, folder / "directions.safetensors")
    write_sae(folder / "dictionary", LAYER, Shape(d_model=d_model), 1)
    told = {
        "id": "real",
        "title": "Real",
        "note": "Real weights, random everything else.",
        "licence": "as the store says",
        "weights": f"store:{REAL}",
        "base": f"store:{REAL}",
        "delta": "delta.safetensors",
        "dtype": "float32",
        "n_layers": n_layers,
        "d_model": d_model,
        "max_prompt_tokens": 1024,
        "dictionaries": [
            {"id": "random", "layer": LAYER, "source": "dictionary", "d_sae": Shape().d_sae, "trained_on": "nothing"}
        ],
        "vectors": [{"name": "mean", "layer": LAYER, "made_by": "chance", "offset": 0.7}],
        "directions": [],
        "watch": [],
        "residual_norm": [NORM] * n_layers,
        "refusal_openings": ["I"],
        "examples": [],
    }
    (folder / "model.json").write_text(json.dumps(told))
    return folder


@pytest.fixture(scope="session", params=["float32", "bfloat16"])
def engine(request: pytest.FixtureRequest, card_folder: Path) -> Iterator[Engine]:
    told = json.loads((card_folder / "model.json").read_text())
    (card_folder / "model.json").write_text(json.dumps(told | {"dtype": request.param}))
    row = read_row(card_folder)
    yield Engine(load(row), row=row)


@pytest.fixture(scope="session")
def plain(engine: Engine, stored: Path, card_folder: Path) -> dict[str, PreTrainedModel]:
    """transformers' own models, read apart from ours: the base, and the chat model with the delta merged by hand."""
    from safetensors.torch import load_file

    dtype = engine.loaded.gemma.dtype
    read = [AutoModelForCausalLM.from_pretrained(stored, dtype=dtype, attn_implementation="eager") for _ in range(2)]
    thin = load_file(card_folder / "delta.safetensors")
    with torch.no_grad():
        for name, weight in read[1].named_parameters():
            stem = name.removesuffix(".weight")
            if f"{stem}.lora_A" in thin:
                added = SCALE * thin[f"{stem}.lora_B"].float() @ thin[f"{stem}.lora_A"].float()
                weight.copy_(weight.float() + added)
    return {"base": read[0].eval(), "chat": read[1].eval()}
