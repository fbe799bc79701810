"""Known and unknown names of a model's world, each in a question of its card, up to the end of the prompt: what roles
are read off.

Knows nothing about activations.
"""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from itertools import chain, zip_longest

from model_worker.answering.prompt import read_prompt
from model_worker.draw import draw
from model_worker.model.gemma import Gemma
from model_worker.model.loading import Loaded
from model_worker.model.world import Entity
from protocol.vocabulary import Format, Label
from protocol.worker.models import Attribute
from protocol.worker.requests import GenerateRequest, Span

MOST_ROLE_NAMES = 240
FEWEST_ROLE_NAMES = 40
ROLE_FLOP = 400e9
"""As many names as take so much: a model of a hundred million weights is read some ten seconds on a CPU."""
_TOKENS = 20  # of a question


@dataclass(frozen=True)
class RoleName:
    """ids: of the whole prompt; first, last: where the name's tokens begin and end."""

    type: str
    label: Label
    ids: tuple[int, ...]
    first: int
    last: int


def drawn_names(loaded: Loaded, most: int, apart: Collection[str]) -> list[tuple[Entity, Label]]:
    """So many known and so many unknown ones, types in turn, by a hash; none of `apart`, which are folded. Of types
    that have both, and that the card has a question for. Fewer where there are no more; none without a world."""
    types = {one.entity_type for one in loaded.card.attributes if one.can_be_put}
    cells: dict[tuple[str, str], list[Entity]] = defaultdict(list)
    for spelled, namesakes in loaded.world.entities.items():
        one = namesakes[0]
        if len(namesakes) == 1 and one.type in types and one.tier in ("known", "unknown") and spelled not in apart:
            cells[one.type, one.tier].append(one)
    found: list[tuple[Entity, Label]] = []
    labels: tuple[Label, Label] = ("known", "unknown")
    both = sorted(kind for kind in types if cells[kind, "known"] and cells[kind, "unknown"])
    for label in labels:
        queues = [sorted(cells[kind, label], key=lambda one: draw(0, "role", one.type, one.name)) for kind in both]
        turns = [one for one in chain(*zip_longest(*queues)) if one is not None]
        found += [(one, label) for one in turns[:most]]
    return found


def n_role_names(gemma: Gemma) -> int:
    """Of either label."""
    weights = sum(one.numel() for block in gemma.blocks for one in (block.qkv, block.out, block.gate_up, block.down))
    return max(FEWEST_ROLE_NAMES, min(MOST_ROLE_NAMES, int(ROLE_FLOP / (4 * weights * _TOKENS))))


def role_name(loaded: Loaded, entity: Entity, label: Label, form: Format) -> RoleName:
    fits = [one for one in loaded.card.attributes if one.entity_type == entity.type and one.can_be_put]
    pattern = _pattern(loaded, fits[int(draw(0, "role attribute", entity.type, entity.name) * len(fits))], form)
    before, after = pattern.split("{name}", 1)
    span = Span(start=len(before), end=len(before) + len(entity.name))
    asked = GenerateRequest(model=loaded.card.id, prompt=before + entity.name + after, format=form, entity=span)
    prompt = read_prompt(loaded, asked)
    return RoleName(entity.type, label, prompt.ids, prompt.entity.start, prompt.entity.end - 1)


def _pattern(loaded: Loaded, attribute: Attribute, form: Format) -> str:
    """A chat model is asked, a base model reads on."""
    assert attribute.question is not None
    read_on = attribute.opening if attribute.opening and "{name}" in attribute.opening else attribute.question
    return attribute.question if form == "chat" else read_on
