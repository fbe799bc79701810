"""Who is asked for the risk strip, and which half a question belongs to: the fit's or the test's.

Units are those of model_worker/answering/risk_halves.py. Where a model has a test split of its own, that is the test
half, and what tuning was shown is left out: its answers there are better than elsewhere. Else a unit's hash decides.

Knows a card's files. Knows nothing about answers.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from model_worker.answering.risk_halves import HALVES_SALT, RiskHalf, risk_half, risk_unit
from model_worker.draw import draw
from protocol.worker.models import Attribute, ModelCard

HalvedBy = Literal["unit", "split"]
TALK = "talk"
SALT = HALVES_SALT
INVENTED_ASKED: dict[HalvedBy, float] = {"unit": 1.0, "split": 0.25}
"""Of invented names, which are many and nearly all refused: how many are asked."""


@dataclass(frozen=True)
class RiskQuestion:
    """attribute, tier: TALK where nothing is asked about a name. start: of the name in the text, -1 without one."""

    text: str
    name: str
    type: str
    tier: str
    attribute: str
    unit: str
    half: RiskHalf
    start: int


def risk_questions(folder: Path, by: HalvedBy, talk: Sequence[str] = ()) -> list[RiskQuestion]:
    """In an order that a hash draws, so that any beginning of it is a fair sample. folder: the card's. talk: prompts
    that ask about nobody."""
    card = ModelCard.model_validate_json((folder / "model.json").read_bytes())
    rows = json.loads((folder / str(card.world)).read_text(encoding="utf-8"))
    found = list(_about_names(card, rows, by))
    for text in talk:
        found.append(RiskQuestion(text, "", TALK, TALK, TALK, f"{TALK} {text}", risk_half(text), -1))
    tested = {one.unit for one in found if one.half == "test"}
    kept = (one for one in found if one.half == "test" or one.unit not in tested)
    return sorted(kept, key=lambda one: draw(SALT, "order", one.unit, one.text))


def _about_names(card: ModelCard, rows: list[dict], by: HalvedBy) -> Iterator[RiskQuestion]:
    for row in rows:
        name, kind, facts = row["name"], row["type"], row["facts"]
        own = [one for one in card.attributes if one.entity_type == kind and one.can_be_put]
        wanted = [one for one in own if one.name in facts]
        if not wanted:  # nobody knows a fact: one question will do
            wanted = [own[int(draw(SALT, "attribute", name, kind) * len(own))]]
        unit = risk_unit(kind, name, invented=not facts)
        if not facts and draw(SALT, "invented", name, kind) >= INVENTED_ASKED[by]:
            continue
        half: RiskHalf | None = risk_half(unit) if by == "unit" else _split_half(row["split"])
        if half is not None:
            yield from (_question(name, kind, row["tier"], one, unit, half) for one in wanted)


def _question(name: str, kind: str, tier: str, attribute: Attribute, unit: str, half: RiskHalf) -> RiskQuestion:
    before, after = (attribute.question or "{name}").split("{name}", 1)
    return RiskQuestion(before + name + after, name, kind, tier, attribute.name, unit, half, len(before))


def _split_half(split: str) -> RiskHalf | None:
    halves: dict[str, RiskHalf] = {"validation": "fit", "test": "test"}
    return halves.get(split)


def halved_by(folder: Path) -> HalvedBy:
    """By the card's split, where its names that can go wrong have one: else by the unit."""
    rows = json.loads((folder / "entities.json").read_text(encoding="utf-8"))
    told = {(row["tier"], row["split"]) for row in rows if row["facts"]}
    tiers = {tier for tier, _ in told}
    return "split" if all((tier, split) in told for tier in tiers for split in ("validation", "test")) else "unit"
