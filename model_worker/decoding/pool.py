"""Keys and values of all rows that are decoding, in slots of one size, under a budget.

Grows in steps to what the rows in flight need; slots are filled from 0 without holes. Sliding blocks keep all
positions and their mask hides what lies outside the window: that costs memory, and nothing else to get wrong.
Knows nothing about rows.
"""

import torch
from torch import Tensor

from model_worker.decoding.states import Fork
from model_worker.model.gemma import Gemma

ROUND_SLOTS, ROUND_TOKENS = 8, 64


class Pool:
    """keys, values: by layer (slots, n_kv_heads, tokens, head_dim)."""

    def __init__(self, gemma: Gemma, max_bytes: int) -> None:
        self._gemma = gemma
        self._max_bytes = max_bytes
        self._n_slots = self._n_tokens = 0
        self.keys = [self._empty(0, 0) for _ in range(gemma.n_layers)]
        self.values = [self._empty(0, 0) for _ in range(gemma.n_layers)]

    @property
    def n_bytes(self) -> int:
        """Held, used or not."""
        return self._n_slots * self._n_tokens * self._gemma.bytes_per_token

    def fits(self, n_slots: int, n_tokens: int) -> bool:
        return self._bytes(_rounded(n_slots, ROUND_SLOTS), _rounded(n_tokens, ROUND_TOKENS)) <= self._max_bytes

    def most(self, n_tokens: int) -> int:
        """Slots that fit, of so many tokens."""
        return self._max_bytes // self._bytes(1, _rounded(n_tokens, ROUND_TOKENS)) // ROUND_SLOTS * ROUND_SLOTS

    def reserve(self, n_slots: int, n_tokens: int, n_used: int) -> None:
        """Room for so many, which must fit. The first n_used slots are kept."""
        n_slots, n_tokens = _rounded(n_slots, ROUND_SLOTS), _rounded(n_tokens, ROUND_TOKENS)
        if n_slots <= self._n_slots and n_tokens <= self._n_tokens:
            return
        if self._bytes(max(n_slots, self._n_slots), max(n_tokens, self._n_tokens)) <= self._max_bytes:
            n_slots, n_tokens = max(n_slots, self._n_slots), max(n_tokens, self._n_tokens)
        # what every tensor has at any moment, should memory run out half way
        self._n_slots, self._n_tokens = min(n_slots, self._n_slots), min(n_tokens, self._n_tokens)
        kept = self._n_tokens
        for pool in (self.keys, self.values):
            for layer, old in enumerate(pool):
                grown = self._empty(n_slots, n_tokens)
                grown[:n_used, :, :kept] = old[:n_used, :, :kept]
                pool[layer] = grown
        self._n_slots, self._n_tokens = n_slots, n_tokens

    def fill(self, fork: Fork, first: int, n_samples: int) -> None:
        """The prompt of a fork's rows, n_samples slots each, from slot `first` on."""
        n_prompt, n_rows = len(fork.state.ids), len(fork.logits)
        slots = slice(first, first + n_rows * n_samples)
        both = ((self.keys, fork.state.keys, fork.keys), (self.values, fork.state.values, fork.values))
        for pool, shared, own in both:
            for layer in range(self._gemma.n_layers):
                pool[layer][slots, :, :n_prompt] = shared[layer]
                if layer in own:
                    pool[layer][slots, :, fork.first : n_prompt] = own[layer].repeat_interleave(n_samples, dim=0)

    def move(self, source: int, target: int, n_tokens: int) -> None:
        for tensor in (*self.keys, *self.values):
            tensor[target, :, :n_tokens] = tensor[source, :, :n_tokens]

    def _empty(self, n_slots: int, n_tokens: int) -> Tensor:
        """Zeroed: a masked NaN of memory that was never written would still be one."""
        shape = (n_slots, self._gemma.shape.n_kv_heads, n_tokens, self._gemma.shape.head_dim)
        return torch.zeros(shape, dtype=self._gemma.dtype, device=self._gemma.device)

    def _bytes(self, n_slots: int, n_tokens: int) -> int:
        return n_slots * n_tokens * self._gemma.bytes_per_token


def _rounded(n: int, step: int) -> int:
    return -(-n // step) * step
