"""The same experiment in plain transformers, written without our modules: what ours must equal."""

import torch
from torch import Tensor


def steered_generate(model, layers, ids: Tensor, layer: int, delta: Tensor | None, n_new: int, stop: set[int]):
    """Greedy tokens by `generate` with a hook that adds delta (pos, d_model) to the prompt pass only."""

    def hook(_module, _inputs, out):
        if delta is not None and out.shape[1] == ids.shape[1]:
            return out + delta
        return None

    handle = layers[layer].register_forward_hook(hook)
    try:
        out = model.generate(
            ids, max_new_tokens=n_new, do_sample=False, eos_token_id=sorted(stop), pad_token_id=0, use_cache=True
        )
    finally:
        handle.remove()
    return out[0, ids.shape[1] :].tolist()


def teacher_forced(model, layers, ids: Tensor, layer: int, delta: Tensor | None):
    """Logits (pos, vocab) and every block's output (n_layers, pos, d_model) of one whole pass, no cache.
    delta (n_prompt, d_model) is added to the first n_prompt positions."""
    seen: dict[int, Tensor] = {}

    def reader(index):
        def hook(_module, _inputs, out):
            if index == layer and delta is not None:
                out = out.clone()
                out[0, : delta.shape[0]] += delta
            seen[index] = out[0]
            return out

        return hook

    handles = [block.register_forward_hook(reader(i)) for i, block in enumerate(layers)]
    try:
        with torch.no_grad():
            logits = model(ids, use_cache=False).logits[0]
    finally:
        for handle in handles:
            handle.remove()
    return logits, torch.stack([seen[i] for i in range(len(layers))])
