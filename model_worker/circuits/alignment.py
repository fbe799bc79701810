"""Which token of one prompt stands beside which of another.

Before the name one to one; names right-aligned on their last token; after it one to one. A longer name's first tokens
have no partner. Where no name was seen no token is one: all of the prompt stands before its end. Knows nothing about
what the tokens do.
"""

from model_worker.answering.prompt import PromptTokens
from protocol.refusal import Refused
from protocol.vocabulary import Found
from protocol.worker.circuit_frames import AlignedColumn, ColumnPlace

GUESSED: frozenset[Found] = frozenset({"capitals", "whole_prompt"})
"""Ways in which a name was found that may be none."""


def alone(prompt: PromptTokens, n_said: int) -> tuple[AlignedColumn, ...]:
    n_pos = len(prompt.ids) + n_said
    return tuple(AlignedColumn(a=pos, b=None, place=_place(prompt, pos, n_pos)) for pos in range(n_pos))


def aligned(a: PromptTokens, b: PromptTokens, n_said: int) -> tuple[AlignedColumn, ...]:
    """Raises Refused (422) where the words around the names are not as many tokens."""
    around_a, around_b = _around(a), _around(b)
    if around_a != around_b:
        named = not {a.entity.found, b.entity.found} & GUESSED
        rule = "Two prompts are held beside each other token by token"
        raise Refused(
            422,
            "not_aligned",
            f"Two prompts with {around_a[0]} and {around_b[0]} tokens before {'the name' if named else 'what differs'}"
            f", {around_a[1]} and {around_b[1]} behind it.",
            f"{rule}, so only their names may differ in length." if named else f"{rule}; no name was seen in both.",
            f"Use the same words around {'both names' if named else 'what differs'}, or ask for one prompt alone.",
        )
    before, after = around_a
    n_a, n_b = (one.entity.end - one.entity.start for one in (a, b))
    columns: list[tuple[int | None, int | None]] = [(pos, pos) for pos in range(before)]
    for place in range(max(n_a, n_b), 0, -1):
        columns.append((a.entity.end - place if place <= n_a else None, b.entity.end - place if place <= n_b else None))
    columns += [(a.entity.end + pos, b.entity.end + pos) for pos in range(after + n_said)]
    n_pos_a, n_pos_b = len(a.ids) + n_said, len(b.ids) + n_said
    return tuple(
        AlignedColumn(
            a=x, b=y, place=_place(b, y, n_pos_b) if x is None and y is not None else _place(a, x or 0, n_pos_a)
        )
        for x, y in columns
    )


def _around(prompt: PromptTokens) -> tuple[int, int]:
    return prompt.entity.start, len(prompt.ids) - prompt.entity.end


def _place(prompt: PromptTokens, pos: int, n_pos: int) -> ColumnPlace:
    if pos == n_pos - 1:
        return "end"
    if prompt.entity.found == "whole_prompt":
        return "before"
    if pos == prompt.entity.end - 1:
        return "name_last"
    if prompt.entity.start <= pos < prompt.entity.end:
        return "name"
    return "before" if pos < prompt.entity.start else "after"
