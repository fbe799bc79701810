"""Transcoders: what an MLP makes of its input, through sparse latents; and what splicing a dictionary in costs.

The site is Gemma Scope's: in, the residual stream before the MLP divided by its root mean square,
without the norm's weight; out, what the MLP adds to the residual stream, after the norm behind it.

Sources: transcoders, Dunefsky et al. 2024, arXiv:2406.11944; the site, Lieberum et al. 2024,
arXiv:2408.05147, section 3; loss when spliced in, the same, section 4.1, where the ablated site is
set to zero: ours is set to its mean. Latents are trained as in `dictionaries`, step 3 without core.

Knows a Gemma 2 model's modules. Knows nothing about names or which latent is wanted.
"""

import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import torch
from torch import Tensor

from training.tiny_gemma2.dictionaries.activations import counted, reading
from training.tiny_gemma2.dictionaries.dictionary import TrainedDictionary, fill
from training.tiny_gemma2.dictionaries.residual import Levels, trained
from training.tiny_gemma2.language_model.base import IGNORED, next_token_loss, padded, shifted, token_batches


def normed(x: Tensor, eps: float) -> Tensor:
    """Gemma's RMS norm without its weight: (..., d_model) with mean square 1."""
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + eps)


@contextmanager
def reading_mlps(model, layers: tuple[int, ...]) -> Iterator[dict[int, tuple[Tensor, Tensor]]]:
    """While open, every forward pass leaves (in, out), each (batch, pos, d_model), of each layer in the dict."""
    seen: dict[int, tuple[Tensor, Tensor]] = {}
    entered: dict[int, Tensor] = {}
    with ExitStack() as stack:
        for layer in layers:
            block = model.model.layers[layer]

            def enter(norm, inputs, layer: int = layer) -> None:
                entered[layer] = normed(inputs[0], norm.eps)

            def leave(_module, _inputs, out: Tensor, layer: int = layer) -> None:
                seen[layer] = entered[layer], out

            stack.callback(block.pre_feedforward_layernorm.register_forward_pre_hook(enter).remove)
            stack.callback(block.post_feedforward_layernorm.register_forward_hook(leave).remove)
        yield seen


@torch.no_grad()
def mlp_pairs(model, rows: list[list[int]], layers: tuple[int, ...], limit: int) -> dict[int, tuple[Tensor, Tensor]]:
    """layer → (in, out), each (at most `limit` tokens, d_model); <bos>, <eos> and padding are left out."""
    kept: dict[int, list[tuple[Tensor, Tensor]]] = {layer: [] for layer in layers}
    n = 0
    with reading_mlps(model, layers) as seen:
        for group in token_batches(rows, 6000, random.Random(0)):
            ids = padded(group)
            model.model(ids, use_cache=False)
            real = counted(ids)
            n += int(real.sum())
            for layer in layers:
                kept[layer].append((seen[layer][0][real], seen[layer][1][real]))
            if n >= limit:
                break
    return {
        layer: (torch.cat([a for a, _ in parts])[:limit], torch.cat([b for _, b in parts])[:limit])
        for layer, parts in kept.items()
    }


def train_transcoder(
    pairs: tuple[Tensor, Tensor],
    layer: int,
    seed: int,
    levels: Levels = ((512, 20),),
    steps: int = 300,
    batch: int = 1024,
    keep: float = 0.0,
) -> TrainedDictionary:
    """pairs   (in, out) of `mlp_pairs`, each (tokens, d_model)"""
    return trained(pairs, None, layer, seed, levels, steps, batch, keep)


