"""A made-up source for the store: a tiny Gemma 3 as a GGUF, in pieces in two real wheels, and what we pin of them."""

import hashlib
import json
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from gguf import GGMLQuantizationType, GGUFWriter
from gguf.quants import quantize

from model_worker.store.filling import TEMPLATE, Filling
from model_worker.store.source import SOURCE_FILE, WeightsSource

NAME = "made-up"
D_MODEL, D_FF, HEAD_DIM, N_HEADS, N_LAYERS = 64, 128, 32, 2, 2
LETTERS = [chr(c) for c in range(97, 123)]
PIECES = ["<pad>", "<eos>", "<bos>", "<unk>", "<start_of_turn>", "<end_of_turn>", "\n", "  ", "   "]
PIECES += [f"<0x{byte:02X}>" for byte in range(256)]
WORDS = ["▁t", "he", "▁the", "in", "▁a", "er", "an", "▁th"]
N_CONTROL, N_USERS, N_BYTES = 6, 3, 256
PIECES += [*WORDS, "▁", *LETTERS]
KINDS = [3] * N_CONTROL + [4] * N_USERS + [6] * N_BYTES + [1] * (len(WORDS) + 1 + len(LETTERS))
SCORES = [-1000.0] * (N_CONTROL + N_USERS) + [0.0] * N_BYTES + [-float(n) for n in range(len(WORDS) + 1 + len(LETTERS))]
CONFIG = {
    "architectures": ["Gemma3ForCausalLM"],
    "model_type": "gemma3_text",
    "vocab_size": len(PIECES),
    "hidden_size": D_MODEL,
    "intermediate_size": D_FF,
    "num_hidden_layers": N_LAYERS,
    "num_attention_heads": N_HEADS,
    "num_key_value_heads": 1,
    "head_dim": HEAD_DIM,
    "sliding_window": 8,
    "query_pre_attn_scalar": HEAD_DIM,
    "layer_types": ["sliding_attention", "full_attention"],
    "max_position_embeddings": 512,
    "hidden_activation": "gelu_pytorch_tanh",
    "rms_norm_eps": 1e-6,
    "attention_bias": False,
    "tie_word_embeddings": True,
    "bos_token_id": 2,
    "eos_token_id": [1, 5],
    "pad_token_id": 0,
}


@dataclass
class Index:
    """The index's wheels, the sources that pin them, and a store that is filled from there."""

    root: Path
    said: list[str] = field(default_factory=list)

    @property
    def wheels(self) -> Path:
        return self.root / "wheels"

    @property
    def store(self) -> Path:
        return self.root / "store"

    @property
    def source_file(self) -> Path:
        return self.root / "sources" / NAME / SOURCE_FILE

    def change(self, **fields: object) -> None:
        told = json.loads(self.source_file.read_text())
        self.source_file.write_text(json.dumps(told | fields))

    def filling(self, **environment: str) -> Filling:
        yes = {"ACCEPT_MADE_UP": "1", "PIP_ARGS": f"--no-index --find-links {self.wheels}"}
        return Filling(self.store, yes | environment, say=self.said.append, sources=self.root / "sources")


def write_index(root: Path) -> Index:
    index = Index(root)
    index.wheels.mkdir(parents=True)
    gguf = root / "made.gguf"
    write_gguf(gguf)
    content = gguf.read_bytes()
    half = len(content) // 2
    packages = [
        _wheel(index.wheels, "made_up_one", {"data/made.part00": content[:half], "data/TERMS.txt": b"Be good.\n"}),
        _wheel(index.wheels, "made_up_two", {"data/made.part01": content[half:]}),
    ]
    packages[0] |= {"parts": ["made_up_one/data/made.part00"], "texts": {"TERMS.txt": "made_up_one/data/TERMS.txt"}}
    packages[1] |= {"parts": ["made_up_two/data/made.part01"]}
    source = {
        "name": NAME,
        "title": "A made-up model",
        "licence": "Made-up terms",
        "origin": "drawn at random",
        "notice": "Provided under made-up terms.",
        "accept_variable": "ACCEPT_MADE_UP",
        "stored_bytes": 2_000_000,
        "packages": packages,
        "gguf_sha256": hashlib.sha256(content).hexdigest(),
        "gguf_bytes": len(content),
        "special_tokens": PIECES[:N_CONTROL],
        "config": CONFIG,
    }
    index.source_file.parent.mkdir(parents=True)
    index.source_file.write_text(json.dumps(source))
    WeightsSource.model_validate_json(index.source_file.read_bytes())
    (index.source_file.parent / TEMPLATE).write_text(
        "{{ bos_token }}{% for m in messages %}{{ m['content'] }}{% endfor %}"
    )
    return index


