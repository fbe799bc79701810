"""A card's risk.json: the two fits with their figures; and the card, and the manifest if it has one, that name it."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from model_worker.studies.shared.within.auroc import N_DRAWS
from protocol.risk.fit import RiskDecoding, RiskFile
from protocol.worker.models import ModelCard
from training.risk.fit import TEMPERATURES, fitted_heads
from training.risk.held_out import with_figures
from training.risk.trials import RiskTrial

RISK_JSON = "risk.json"
RISK_RECIPE = 1  # of the recipe


def risk_file(model: str, trials: Sequence[RiskTrial], n_draws: int = N_DRAWS) -> RiskFile:
    decodings: list[RiskDecoding] = list(TEMPERATURES)
    fits = tuple(with_figures(fitted_heads(trials, decoding), trials, n_draws) for decoding in decodings)
    return RiskFile(id=f"{model}/risk-{RISK_RECIPE}", fits=fits)


def ship_risk(folder: Path, trials: Sequence[RiskTrial]) -> None:
    """folder: the card's."""
    (folder / RISK_JSON).write_text(risk_file(folder.name, trials).model_dump_json(indent=1) + "\n", encoding="utf-8")
    card = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    if card.get("risk") != RISK_JSON:
        examples = card.pop("examples")
        text = json.dumps(card | {"risk": RISK_JSON, "examples": examples}, ensure_ascii=False, indent=1) + "\n"
        ModelCard.model_validate_json(text)
        (folder / "model.json").write_text(text, encoding="utf-8")
    manifest = folder / "manifest.json"
    if manifest.exists():
        told = json.loads(manifest.read_text(encoding="utf-8"))
        for name in (RISK_JSON, "model.json"):
            told["sha256"][name] = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        manifest.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
