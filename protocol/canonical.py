"""One spelling for every message, so that equal experiments have equal hashes."""

import hashlib
import json

from protocol.base import Message


def canonical_json(message: Message) -> bytes:
    """UTF-8 JSON with sorted keys, no white space and defaults written out."""
    plain = message.model_dump(mode="json")
    return json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def sha256(message: Message) -> str:
    """Hex SHA-256 of the canonical JSON."""
    return hashlib.sha256(canonical_json(message)).hexdigest()
