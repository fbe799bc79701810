"""Questions that are asked the same with as many tokens: a known name's, and two unknown ones'.

Knows nothing about what is patched.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest

from model_worker.draw import draw
from model_worker.studies.shared.questions import Question
from protocol.worker.studies import CircuitsRequest, PatchingRequest


@dataclass(frozen=True)
class Pair:
    """Three questions with the same words around the name."""

    clean: Question
    corrupted: Question
    control: Question


def pairs_of(questions: Sequence[Question], request: PatchingRequest | CircuitsRequest) -> tuple[Pair, ...]:
    """Kinds of question take turns. Each name is in one pair, but for the control."""
    cells: dict[tuple[object, ...], dict[str, list[Question]]] = defaultdict(lambda: {"known": [], "unknown": []})
    for one in questions:
        if one.taken.label is not None:
            around = (one.taken.entity.type, one.attribute.name)
            lengths = (one.prompt.entity.start, one.prompt.entity.end, len(one.prompt.ids))
            cells[*around, *lengths][one.taken.label].append(one)

    def order(one: Question) -> float:
        return draw(request.seed, "pair", one.taken.entity.type, one.taken.entity.name)

    found: list[list[Pair]] = []
    for _, cell in sorted(cells.items()):
        known, unknown = (sorted(cell[label], key=order) for label in ("known", "unknown"))
        if len(unknown) > 1:
            controls = [*unknown[1:], unknown[0]]
            found.append([Pair(*three) for three in zip(known, unknown, controls, strict=False)])
    turns = chain(*zip_longest(*found))
    return tuple(pair for pair in turns if pair is not None)[: request.n_pairs]
