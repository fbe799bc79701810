"""What the public package reads out of rounded blocks, an own reading of the format reads too.

Written from the layout of the blocks in ggml-common.h, number by number and without its tricks.
"""

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from gguf import GGMLQuantizationType as Kind

from model_worker.store.dequantised import rows_of, transformers_name
from model_worker.store.gguf_file import GgufFile, NotGguf, TensorPlace
from tests.model_worker.store.made_up import weights, write_gguf

N_BLOCKS = 40


def half(content: bytes) -> float:
    return struct.unpack("<e", content)[0]


def q8_0(block: bytes) -> list[float]:
    """d, then 32 signed bytes."""
    return [half(block[:2]) * q for q in struct.unpack("<32b", block[2:])]


def q5_0(block: bytes) -> list[float]:
    """d, 32 high bits, 16 bytes of low halves: the first 16 numbers in the low nibbles, the others in the high ones."""
    d, high, low = half(block[:2]), struct.unpack("<I", block[2:6])[0], block[6:]
    numbers = []
    for i in range(32):
        nibble = low[i] & 15 if i < 16 else low[i - 16] >> 4
        numbers.append(d * ((nibble | (high >> i & 1) << 4) - 16))
    return numbers


def q4_k(block: bytes) -> list[float]:
    """d, dmin, 12 bytes of eight 6-bit scales and minima, 128 bytes of nibbles: two stretches of 32 in 32 bytes."""
    d, dmin, packed, nibbles = half(block[:2]), half(block[2:4]), block[4:16], block[16:]
    numbers = []
    for group in range(8):
        if group < 4:
            scale, least = packed[group] & 63, packed[group + 4] & 63
        else:
            scale = packed[group + 4] & 15 | packed[group - 4] >> 6 << 4
            least = packed[group + 4] >> 4 | packed[group] >> 6 << 4
        for i in range(32):
            byte = nibbles[group // 2 * 32 + i]
            numbers.append(d * scale * (byte >> 4 if group % 2 else byte & 15) - dmin * least)
    return numbers


def q6_k(block: bytes) -> list[float]:
    """128 bytes of low nibbles, 64 of high pairs of bits, 16 signed scales, d: twice 128 numbers in four rows."""
    low, high, scales, d = block[:128], block[128:192], struct.unpack("<16b", block[192:208]), half(block[208:])
    numbers = []
    for part in range(2):
        for row in range(4):
            for i in range(32):
                byte = low[64 * part + 32 * (row % 2) + i]
                nibble = byte & 15 if row < 2 else byte >> 4
                pair = high[32 * part + i] >> 2 * row & 3
                numbers.append(d * scales[8 * part + 2 * row + i // 16] * ((nibble | pair << 4) - 32))
    return numbers


@pytest.mark.parametrize(
    ("kind", "n_bytes", "halves", "own"),
    [
        (Kind.Q8_0, 34, (0,), q8_0),
        (Kind.Q5_0, 22, (0,), q5_0),
        (Kind.Q4_K, 144, (0, 2), q4_k),
        (Kind.Q6_K, 210, (208,), q6_k),
    ],
    ids=["Q8_0", "Q5_0", "Q4_K", "Q6_K"],
)
def test_each_kind_of_block_is_read_as_its_layout_says(
    kind: Kind, n_bytes: int, halves: tuple[int, ...], own: Callable[[bytes], list[float]]
) -> None:
    drawn = np.random.default_rng(kind.value)
    blocks = drawn.integers(0, 256, (N_BLOCKS, n_bytes), dtype=np.uint8)
    for place in halves:  # any bytes are a block, but for the scales, which must be numbers
        blocks[:, place : place + 2] = drawn.normal(0, 0.01, N_BLOCKS).astype("<f2").view(np.uint8).reshape(-1, 2)
    expected = np.array([number for block in blocks for number in own(block.tobytes())], np.float32)

    class File:
        def raw(self, _tensor: TensorPlace, first: int, n_rows: int) -> np.ndarray:
            return blocks.reshape(2, -1)[first : first + n_rows]

    tensor = TensorPlace("x", (2, len(expected) // 2), kind, 0, blocks.size)
    found = np.concatenate([rows_of(File(), tensor, row, 1) for row in range(2)]).reshape(-1)
    assert np.allclose(found, expected, rtol=1e-6, atol=1e-7) and np.ptp(expected) > 0.01


def test_a_gguf_is_read_as_the_public_reader_reads_it(tmp_path: Path) -> None:
    from gguf import GGUFReader

    write_gguf(tmp_path / "made.gguf")
    ours, public = GgufFile(tmp_path / "made.gguf"), GGUFReader(tmp_path / "made.gguf")
    assert ours.tensors.keys() == weights().keys() == {one.name for one in public.tensors}
    for one in public.tensors:
        tensor = ours.tensors[one.name]
        assert tensor.shape == tuple(reversed(one.shape.tolist())) and tensor.kind == one.tensor_type
        assert (ours.raw(tensor).reshape(-1) == one.data.reshape(-1).view(np.uint8)).all()
    for key, field in public.fields.items():
        if not key.startswith("GGUF."):
            found = ours.said[key]
            assert (found.tolist() if isinstance(found, np.ndarray) else found) == field.contents(), key


def test_a_file_that_breaks_off_anywhere_or_is_none_is_refused(tmp_path: Path) -> None:
    write_gguf(tmp_path / "made.gguf")
    content = (tmp_path / "made.gguf").read_bytes()
    for n in (10, 30, 200, 5000, len(content) // 2, len(content) - 1):
        (tmp_path / "cut.gguf").write_bytes(content[:n])
        with pytest.raises(NotGguf):
            GgufFile(tmp_path / "cut.gguf")
    (tmp_path / "cut.gguf").write_bytes(b"PK" + content)
    with pytest.raises(NotGguf):
        GgufFile(tmp_path / "cut.gguf")
    for name in ("blk.0.attn_q.bias", "blk.x.attn_q.weight", "rope_freqs.weight"):
        with pytest.raises(NotGguf, match=name):
            transformers_name(name)
