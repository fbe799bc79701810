"""Prompts that were read once, and what steered rows take over from them.

A prompt state holds, for one sequence of tokens without steering: keys and values of every block, resid_post after
every block, the logits after its last token. A row that is steered from position e on, at layer s at the earliest,
equals it (1) before e, at all layers, and (2) up to layer s, at all positions. So a drag of a slider computes only
the rest: positions e to the end through the blocks after s.

States are kept, least recently used first to go, under a budget in bytes. Knows nothing about answers.
"""

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from torch import Tensor

from model_worker.decoding.odds import Odds, odds_of
from model_worker.decoding.stops import Stops
from model_worker.model.gemma import Gemma, KeysValues
from model_worker.model.walk import Sight, behind, sight, walk
from model_worker.rounding import rounded
from model_worker.steering.sites import AnyDelta, first_changed, prompt_sites
from protocol.worker.frames import TokenOdds

Ids = tuple[int, ...]
BeforeAndAfter = tuple[tuple[float, ...], tuple[float, ...]]
"""A push's `a` at its positions, before it and after."""


@dataclass(frozen=True)
class PromptState:
    """keys, values: by layer (1, n_kv_heads, pos, head_dim). residuals: by layer (pos, d_model).
    logits (vocab,) after the last token, fp32. odds: of the tokens from the second on. `fvu`: by dictionary, for
    whoever works it out."""

    ids: Ids
    keys: tuple[Tensor, ...]
    values: tuple[Tensor, ...]
    residuals: tuple[Tensor, ...]
    logits: Tensor
    odds: tuple[TokenOdds, ...]
    fvu: dict[str, float | None] = field(default_factory=dict)

    def kept(self, layer: int, n_tokens: int | None = None) -> KeysValues:
        """Keys and values of its first tokens. None: of all."""
        return self.keys[layer][:, :, :n_tokens], self.values[layer][:, :, :n_tokens]

    @property
    def n_bytes(self) -> int:
        tensors = (*self.keys, *self.values, *self.residuals, self.logits)
        return sum(tensor.numel() * tensor.element_size() for tensor in tensors)


@dataclass(frozen=True)
class Fork:
    """Rows that leave a prompt state at position `first`, after the block where their steering begins.

    keys, values: by layer after that block (rows, n_kv_heads, pos - first, head_dim); up to it they are the state's.
    residuals: by layer that was read, from that block on, (rows, pos - first, d_model).
    logits (rows, vocab). measured: [row][delta] its `a` before and after at its positions.
    """

    state: PromptState
    first: int
    keys: dict[int, Tensor]
    values: dict[int, Tensor]
    residuals: dict[int, Tensor]
    logits: Tensor
    measured: tuple[tuple[tuple[tuple[float, ...], tuple[float, ...]], ...], ...]


class Prompts:
    """Reads prompts, and keeps what it read."""

    def __init__(self, gemma: Gemma, max_bytes: int) -> None:
        self._gemma = gemma
        self._max_bytes = max_bytes
        self._kept: OrderedDict[Ids, PromptState] = OrderedDict()
        self.n_bytes = self.n_hits = self.n_misses = 0

    def state(self, ids: Ids) -> PromptState:
        """Kept if it fits the budget; the oldest make room."""
        if kept := self._kept.get(ids):
            self._kept.move_to_end(ids)
            self.n_hits += 1
            return kept
        self.n_misses += 1
        state = read(self._gemma, ids)
        if state.n_bytes <= self._max_bytes:
            self._kept[ids] = state
            self.n_bytes += state.n_bytes
        while self.n_bytes > self._max_bytes:
            _, oldest = self._kept.popitem(last=False)
            self.n_bytes -= oldest.n_bytes
        return state

    def __len__(self) -> int:
        return len(self._kept)


@torch.inference_mode()
def read(gemma: Gemma, ids: Ids) -> PromptState:
    """The prompt, without steering."""
    at = torch.arange(len(ids), device=gemma.device)
    keys, values, residuals = [], [], []

    def remember(layer: int, new_keys: Tensor, new_values: Tensor) -> KeysValues:
        keys.append(new_keys.contiguous())
        values.append(new_values.contiguous())
        return new_keys, new_values

    def kept(layer: int, x: Tensor) -> Tensor:
        residuals.append(x[0])
        return x

    x = gemma.embed(torch.tensor([ids], device=gemma.device))
    x = walk(gemma.shape, gemma.blocks, x, sight(gemma, at.unsqueeze(0), at), remember, after=kept)
    return PromptState(
        ids=ids,
        keys=tuple(keys),
        values=tuple(values),
        residuals=tuple(residuals),
        logits=gemma.logits(x[0, -1]),
        odds=_prompt_odds(gemma, x[0, :-1], ids[1:]),
    )


