"""The residual stream at the last token of names, and at every token of ordinary text, a few at a time.

1. names of one type, label and split are a cell; a cell is read in chunks of CHUNK, in the set's order
2. a chunk is read in batches of names that have equally many tokens
3. documents are drawn by a hash until they have enough tokens, and read in batches of their own

A batch has no filled-up rows and shares nothing but BOS: on a CPU each of its rows is then what it would be by itself,
bit for bit as far as we have seen, and in any case apart from rounding. Knows nothing about latents.
"""

from collections.abc import Collection, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

from torch import Tensor

from model_worker.decoding.prefix import Passage
from model_worker.decoding.states import Ids
from model_worker.draw import draw
from model_worker.model.gemma import Gemma
from model_worker.model.loading import Loaded
from model_worker.studies.shared.names import Taken
from protocol.vocabulary import Label, Split

CHUNK = 256  # names: a tally counts them in 16 bits, and what an interruption can cost is not much
NAME_TOKENS, TEXT_TOKENS = 256, 384  # of a batch, so that a step stays short
GPU_TIMES = 32  # as many tokens on a GPU
LINES = 64  # of text, tokenised in a step

Residuals = dict[int, Tensor]
"""By layer (n, d_model)."""


class Stratum(NamedTuple):
    type: str
    label: Label
    split: Split


@dataclass(frozen=True)
class Chunk:
    """Some names of one cell, by ascending number of tokens. `last`: there are no more of its cell."""

    cell: Stratum
    names: tuple[Taken, ...]
    last: bool


def chunks(names: Iterable[Taken], split: Split) -> list[Chunk]:
    """By type, known before unknown. Names without a label are in none."""
    cells: dict[Stratum, list[Taken]] = {}
    for one in names:
        if one.label is not None and one.split == split:
            cells.setdefault(Stratum(one.entity.type, one.label, split), []).append(one)
    found = []
    for cell, own in sorted(cells.items()):
        for first in range(0, len(own), CHUNK):
            few = sorted(own[first : first + CHUNK], key=lambda one: len(one.placed.ids))
            found.append(Chunk(cell, tuple(few), first + CHUNK >= len(own)))
    return found


def name_batches(gemma: Gemma, names: Sequence[Taken], rows: int | None) -> Iterator[tuple[Taken, ...]]:
    """rows: of a batch at the most; None: as many as a short step takes."""
    for n_tokens, alike in groupby(names, key=lambda one: len(one.placed.ids)):
        own = tuple(alike)
        most = min(_tokens(gemma, NAME_TOKENS) // n_tokens, gemma.rows_at_once(n_tokens, n_tokens))
        at_once = max(1, most if rows is None else rows)
        for first in range(0, len(own), at_once):
            yield own[first : first + at_once]


def at_names(gemma: Gemma, names: Sequence[Taken], layers: Collection[int]) -> Residuals:
    """At the last token of each."""
    return _read(gemma, [one.placed.ids for one in names], layers, last=True)


def at_tokens(gemma: Gemma, documents: Sequence[Ids], layers: Collection[int]) -> Residuals:
    """At every token but BOS, one document after the other."""
    return _read(gemma, documents, layers, last=False)


def documents(loaded: Loaded, n_tokens: int, seed: int) -> Generator[None, None, list[Ids]]:
    """In short steps: lines of the card's corpus with BOS before each, drawn until they have `n_tokens` tokens beside
    it, or all of them; shortest first."""
    tokenizer, most = loaded.tokenizer, loaded.card.max_prompt_tokens - 1
    lines = sorted(loaded.corpus, key=lambda line: draw(seed, "corpus", line))
    found: list[Ids] = []
    for first in range(0, len(lines), LINES):
        for ids in tokenizer(lines[first : first + LINES], add_special_tokens=False)["input_ids"]:
            own = ids[ids[:1] == [tokenizer.bos_token_id] :][:most]
            if own and n_tokens > 0:
                found.append((tokenizer.bos_token_id, *own))
                n_tokens -= len(own)
        if n_tokens <= 0:
            break
        yield None
    return sorted(found, key=len)


def document_batches(gemma: Gemma, found: Iterable[Ids]) -> list[list[Ids]]:
    """In batches. found: shortest first."""
    parts: list[list[Ids]] = [[]]
    for ids in found:
        if parts[-1] and (len(parts[-1]) + 1) * len(ids) > _tokens(gemma, TEXT_TOKENS):
            parts.append([])
        parts[-1].append(ids)
    return [part for part in parts if part]


def _read(gemma: Gemma, rows: Sequence[Ids], layers: Collection[int], *, last: bool) -> Residuals:
    begin, rest = rows[0][:1], [row[1:] for row in rows]
    passage = Passage(gemma, begin, rest, layers, "last" if last else "all")
    passage.read(max(layers))
    return {layer: passage.residuals(layer) for layer in sorted(set(layers))}


def _tokens(gemma: Gemma, on_cpu: int) -> int:
    return on_cpu if gemma.device.type == "cpu" else GPU_TIMES * on_cpu
