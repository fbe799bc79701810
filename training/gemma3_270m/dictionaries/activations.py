"""Residual-stream vectors of the base model at several layers, read in one pass and kept on disk.

Layers are sae-lens layers: `resid_post`, the output of block `layer`. Kept as bf16: fp16 overflows from about layer 16
on. Knows nothing about dictionaries, and of text only its token ids.
"""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from training.tiny_gemma2.language_model.base import PAD

BATCH_TOKENS = 8192


@dataclass(frozen=True)
class TokenRow:
    """One document's ids, <bos> first; `last` is the position of a name's last token, 0 for no name."""

    ids: tuple[int, ...]
    last: int = 0


@dataclass(frozen=True)
class Kept:
    """What `harvest` left in a folder: every token but <bos>, in one order at all layers."""

    folder: Path

    def layer(self, layer: int) -> Tensor:
        """(tokens, d_model) bf16."""
        raw = np.fromfile(self.folder / f"layer_{layer}.bf16", dtype=np.int16)
        return torch.from_numpy(raw).view(torch.bfloat16).view(-1, self.about["d_model"])

    @property
    def about(self) -> dict:
        return json.loads((self.folder / "about.json").read_text())

    def names(self) -> Tensor:
        """(names,) indices of last tokens of names."""
        return torch.from_numpy(np.fromfile(self.folder / "names.i64", dtype=np.int64))


def token_rows(tokenizer, documents, longest: int = 160) -> Iterator[TokenRow]:
    """Token ids of documents with a `text` and a `name`."""
    for d in documents:
        encoded = tokenizer(d.text, add_special_tokens=False, return_offsets_mapping=True)
        ids = [tokenizer.bos_token_id, *encoded["input_ids"]][:longest]
        last = 0
        if d.name:
            end = d.text.rindex(d.name) + len(d.name)
            last = 1 + max(i for i, (a, b) in enumerate(encoded["offset_mapping"]) if a < end <= b or b == end)
        yield TokenRow(tuple(ids), last if last < len(ids) else 0)


@contextmanager
def reading_residuals(model, layers: Sequence[int]) -> Iterator[dict[int, Tensor]]:
    """While open, every forward pass leaves (batch, pos, d_model) of each layer in the dict."""
    seen: dict[int, Tensor] = {}
    with ExitStack() as stack:
        for layer in layers:

            def keep(_module, _inputs, out, layer: int = layer) -> None:
                seen[layer] = out[0] if isinstance(out, tuple) else out

            stack.callback(model.model.layers[layer].register_forward_hook(keep).remove)
        yield seen


def batches(rows: Sequence[TokenRow], tokens: int = BATCH_TOKENS) -> Iterator[list[int]]:
    """Indices of rows of like length, at most so many tokens together."""
    order = sorted(range(len(rows)), key=lambda i: len(rows[i].ids))
    group: list[int] = []
    for i in order:
        if group and (len(group) + 1) * len(rows[i].ids) > tokens:
            yield group
            group = []
        group.append(i)
    if group:
        yield group


def padded_rows(rows: Sequence[TokenRow]) -> Tensor:
    """(rows, longest), right-padded: in a causal model what comes after changes nothing."""
    out = torch.full((len(rows), max(len(r.ids) for r in rows)), PAD)
    for i, row in enumerate(rows):
        out[i, : len(row.ids)] = torch.tensor(row.ids)
    return out


@torch.no_grad()
def harvest(model, rows: Sequence[TokenRow], layers: Sequence[int], folder: Path, say: Callable[[str], None]) -> Kept:
    """Residuals of every token but <bos> at every layer; blocks behind the last of them are not computed."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {layer: (folder / f"layer_{layer}.bf16").open("wb") for layer in layers}
    names: list[int] = []
    n, begun, said = 0, time.monotonic(), 0.0
    with reading_residuals(model, layers) as seen:
        for group in batches(rows):
            part = [rows[i] for i in group]
            ids = padded_rows(part)
            model.model(ids, use_cache=False)
            real = ids != PAD
            real[:, 0] = False
            place = (real.flatten().cumsum(0) - 1).view_as(ids) + n
            names += [int(place[i, row.last]) for i, row in enumerate(part) if row.last]
            for layer in layers:
                kept = seen[layer][real].to(torch.bfloat16).contiguous()
                files[layer].write(kept.view(torch.int16).numpy().tobytes())
            n += int(real.sum())
            if time.monotonic() - said > 30:
                said = time.monotonic()
                say(f"{n} tokens, {said - begun:.0f} s")
    for file in files.values():
        file.close()
    np.array(names, dtype=np.int64).tofile(folder / "names.i64")
    about = {"tokens": n, "names": len(names), "layers": list(layers), "d_model": model.config.hidden_size}
    (folder / "about.json").write_text(json.dumps(about | {"elapsed_s": round(time.monotonic() - begun)}))
    return Kept(folder)


def at_last(model, rows: Sequence[TokenRow], layers: Sequence[int]) -> dict[int, Tensor]:
    """layer → (rows, d_model) in fp32, at each row's `last`."""
    out = {layer: torch.empty(len(rows), model.config.hidden_size) for layer in layers}
    with torch.no_grad(), reading_residuals(model, layers) as seen:
        for group in batches(rows):
            part = [rows[i] for i in group]
            model.model(padded_rows(part), use_cache=False)
            where = [row.last for row in part]
            for layer in layers:
                out[layer][group] = seen[layer][range(len(part)), where].float()
    return out