@torch.inference_mode()
def fork(gemma: Gemma, state: PromptState, rows: Sequence[Sequence[AnyDelta]], read_layers: Sequence[int] = ()) -> Fork:
    """Each row with its own deltas. Rows whose prompt isn't steered by any take all from the state."""
    if not any(delta.positions for deltas in rows for delta in deltas):
        logits = state.logits.expand(len(rows), -1)
        return Fork(state, len(state.ids), {}, {}, {}, logits, _measured(rows, Stops(), 0))
    left = _left(gemma, state, rows, read_layers)
    return Fork(
        state=state,
        first=left.first,
        keys=left.keys,
        values=left.values,
        residuals=left.stops.residuals,
        logits=gemma.logits(left.last),
        measured=_measured(rows, left.stops, left.first),
    )


def fork_logits(gemma: Gemma, state: PromptState, rows: Sequence[Sequence[AnyDelta]]) -> Iterator[Tensor]:
    """Of rows that are all steered in the prompt, for whoever wants nothing else: some rows after the other, each
    (own rows, vocab)."""
    with torch.inference_mode():
        last = _left(gemma, state, rows, ()).last
    return gemma.head.parts(last)


class _Left(NamedTuple):
    """As of `Fork`. last (rows, d_model): resid_post of the last block at the prompt's last token."""

    first: int
    keys: dict[int, Tensor]
    values: dict[int, Tensor]
    stops: Stops
    last: Tensor


def _left(gemma: Gemma, state: PromptState, rows: Sequence[Sequence[AnyDelta]], read_layers: Sequence[int]) -> _Left:
    steered = [delta for deltas in rows for delta in deltas if delta.positions]
    first = min(delta.positions[0] for delta in steered)
    before = first_changed(steered)
    n_prompt = len(state.ids)
    sites = prompt_sites(gemma.blocks, rows, first, n_prompt)
    at = torch.arange(n_prompt, device=gemma.device)
    queries = at[first:].unsqueeze(0)
    seen = sight(gemma, queries, at)
    # Nothing but the logits is wanted of the last block, unless it is read or steered.
    last = gemma.n_layers - 1
    last_only = last not in sites and last not in read_layers
    if last_only:
        seen = Sight(seen.rotations, (*seen.masks[:-1], gemma.masks(queries[:, -1:], at)[-1]))

    keys, values, stops = {}, {}, Stops(sites, read_layers)

    def remember(place: int, new_keys: Tensor, new_values: Tensor) -> KeysValues:
        keys[place], values[place] = new_keys, new_values
        return behind(state.kept(place, first), new_keys, new_values)

    x = _begin(gemma, state, before)[first:].expand(len(rows), -1, -1)
    x = x if before < 0 else stops(before, x)
    x = walk(
        gemma.shape,
        gemma.blocks,
        x,
        seen,
        remember,
        first=before + 1,
        after=stops,
        within=stops.within,
        last_only=last_only,
    )
    return _Left(first, keys, values, stops, x[:, -1])


def _begin(gemma: Gemma, state: PromptState, layer: int) -> Tensor:
    """What goes into the block behind `layer`, (pos, d_model); -1: into the first."""
    return state.residuals[layer] if layer >= 0 else gemma.embed(torch.tensor(state.ids, device=gemma.device))


def _measured(rows: Sequence[Sequence[AnyDelta]], stops: Stops, first: int) -> tuple[tuple[BeforeAndAfter, ...], ...]:
    waiting = stops.by_delta()

    def measured(delta: AnyDelta) -> BeforeAndAfter:
        if not delta.positions:
            return (), ()
        before, after = (tuple(values[pos - first] for pos in delta.positions) for values in waiting(delta))
        return before, after

    return tuple(tuple(measured(delta) for delta in deltas) for deltas in rows)


def _prompt_odds(gemma: Gemma, x: Tensor, ids: Ids, chunk: int = 64) -> tuple[TokenOdds, ...]:
    """In chunks: the logits of a long prompt over Gemma's 256k tokens would be large."""
    odds: list[Odds] = []
    for begin in range(0, len(ids), chunk):
        logits = gemma.logits(x[begin : begin + chunk])
        odds += odds_of(logits, torch.tensor(ids[begin : begin + chunk], device=gemma.device))
    return tuple(
        TokenOdds(logprob=rounded(one.logprob), entropy_nats=rounded(one.entropy), margin_nats=rounded(one.margin))
        for one in odds
    )
