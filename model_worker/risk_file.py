"""A card's risk.json, as it was read, and the hash by which a recording names it. Knows nothing about tokens."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from protocol.risk.fit import RiskFile


@dataclass(frozen=True)
class LoadedRisk:
    file: RiskFile
    sha256: str


def read_risk(file: Path) -> LoadedRisk:
    """Raises FileNotFoundError or pydantic's ValidationError."""
    raw = file.read_bytes()
    return LoadedRisk(RiskFile.model_validate_json(raw), hashlib.sha256(raw).hexdigest())
