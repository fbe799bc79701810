"""What is written about the models of a registry: cards, worlds, reports. Each file is read once, when first asked for.

Knows nothing about HTTP, and loads no model.
"""

import hashlib
import json
import threading
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from model_worker.model.registry import RegistryRow
from protocol.base import Message
from protocol.refusal import Refused
from protocol.worker.models import Models
from protocol.worker.report import ModelReport
from protocol.worker.world import ModelWorld, NameLabel, WorldEntry

REPORT = "report.json"
LABELS_FILE = "labels.json"
"""Beside a card that has a world, where its base model was asked about the names."""

Paper = tuple[bytes, str]
"""JSON, and a tag that changes with it."""


class Papers:
    """Of `rows`, the first of which is the one that is held."""

    def __init__(self, rows: tuple[RegistryRow, ...]) -> None:
        self._rows = {row.card.id: row for row in rows}
        self._read: dict[Path, Paper] = {}
        self._reading = threading.Lock()

    def models(self) -> Models:
        return Models(
            models=tuple(row.card for row in self._rows.values()),
            reports=tuple(row.card.id for row in self._rows.values() if (row.folder / REPORT).is_file()),
            absent=tuple(row.card.id for row in self._rows.values() if row.wants_fetching),
        )

    def world(self, model: str) -> Paper:
        """A ModelWorld. Raises Refused (404)."""
        row = self._row(model)
        file = None if row.card.world is None else row.folder / row.card.world
        labels = row.folder / LABELS_FILE
        return self._paper(
            "world",
            file,
            lambda text: read_entries(row.card.id, text, labels.read_text("utf-8") if labels.is_file() else "[]"),
        )

    def report(self, model: str) -> Paper:
        """A ModelReport. Raises Refused (404)."""
        return self._paper("report", self._row(model).folder / REPORT, ModelReport.model_validate_json)

    def _row(self, model: str) -> RegistryRow:
        if model not in self._rows:
            known = ", ".join(self._rows)
            raise Refused(
                404, "unknown_model", "A model was asked for.", f"Known here: {known}.", "Choose one of them."
            )
        return self._rows[model]

    def _paper(self, what: str, file: Path | None, read: Callable[[str], Message]) -> Paper:
        if file is None or not (file in self._read or file.is_file()):
            raise Refused(
                404,
                f"no_{what}",
                f"The {what} of a model was asked for.",
                "This model has none.",
                "Choose another model.",
            )
        with self._reading:
            if file not in self._read:
                try:
                    content = read(file.read_text("utf-8")).model_dump_json().encode()
                except (OSError, ValueError, KeyError, TypeError) as error:
                    raise Refused(
                        503,
                        f"{what}_unreadable",
                        f"The {what} of a model was asked for.",
                        f"{file.name} can't be read: {type(error).__name__}.",
                        "Mend the file or make it again.",
                    ) from error
                self._read[file] = content, f'"{hashlib.sha256(content).hexdigest()[:32]}"'
        return self._read[file]


def read_entries(model: str, text: str, labels_text: str = "[]") -> ModelWorld:
    """Rows of {name, type, tier, split, fictional, facts, withheld, ...}; older files have no `withheld`. Labels are
    rows of {name, type} and a NameLabel's fields."""
    rows = json.loads(text)
    if not isinstance(rows, list):
        raise TypeError("not a list")
    labels: dict[tuple[str, str], list[NameLabel]] = defaultdict(list)
    for row in json.loads(labels_text):
        told = {field: row[field] for field in NameLabel.model_fields}
        labels[row["type"], row["name"]].append(NameLabel.model_validate_json(json.dumps(told)))
    entries = tuple(
        WorldEntry(
            name=row["name"],
            type=row["type"],
            tier=row["tier"],
            fictional=row["fictional"],
            asked=row["split"] == "chat-train",
            facts=row["facts"],
            withheld=tuple(row.get("withheld", ())),
            labels=tuple(labels[row["type"], row["name"]]),
        )
        for row in rows
    )
    return ModelWorld(model=model, entries=entries)