def save_transcoder(transcoder: TrainedDictionary, folder: Path, model_name: str, figures: dict[str, float]) -> None:
    """A sae-lens folder: `SAE.load_from_disk(folder)` gives a JumpReLUTranscoder."""
    from sae_lens import JumpReLUTranscoder, JumpReLUTranscoderConfig  # 10–30 s, so not at the top
    from sae_lens.saes.sae import SAEMetadata

    d_in, d_sae = transcoder.w_enc.shape
    at = f"model.layers.{transcoder.layer}"
    module = JumpReLUTranscoder(
        JumpReLUTranscoderConfig(
            d_in=d_in,
            d_sae=d_sae,
            d_out=transcoder.w_dec.shape[1],
            apply_b_dec_to_input=False,
            normalize_activations="none",
            metadata=SAEMetadata(
                model_name=model_name,
                hook_name=f"blocks.{transcoder.layer}.ln2.hook_normalized",
                hook_name_out=f"blocks.{transcoder.layer}.hook_mlp_out",
                # the input is this module's input over its root mean square, without the module's weight
                hf_hook_name=f"{at}.pre_feedforward_layernorm",
                hf_hook_name_out=f"{at}.post_feedforward_layernorm",
                prepend_bos=True,
                context_size=512,
                **figures,
            ),
        )
    )
    fill(module, transcoder)
    module.save_model(folder)


Splice = Callable[[Tensor, Tensor], Tensor]  # (what goes in, what comes out) → what shall come out


@contextmanager
def splicing(model, layer: int, change: Splice, mlp: bool) -> Iterator[None]:
    """While open, `change` decides what the layer's residual, or its MLP, gives at every position but the first.

    <bos> is left alone: its norm is its own, and no dictionary is trained on it.
    """
    block = model.model.layers[layer]
    entered: list[Tensor] = []

    def enter(norm, inputs) -> None:
        entered[:] = [normed(inputs[0], norm.eps)]

    def leave(_module, _inputs, out: Tensor) -> Tensor:
        into = entered[0] if mlp else out
        return torch.cat([out[:, :1], change(into[:, 1:], out[:, 1:])], 1)

    with ExitStack() as stack:
        if mlp:
            stack.callback(block.pre_feedforward_layernorm.register_forward_pre_hook(enter).remove)
        where = block.post_feedforward_layernorm if mlp else block
        stack.callback(where.register_forward_hook(leave).remove)
        yield


@torch.no_grad()
def loss_nats(model, rows: list[list[int]]) -> float:
    """Mean next-token loss over all real tokens of the documents."""
    total = n = 0.0
    for group in token_batches(rows, 6000, random.Random(0)):
        ids = padded(group)
        targets = shifted(ids)
        count = int((targets != IGNORED).sum())
        total += float(next_token_loss(model, ids, targets, softcap=True)) * count
        n += count
    return total / n


@torch.no_grad()
def splice_figures(model, rows: list[list[int]], dictionary: TrainedDictionary, mlp: bool) -> dict[str, float]:
    """What a dictionary costs the model, on base documents.

    rows   documents as token ids
    mlp    it is a transcoder and takes the MLP's place; else an SAE, at the layer's residual

    `delta_loss_nats` is beside `delta_loss_mean_nats`, for the same site held at its mean;
    `loss_recovered` is 1 for no change and 0 for the mean.
    """
    layer = dictionary.layer
    mean = mlp_pairs(model, rows, (layer,), 30_000)[layer][1].mean(0) if mlp else _residual_mean(model, rows, layer)
    clean = loss_nats(model, rows)
    with splicing(model, layer, lambda into, _out: dictionary.decode(dictionary.encode(into)), mlp):
        spliced = loss_nats(model, rows)
    with splicing(model, layer, lambda _into, out: mean.expand_as(out), mlp):
        ablated = loss_nats(model, rows)
    return {
        "loss_nats": round(clean, 4),
        "delta_loss_nats": round(spliced - clean, 4),
        "delta_loss_mean_nats": round(ablated - clean, 4),
        "loss_recovered": round((ablated - spliced) / (ablated - clean), 4),
    }


def _residual_mean(model, rows: list[list[int]], layer: int) -> Tensor:
    total, n = torch.zeros(model.config.hidden_size), 0
    with reading(model, (layer,)) as seen:
        for group in token_batches(rows, 6000, random.Random(0)):
            ids = padded(group)
            model.model(ids, use_cache=False)
            real = counted(ids)
            total += seen[layer][real].sum(0)
            n += int(real.sum())
    return total / n
