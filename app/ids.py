"""Names that nobody can guess and that survive being read aloud: base58, no 0, O, I or l."""

import re
import secrets

_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_SHAPE = re.compile(f"[{_ALPHABET}]{{10,22}}", re.ASCII)


def new_slug() -> str:
    """Ten characters, 58 bits: short enough for a link, and only the sharer hands it out."""
    return _random(10)


def new_run_id() -> str:
    """22 characters, 128 bits: the id is all that protects an unsaved run."""
    return _random(22)


def looks_like_one(text: str) -> bool:
    """False for what can't be a slug or a run id, so that no such text reaches the database."""
    return _SHAPE.fullmatch(text) is not None


def _random(n_characters: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(n_characters))
