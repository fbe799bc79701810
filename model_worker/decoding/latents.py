"""All active latents of a dictionary at every token, compact, for whoever asks for them.

Knows nothing about the watched ones (readout) or about frames but the fields of `Latents`.
"""

import base64
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from model_worker.decoding.rows import Advance
from model_worker.decoding.states import Fork, PromptState
from model_worker.model.loading import Loaded
from protocol.worker.requests import ReadLatents

WIDE = 2**16  # an index of a dictionary up to this width fits two bytes
TOGETHER, STEPS_TOGETHER = (
    64,
    16,
)  # tokens that are encoded at once, and steps after which they are whatever their number
PLACES_AT_ONCE = 512  # places

FrameFields = dict[str, Any]
"""Of a frame that has yet to get its number."""


class ActiveLatents:
    """All active latents of one dictionary, along one request.

    Encoding many tokens at once costs a fraction of encoding each, so tokens of answers wait for some more.
    """

    def __init__(
        self,
        loaded: Loaded,
        read: ReadLatents,
        state: PromptState,
        rows: Sequence[tuple[int, int]],
    ) -> None:
        """rows: (arm, sample) by number."""
        self._dictionary = loaded.dictionaries[read.dictionary]
        self._layer = loaded.layer_of[read.dictionary]
        self._read = read
        self._state = state
        self._of = rows
        self._next = [len(state.ids)] * len(self._of)  # by row: the first place that is not yet told
        self._waiting: list[tuple[Tensor, tuple[int, ...]]] = []

    def of_prompt(self, parts: Sequence[tuple[Fork, Sequence[int]]]) -> Iterator[FrameFields]:
        """The baseline's whole prompt, then of each steered arm what may differ from it."""
        n_prompt = len(self._state.ids)
        yield self._told(0, 0, 0, self._found(self._state.residuals[self._layer]), range(n_prompt))
        for part, arms in parts:
            if self._layer in part.residuals:
                found, n_own = self._found(part.residuals[self._layer].flatten(0, 1)), n_prompt - part.first
                for row, arm in enumerate(arms):
                    yield self._told(arm, 0, part.first, found, range(row * n_own, (row + 1) * n_own))

    def of_answers(self, advance: Advance, *, last: bool) -> Iterator[FrameFields]:
        if advance.reads:
            self._waiting.append((advance.residuals[self._layer], tuple(read.row for read in advance.reads)))
        enough = sum(len(rows) for _, rows in self._waiting) >= TOGETHER or len(self._waiting) >= STEPS_TOGETHER
        if enough or (last and self._waiting):
            waiting, self._waiting = self._waiting, []
            found = self._found(torch.cat([residuals for residuals, _ in waiting]))
            places: dict[int, list[int]] = {}
            for place, row in enumerate(row for _, rows in waiting for row in rows):
                places.setdefault(row, []).append(place)
            for row, own in places.items():
                yield self._told(*self._of[row], self._next[row], found, own)
                self._next[row] += len(own)

    @torch.inference_mode()
    def _found(self, residual: Tensor) -> "_Found":
        """Of residual (places, d_model)."""
        rows, latents, values = (np.concatenate(parts) for parts in zip(*self._active(residual), strict=True))
        if self._read.top is not None:
            by_size = np.lexsort((-values, rows))
            rank = np.arange(len(rows)) - np.searchsorted(rows, rows)  # rows stay in order
            kept = np.sort(by_size[rank < self._read.top])
            rows, latents, values = rows[kept], latents[kept], values[kept]
        return _Found(np.searchsorted(rows, np.arange(len(residual) + 1)), latents, values)

    def _active(self, residual: Tensor) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Some at a time: a place takes d_sae numbers until its zeros are left out."""
        for first in range(0, len(residual), PLACES_AT_ONCE):
            row, latent, value = self._dictionary.active(residual[first : first + PLACES_AT_ONCE])
            yield (row + first).cpu().numpy(), latent.cpu().numpy(), value.cpu().numpy()

    def _told(self, arm: int, sample: int, pos: int, found: "_Found", places: Sequence[int]) -> FrameFields:
        """The fields of a `Latents` frame."""
        spans = [slice(found.begins[place], found.begins[place + 1]) for place in places]
        width = 2 if self._dictionary.d_sae <= WIDE else 4
        latents = np.concatenate([found.latents[span] for span in spans]).astype(f"<u{width}")
        values = np.concatenate([found.values[span] for span in spans]).astype("<f4")
        return {
            "arm": arm,
            "sample": sample,
            "dictionary": self._read.dictionary,
            "pos": pos,
            "counts": tuple(int(span.stop - span.start) for span in spans),
            "index_bytes": width,
            "data": base64.b64encode(latents.tobytes() + values.tobytes()).decode(),
        }


class _Found(NamedTuple):
    """Active latents by place: those of place p are begins[p] to begins[p + 1]."""

    begins: np.ndarray
    latents: np.ndarray
    values: np.ndarray
