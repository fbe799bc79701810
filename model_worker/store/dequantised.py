"""From a GGUF to safetensors in fp32: names and shapes as transformers has them, numbers as llama.cpp reads them.

llama.cpp keeps the gain of Gemma's norms as 1 + w; transformers' weights are w. Nothing else is turned or permuted. A
matrix goes through in slices, so the largest needs no more memory than the smallest. Knows nothing about tokens.
"""

import json
import struct
from collections.abc import Callable
from math import prod
from pathlib import Path

import numpy as np
from gguf.quants import dequantize

from model_worker.store.gguf_file import GgufFile, NotGguf, TensorPlace

_SLICE_NUMBERS = 2**22
_OUTSIDE = {"token_embd": "model.embed_tokens", "output_norm": "model.norm"}
_OF_A_BLOCK = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_q_norm": "self_attn.q_norm",
    "attn_k_norm": "self_attn.k_norm",
    "attn_output": "self_attn.o_proj",
    "post_attention_norm": "post_attention_layernorm",
    "ffn_norm": "pre_feedforward_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
    "post_ffw_norm": "post_feedforward_layernorm",
}


def write_dequantised(gguf: GgufFile, file: Path, done: Callable[[float], None]) -> None:
    """done: called with the share that is written. Raises NotGguf for a tensor that no Gemma 3 has, and OSError."""
    names = {transformers_name(name): tensor for name, tensor in gguf.tensors.items()}
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    at = 0
    for name in sorted(names):
        shape = names[name].shape
        size = 4 * prod(shape)
        header[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    written = 0
    with file.open("wb") as out:
        out.write(struct.pack("<Q", len(text)) + text)
        for name in sorted(names):
            tensor = names[name]
            n_rows, width = prod(tensor.shape[:-1]), tensor.shape[-1]
            step = max(1, _SLICE_NUMBERS // width)
            for first in range(0, n_rows, step):
                numbers = rows_of(gguf, tensor, first, step)
                out.write((numbers - 1.0 if _is_norm(name) else numbers).astype("<f4").tobytes())
                written += 4 * numbers.size
                done(written / at)


def rows_of(gguf: GgufFile, tensor: TensorPlace, first: int, n_rows: int) -> np.ndarray:
    """(n_rows, width) in fp32, as they were rounded."""
    return dequantize(gguf.raw(tensor, first, n_rows), tensor.kind)


def transformers_name(name: str) -> str:
    """Raises NotGguf for a name that none of ours stands for."""
    stem, _, end = name.rpartition(".")
    if end == "weight" and stem in _OUTSIDE:
        return f"{_OUTSIDE[stem]}.weight"
    begins, _, rest = stem.partition(".")
    block, _, part = rest.partition(".")
    if end == "weight" and begins == "blk" and block.isdecimal() and part in _OF_A_BLOCK:
        return f"model.layers.{block}.{_OF_A_BLOCK[part]}.weight"
    raise NotGguf(f"the tensor {name} is none of a Gemma 3 text model")


def _is_norm(name: str) -> bool:
    return "norm" in name