def write_gguf(file: Path) -> None:
    writer = GGUFWriter(file, "gemma3")
    for add, value in (
        (writer.add_block_count, N_LAYERS),
        (writer.add_embedding_length, D_MODEL),
        (writer.add_feed_forward_length, D_FF),
        (writer.add_head_count, N_HEADS),
        (writer.add_head_count_kv, 1),
        (writer.add_key_length, HEAD_DIM),
        (writer.add_sliding_window, 8),
        (writer.add_tokenizer_model, "llama"),
        (writer.add_token_list, PIECES),
        (writer.add_token_scores, SCORES),
        (writer.add_token_types, KINDS),
        (writer.add_bos_token_id, 2),
        (writer.add_eos_token_id, 1),
        (writer.add_pad_token_id, 0),
        (writer.add_unk_token_id, 3),
    ):
        add(value)
    for name, numbers in weights().items():
        if numbers.ndim == 1:
            writer.add_tensor(name, numbers)
        else:
            kind = GGMLQuantizationType.Q8_0
            writer.add_tensor(name, quantize(numbers, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def weights() -> dict[str, np.ndarray]:
    """By llama.cpp's names, before they are rounded."""
    drawn = np.random.default_rng(0)
    wide, kv = N_HEADS * HEAD_DIM, HEAD_DIM
    shapes: dict[str, tuple[int, ...]] = {"token_embd": (len(PIECES), D_MODEL), "output_norm": (D_MODEL,)}
    for block in range(N_LAYERS):
        own = {
            "attn_norm": (D_MODEL,),
            "attn_q": (wide, D_MODEL),
            "attn_k": (kv, D_MODEL),
            "attn_v": (kv, D_MODEL),
            "attn_q_norm": (HEAD_DIM,),
            "attn_k_norm": (HEAD_DIM,),
            "attn_output": (D_MODEL, wide),
            "post_attention_norm": (D_MODEL,),
            "ffn_norm": (D_MODEL,),
            "ffn_gate": (D_FF, D_MODEL),
            "ffn_up": (D_FF, D_MODEL),
            "ffn_down": (D_MODEL, D_FF),
            "post_ffw_norm": (D_MODEL,),
        }
        shapes |= {f"blk.{block}.{name}": shape for name, shape in own.items()}
    return {f"{name}.weight": drawn.normal(0, 0.3, shape).astype(np.float32) for name, shape in shapes.items()}


def _wheel(folder: Path, name: str, files: dict[str, bytes]) -> dict[str, object]:
    """A real wheel; to import it would end the process."""
    wheel = folder / f"{name}-1.0.0-py3-none-any.whl"
    about = f"{name}-1.0.0.dist-info"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr(f"{name}/__init__.py", "raise SystemExit('code of a package was run')\n")
        for member, content in files.items():
            out.writestr(f"{name}/{member}", content)
        out.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {name.replace('_', '-')}\nVersion: 1.0.0\n")
        out.writestr(
            f"{about}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        out.writestr(f"{about}/RECORD", "")
    content = wheel.read_bytes()
    return {
        "name": name.replace("_", "-"),
        "version": "1.0.0",
        "file": wheel.name,
        "size_bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
