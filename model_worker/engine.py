"""Forward passes of one batch of arms: the prompt once, then a token a step.

All arms share the prompt's tokens and differ in what is added to their residual stream.
Each method is one step: it attaches its hooks and leaves them before it returns.
Knows nothing about frames, text or verdicts. No KV is shared or kept between prompts yet.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from transformers import DynamicCache

from model_worker.hooks import Site, attached
from model_worker.loading import Loaded


@dataclass(frozen=True)
class Passed:
    """What one forward pass left: logits (batch, vocab) fp32 of the last position,
    and resid_post (batch, pos, d_model) after steering, by layer that was read."""

    logits: Tensor
    residuals: dict[int, Tensor]


class Batch:
    """The arms that still run. `read_layers` are read in every pass."""

    def __init__(self, loaded: Loaded, prompt: Sequence[int], read_layers: Sequence[int]) -> None:
        self._loaded = loaded
        self._prompt = prompt
        self._read_layers = tuple(read_layers)
        self._cache = DynamicCache(config=loaded.model.config)

    @torch.inference_mode()
    def prefill(self, deltas: Mapping[int, Tensor], n_arms: int) -> Passed:
        """The prompt, for all arms. deltas: by layer, (n_arms, pos, d_model), added to resid_post."""
        ids = torch.tensor([self._prompt], device=self._loaded.device).expand(n_arms, -1)
        return self._forward(ids, deltas)

    @torch.inference_mode()
    def step(self, tokens: Sequence[int]) -> Passed:
        """One token a running arm; generated tokens are not steered."""
        return self._forward(torch.tensor(tokens, device=self._loaded.device).unsqueeze(1), {})

    @torch.inference_mode()
    def keep(self, rows: Sequence[int]) -> None:
        """Drop every other arm from the batch; the rest keep their order."""
        self._cache.batch_select_indices(torch.tensor(rows, device=self._loaded.device))

    def _forward(self, ids: Tensor, deltas: Mapping[int, Tensor]) -> Passed:
        residuals: dict[int, Tensor] = {}
        layers = sorted({*self._read_layers, *deltas})
        sites = {layer: _site(layer, deltas.get(layer), self._read_layers, residuals) for layer in layers}
        with attached(self._loaded.layers, sites):
            out = self._loaded.model(ids, past_key_values=self._cache, use_cache=True, logits_to_keep=1)
        return Passed(out.logits[:, -1].float(), residuals)


@torch.inference_mode()
def last_logits(loaded: Loaded, prompt: Sequence[int], deltas: Mapping[int, Tensor]) -> Tensor:
    """Logits (n_rows, vocab) of the first answer token only: nothing is kept for decoding.

    deltas: by layer, (n_rows, pos, d_model). One row goes in and fans out where the first delta is
    added: up to there all rows are the same.
    """
    ids = torch.tensor([prompt], device=loaded.device)
    sites = {layer: _site(layer, delta, (), {}) for layer, delta in deltas.items()}
    with attached(loaded.layers, sites):
        return loaded.model(ids, use_cache=False, logits_to_keep=1).logits[:, -1].float()


def _site(layer: int, delta: Tensor | None, read_layers: Sequence[int], residuals: dict[int, Tensor]) -> Site:
    def site(residual: Tensor) -> Tensor | None:
        changed = None if delta is None else residual + delta.to(residual.dtype)
        if layer in read_layers:
            residuals[layer] = residual if changed is None else changed
        return changed

    return site
