"""Whether two streams tell the same answers, token by token."""

import json
from collections.abc import Iterable
from typing import NamedTuple

from benchmarks.load.client import kind_of

TIE_NATS = 1e-4  # DESIGN section 3: logits of a row may differ by this with the batch that it is in, fp32 on a CPU


class Token(NamedTuple):
    id: int
    margin_nats: float


Answers = dict[tuple[int, int], list[Token]]
"""By arm and sample."""


def answers_of(lines: Iterable[bytes]) -> Answers:
    answers: Answers = {}
    for line in lines:
        if kind_of(line) == "step":
            for token in json.loads(line)["tokens"]:
                own = answers.setdefault((token["arm"], token["sample"]), [])
                own.append(Token(token["id"], token["margin_nats"]))
    return answers


def differs(one: Answers, other: Answers) -> bool:
    """Greedy ones. After two tokens that are equally likely the rest may be anything."""
    return one.keys() != other.keys() or any(_differs(one[answer], other[answer]) for answer in one)


def _differs(one: list[Token], other: list[Token]) -> bool:
    for mine, yours in zip(one, other, strict=False):
        if mine.id != yours.id:
            return max(mine.margin_nats, yours.margin_nats) >= TIE_NATS
    return len(one) != len(other)
