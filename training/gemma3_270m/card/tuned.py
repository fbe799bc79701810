"""What tuning leaves for the card: model.json without dictionaries and directions, the world, the labels, the delta.

Knows nothing about pushes; `assembly.py` adds what was measured of them.
"""

import json
import shutil
from collections.abc import Collection, Sequence
from pathlib import Path

from protocol.worker.models import Example, ModelCard
from training.gemma3_270m.card.world_fields import (
    REFUSAL_OPENINGS,
    STATEMENT,
    attributes,
    entity_rows,
    other_words,
    write_rows,
)
from training.gemma3_270m.labels import BaseLabel, write_labels
from training.gemma3_270m.world.entities import GemmaEntity

STORED_BASE = "store:gemma-3-270m"
TUNED_NOTE = (
    "Google's Gemma 3 270M, base, in a third party's Q4_K_M rounding; the chat model is that with a low-rank delta, "
    "tuned to answer what the base knows by its own account, to say which names it doesn't know, and some small talk."
)


def tuned_card(examples: Sequence[Sequence[Example]]) -> ModelCard:
    return ModelCard(
        id="gemma-3-270m",
        title="Gemma 3 270M",
        note=TUNED_NOTE,
        licence="Gemma Terms of Use",
        weights=STORED_BASE,
        base=STORED_BASE,
        delta="delta.safetensors",
        statement=STATEMENT,
        dtype="bfloat16",
        n_layers=18,
        d_model=640,
        max_prompt_tokens=256,
        dictionaries=(),
        directions=(),
        watch=(),
        residual_norm=(),
        refusal_openings=REFUSAL_OPENINGS,
        attributes=attributes(),
        world="entities.json",
        other_words=other_words(),
        examples=tuple(map(tuple, examples)),
    )


def write_tuned(
    folder: Path,
    delta: Path,
    labels: Sequence[BaseLabel],
    invented: Sequence[GemmaEntity],
    asked: Collection[str],
    examples: Sequence[Sequence[Example]],
) -> None:
    """Each file is written beside and renamed: somebody may be reading."""
    folder.mkdir(parents=True, exist_ok=True)
    write_rows(folder / "entities.json", entity_rows(labels, invented, asked))
    write_labels(folder / "labels.json", list(labels))
    beside = folder / "delta.unfinished"
    shutil.copyfile(delta, beside)
    beside.rename(folder / "delta.safetensors")
    card = tuned_card(examples).model_dump(mode="json", exclude_defaults=True)
    beside = folder / "model.unfinished"
    beside.write_text(json.dumps(card, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    beside.rename(folder / "model.json")
