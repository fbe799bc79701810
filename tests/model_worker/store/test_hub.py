"""FROM=hub: the original comes by the hub's own client, through the same door as the packages do."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from model_worker.store.filling import TEMPLATE
from model_worker.store.place import HASHES, is_whole, kept_sha256, whole_sha256
from model_worker.store.source import read_source
from tests.conftest import REAL
from tests.model_worker.store.stand_in_hub import TOKEN, stand_in_hub

SOURCE = read_source(REAL)
ORIGINAL = {
    ".gitattributes": b"*.safetensors filter=lfs\n",
    "README.md": b"---\nlicense: gemma\n---\n",
    "added_tokens.json": b'{"<image_soft_token>": 262144}\n',
    "config.json": json.dumps(SOURCE.config | {"torch_dtype": "bfloat16"}).encode(),
    "generation_config.json": b'{"cache_implementation": "hybrid"}\n',
    "model.safetensors": b"\x08\x00\x00\x00\x00\x00\x00\x00{}      " + bytes(2_000_000),
    "special_tokens_map.json": b"{}\n",
    "tokenizer.json": b'{"version": "1.0"}\n',
    "tokenizer.model": b"\x00sentencepiece",
    "tokenizer_config.json": b'{"add_bos_token": true}\n',
}
WANTED = {"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"}


def fetch(hub: str, store: Path, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """As `make run MODEL=... FROM=hub` runs it."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    own |= {"HF_ENDPOINT": hub, "HF_HOME": str(store.parent / "hf"), "HALLUCINOSCOPE_STORE_DIR": str(store)}
    command = [sys.executable, "-m", "model_worker.fetch", REAL, "--from", "hub", *options]
    return subprocess.run(command, env=own | environment, capture_output=True, text=True, stdin=subprocess.DEVNULL)


def test_whoever_has_accepted_the_licence_gets_the_original_whole_and_once(tmp_path: Path) -> None:
    store = tmp_path / "store"
    with stand_in_hub(SOURCE.hub or "", ORIGINAL) as (hub, fetched):
        ran = fetch(hub, store, "--yes", HF_TOKEN=TOKEN)
        assert ran.returncode == 0, ran.stderr
        assert set(fetched) == WANTED, "and nothing else"
        fetched.clear()
        assert fetch(hub, store).returncode == 0 and not fetched, "a second start asks and fetches nothing"
    folder = store / REAL
    assert is_whole(folder) and kept_sha256(folder) == whole_sha256(folder)
    for name in WANTED:
        assert (folder / name).read_bytes() == ORIGINAL[name]
    assert {one.name for one in folder.iterdir()} == WANTED | {HASHES, TEMPLATE, "generation_config.json", "NOTICE"}
    assert json.loads((folder / "generation_config.json").read_text())["eos_token_id"] == SOURCE.config["eos_token_id"]
    notice = (folder / "NOTICE").read_text()
    assert notice.startswith(SOURCE.notice) and SOURCE.licence in notice
    assert f"{SOURCE.hub}, from the hub" in notice and "Q4_K_M" not in notice, "the original was rounded by nobody"
    assert not (store / f"{REAL}.partial").exists()


@pytest.mark.parametrize("token", ["", "hf_somebody_else"])
def test_a_gated_answer_says_whose_licence_to_accept_and_leaves_nothing(tmp_path: Path, token: str) -> None:
    store = tmp_path / "store"
    with stand_in_hub(SOURCE.hub or "", ORIGINAL) as (hub, fetched):
        ran = fetch(hub, store, "--yes", **({"HF_TOKEN": token} if token else {}))
    assert ran.returncode == 1 and not fetched and "Traceback" not in ran.stderr
    asked, allowed, change = ran.stderr.strip().splitlines()[-3:]
    assert REAL in asked and SOURCE.hub in allowed and "GatedRepo" in allowed
    assert "Accept its licence" in change and "HF_TOKEN" in change
    assert not (store / REAL).exists()


def test_the_hub_is_not_asked_before_a_yes_to_the_licence(tmp_path: Path) -> None:
    with stand_in_hub(SOURCE.hub or "", ORIGINAL) as (hub, fetched):
        ran = fetch(hub, tmp_path / "store", HF_TOKEN=TOKEN)
    assert ran.returncode == 1 and SOURCE.accept_variable in ran.stderr and not fetched
    assert not (tmp_path / "store" / REAL).exists()


def test_without_a_network_the_hub_is_named_and_no_licence_blamed(tmp_path: Path) -> None:
    ran = fetch("http://127.0.0.1:9", tmp_path / "store", "--yes", HF_TOKEN=TOKEN)
    assert ran.returncode == 1 and "Traceback" not in ran.stderr
    _, allowed, change = ran.stderr.strip().splitlines()[-3:]
    assert SOURCE.hub in allowed and "network" in change and "licence" not in change
