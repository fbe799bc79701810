"""Where fetched models lie: a folder for each below the store's, whole or not there at all, with the hash kept beside.

A model's folder is what transformers reads (config, weights, tokenizer) and `hashes.json`. Knows nothing about where
models are fetched from, and imports nothing that takes long.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from protocol.refusal import Refused

STORED = "store:"
"""Begins a card's source of weights that lie in the store."""
HASHES = "hashes.json"
WHERE_VARIABLE = "HALLUCINOSCOPE_STORE_DIR"


def store_of(environment: Mapping[str, str] = os.environ) -> Path:
    """The app says it to the worker that it starts; otherwise below the folder of the data."""
    data = environment.get("HALLUCINOSCOPE_DATA_DIR") or environment.get("DATA_DIR") or "data"
    return Path(environment.get(WHERE_VARIABLE) or Path(data) / "store")


def stored_name(source: str) -> str | None:
    """What the store calls it; None where the source is none of the store's."""
    return source.removeprefix(STORED) if source.startswith(STORED) else None


def is_whole(folder: Path) -> bool:
    """Everything that was written down is there in the size it had. Reads no weights."""
    try:
        files = read_hashes(folder)["files"]
        return all((folder / name).stat().st_size == file["size_bytes"] for name, file in files.items())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def require_stored(store: Path, name: str) -> Path:
    """Its folder. Raises Refused (503) where it isn't there, or isn't whole."""
    folder = store / name
    if is_whole(folder):
        return folder
    if folder.exists():
        allowed, change = (
            f"{folder} lacks some of it.",
            f"Remove that folder, then fetch it again: make run MODEL={name}",
        )
    else:
        allowed, change = "They are not in the store yet.", f"Fetch them: make run MODEL={name}"
    raise Refused(503, "not_in_store", f"The weights {name} asked.", allowed, change)


def kept_sha256(folder: Path) -> str | None:
    """The hash of the whole, as it was written down when the folder was filled; None for a folder of another kind."""
    try:
        return str(read_hashes(folder)["sha256"])
    except FileNotFoundError:
        return None


def whole_sha256(folder: Path) -> str:
    """One hash over the weight and tokenizer files, by name: what a model's weights are known by."""
    digest = hashlib.sha256()
    for file in sorted([*folder.glob("*.safetensors"), *folder.glob("tokenizer*.json"), folder / "config.json"]):
        digest.update(file.name.encode())
        with file.open("rb") as opened:
            while block := opened.read(2**22):
                digest.update(block)
    return digest.hexdigest()


def read_hashes(folder: Path) -> dict[str, Any]:
    """`sha256`: of the whole, `whole_sha256` of the folder; `files`: size_bytes and sha256 by name."""
    return json.loads((folder / HASHES).read_text("utf-8"))
