"""What the base itself says of every real name: the label that tuning and dictionaries go by.

1. four wordings, each behind four shots of its own: other names of the type, other values
2. a greedy answer and samples, each held against the value
3. right always: known; sometimes: unsure; never: unrecalled. An invented name is unknown, nobody asks it

A name that is one of a wording's shots isn't asked with it. Knows nothing about tuning.
"""

import json
import random
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from training.gemma3_270m.asking import Asker, Continuing
from training.gemma3_270m.recipe import GemmaRecipe
from training.gemma3_270m.world.entities import GemmaEntity, holds
from training.gemma3_270m.world.wording import STATEMENTS

LabelSample = dict[str, str | bool]
BaseLabel = dict[str, Any]  # name, type, attribute, truth, tier: str; samples: list[LabelSample]
LABEL_STOPS = "\n.,("


def tier(samples: Iterable[LabelSample]) -> str:
    right = [sample["right"] for sample in samples]
    return "known" if all(right) else "unsure" if any(right) else "unrecalled"


def shots(entities: list[GemmaEntity], n: int, rng: random.Random) -> list[GemmaEntity]:
    """Of the best known third, no value twice."""
    chosen: dict[str, GemmaEntity] = {}
    for entity in rng.sample(entities[: max(n, len(entities) // 3)], max(n, len(entities) // 3)):
        chosen.setdefault(entity.truth, entity)
    return list(chosen.values())[:n]


def stated(wording: str, entity: GemmaEntity) -> str:
    """The wording up to where the value would stand."""
    return wording.split("{v}")[0].rstrip().format(e=entity.name)


def label_type(
    asker: Asker, entities: list[GemmaEntity], recipe: GemmaRecipe, say: Callable[[str], None]
) -> list[BaseLabel]:
    kind = entities[0].type
    rng = random.Random(f"{recipe.seed} {kind}")
    continuing = Continuing(recipe.n_samples, recipe.temperature, recipe.label_tokens[kind], LABEL_STOPS)
    samples: dict[str, list[LabelSample]] = {entity.name: [] for entity in entities}
    for wording in STATEMENTS[kind]:
        shown = shots(entities, recipe.n_shots, rng)
        prefix = "".join(wording.format(e=one.name, v=one.truth) + "\n" for one in shown)
        asked = [entity for entity in entities if entity not in shown]
        answers = asker.continuations(prefix, [stated(wording, entity) for entity in asked], continuing)
        for entity, texts in zip(asked, answers, strict=True):
            samples[entity.name] += [
                {"prompt": stated(wording, entity), "answer": text, "right": holds(text, entity.truth)}
                for text in texts
            ]
        share = sum(holds(texts[0], e.truth) for e, texts in zip(asked, answers, strict=True)) / len(asked)
        say(f"{kind}: {share:.0%} right, greedy, of {len(asked)}: {stated(wording, entities[0])}")
    return [
        {
            "name": entity.name,
            "type": kind,
            "attribute": entity.attribute,
            "truth": entity.truth,
            "tier": tier(samples[entity.name]),
            "samples": samples[entity.name],
        }
        for entity in entities
    ]


def judged_again(label: BaseLabel) -> BaseLabel:
    """The same samples, held against the value once more: after another word for it was written down."""
    samples = [sample | {"right": holds(str(sample["answer"]), label["truth"])} for sample in label["samples"]]
    return label | {"samples": samples, "tier": tier(samples)}


def write_labels(file: Path, labels: list[BaseLabel]) -> None:
    """A line a name; written beside and renamed."""
    beside = file.with_suffix(".unfinished")
    beside.write_text("[\n" + ",\n".join(json.dumps(row, ensure_ascii=False) for row in labels) + "\n]\n")
    beside.rename(file)


def read_labels(file: Path) -> list[BaseLabel]:
    return json.loads(file.read_text())


def right_share(label: BaseLabel) -> float:
    return sum(bool(sample["right"]) for sample in label["samples"]) / len(label["samples"])


def answerable(labels: Iterable[BaseLabel], recipe: GemmaRecipe) -> set[str]:
    """Names that tuning asks to be answered: those that the base is right about in recipe.answered_from of its samples
    or more, of movies and songs, of which it knows few, in half."""
    return {
        str(label["name"])
        for label in labels
        if right_share(label) >= recipe.answered_from.get(str(label["type"]), recipe.answered_from["else"])
    }
