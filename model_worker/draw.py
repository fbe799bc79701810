"""What is drawn by a hash, so that whoever adds a name moves no other. Knows nothing about names."""

import hashlib


def draw(seed: int, *words: str) -> float:
    """A number from 0 to 1 that depends on nothing else: whoever adds a name moves no other."""
    digest = hashlib.blake2b("\x1f".join([str(seed), *words]).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") / 2**64
