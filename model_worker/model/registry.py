"""Which models this worker can load: one folder with a `model.json` (a ModelCard) each. Whoever adds a model adds a
folder. Knows nothing about torch.
"""

from dataclasses import dataclass, field
from pathlib import Path

from model_worker.store.place import is_whole, require_stored, store_of, stored_name
from protocol.refusal import Refused
from protocol.worker.models import ModelCard

CARDS = Path(__file__).parents[1] / "cards"


@dataclass(frozen=True)
class RegistryRow:
    """A card, the folder its relative paths start from, and where fetched weights lie."""

    card: ModelCard
    folder: Path
    store: Path = field(default_factory=store_of)

    @property
    def wants_fetching(self) -> bool:
        """Weights that belong into the store aren't there, or not whole."""
        names = (stored_name(source) for source in (self.card.weights, self.card.base) if source)
        return any(not is_whole(self.store / name) for name in names if name is not None)

    def place_of(self, source: str) -> Path | str:
        """Of weights: a folder, or what the hub calls them. Raises Refused (503) where the store has none."""
        stored = stored_name(source)
        if stored is not None:
            return require_stored(self.store, stored)
        local = self.folder / source
        return local if local.is_dir() else source


def read_row(folder: Path) -> RegistryRow:
    """The row of one folder. Raises FileNotFoundError or pydantic's ValidationError."""
    return RegistryRow(ModelCard.model_validate_json((folder / "model.json").read_bytes()), folder)


def card_folders(cards: Path = CARDS) -> tuple[Path, ...]:
    """All that stand here, in the order of their names; those that hold their weights come first, so that whoever
    names no model gets one that needs no download."""
    rows = [read_row(file.parent) for file in sorted(cards.glob("*/model.json"))]
    return tuple(row.folder for row in sorted(rows, key=lambda row: not (row.folder / row.card.weights).is_dir()))


def read_registry(folders: tuple[Path, ...] | None = None) -> dict[str, RegistryRow]:
    """Rows by model id, in the order of the folders, all that stand here unless some are named; the first is the
    default."""
    rows = [read_row(folder) for folder in folders or card_folders()]
    return {row.card.id: row for row in rows}


def row_of(registry: dict[str, RegistryRow], model: str) -> RegistryRow:
    """The row of `model`. Raises Refused (404) if there is none."""
    if model not in registry:
        known = ", ".join(registry)
        raise Refused(404, "unknown_model", f"Model {model} asked.", f"Known here: {known}.", "Choose one of them.")
    return registry[model]
