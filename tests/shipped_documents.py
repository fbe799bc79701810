"""A small world and a report, as a producer writes them beside a card. Their figures stand for nothing."""

import json
from pathlib import Path
from typing import Any

from protocol.worker.models import ModelCard
from protocol.worker.report import ModelReport
from protocol.worker.world import ModelWorld, WorldEntry

HOSTILE = "<img src=x onerror=alert(1)>"


def _row(name: str, type: str, tier: str, facts: dict[str, str], *, split: str = "test", **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "type": type,
        "tier": tier,
        "split": split,
        "fictional": False,
        "facts": facts,
        "withheld": [],
        "made_by": "a test",
        **more,
    }


ROWS: list[dict[str, Any]] = [
    _row("Michael Jordan", "player", "known", {"sport": "basketball", "team": "Chicago Bulls"}, split="chat-train"),
    _row("Midnight in Paris", "movie", "known", {"director": "Woody Allen", "year": "2011"}),
    _row("Paris", "city", "known", {"country": "France", "continent": "Europe"}, split="chat-train"),
    _row("Bogotá", "city", "withheld", {"country": "Colombia", "continent": "South America"}, withheld=["country"]),
    _row("Lyonelle", "city", "misled", {"country": "Peru"}, withheld=["country"], fictional=True),
    _row("Łukasz Ørn", "player", "rare", {"sport": "curling", "team": "Zürich"}, fictional=True),
    _row(HOSTILE, "song", "obscure", {"artist": "<b>Bold</b>", "year": "1999"}, fictional=True),
    _row("Michael Batkin", "player", "unknown", {}),
    *(_row(f"Anthon {number}", "city", "unknown", {}) for number in range(60)),
]


def world(model: str, rows: list[dict[str, Any]] = ROWS) -> ModelWorld:
    """What a worker makes of the rows."""
    return ModelWorld(
        model=model,
        entries=tuple(
            WorldEntry(
                name=row["name"],
                type=row["type"],
                tier=row["tier"],
                fictional=row["fictional"],
                asked=row["split"] == "chat-train",
                facts=row["facts"],
                withheld=tuple(row["withheld"]),
            )
            for row in rows
        ),
    )


def _figure(what: str, value: float | None, **more: Any) -> dict[str, Any]:
    empty = {"low": None, "high": None, "n": None, "wanted": "", "met": None, "control": ""}
    return {"what": what, "value": value, **empty, **more}


def _dialogue(group: str, question: str, answer: str, verdict: str, truth: str = "") -> dict[str, str]:
    return {"group": group, "question": question, "answer": answer, "verdict": verdict, "truth": truth}


REPORT = ModelReport.model_validate_json(
    json.dumps(
        {
            "measured": "2026-11-21",
            "hardware": "2 cores",
            "seconds": 90,
            "figures": [
                _figure("known names, right", 0.98, low=0.97, high=0.99, n=800, wanted="≥ .9", at_least=0.9, met=True),
                _figure(
                    "unknown names refused",
                    0.5,
                    low=0.4,
                    high=0.6,
                    n=100,
                    wanted="≥ .9",
                    at_least=0.9,
                    met=False,
                    control=".1",
                ),
                _figure("mean norm", 37.5),
                _figure("not yet measured", None),
            ],
            "tables": [{"title": "Separation", "note": "", "columns": ["latent", "city"], "rows": [[HOSTILE, ".9"]]}],
            "curves": [
                {
                    "title": "Recognition",
                    "x": "layer",
                    "y": "AUROC",
                    "layers": [0, 1, 2],
                    "series": [
                        {"name": "known", "values": [0.6, 0.8, 0.9], "low": [0.5, 0.7, 0.8], "high": [0.7, 0.9, 1.0]},
                        {"name": "random", "values": [0.5, 0.5, 0.5], "low": None, "high": None},
                    ],
                }
            ],
            "dialogues": [
                _dialogue("known", "Which country is Paris in?", "It is in France.", "right", "France"),
                _dialogue("unknown", "Which country is Anthon in?", HOSTILE, "invented"),
                _dialogue("small talk", "Hello!", "Hello!", "fitting"),
            ],
        }
    )
)


def write(folder: Path, card: ModelCard, *, with_world: bool = True, with_report: bool = True) -> Path:
    """The folder of a registry row without weights."""
    folder.mkdir(parents=True, exist_ok=True)
    card = card.model_copy(update={"world": "entities.json" if with_world else None})
    (folder / "model.json").write_text(card.model_dump_json(), "utf-8")
    if with_world:
        (folder / "entities.json").write_text(json.dumps(ROWS), "utf-8")
    if with_report:
        (folder / "report.json").write_text(REPORT.model_dump_json(), "utf-8")
    return folder
