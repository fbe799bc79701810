"""A GGUF file: what it says of itself, and where its tensors lie. Read by ourselves: the public reader takes half a
minute for 262,144 tokens. Knows nothing about what the names mean, or how numbers were rounded.

Format: github.com/ggml-org/ggml, docs/gguf.md, version 3, little-endian.
"""

import mmap
import struct
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType

_MAGIC = b"GGUF"
_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_TEXT, _LIST = 8, 9

Value = str | int | float | bool | list["Value"] | np.ndarray


class NotGguf(ValueError):
    """The file isn't what it should be."""


@dataclass(frozen=True)
class TensorPlace:
    """shape: as torch has it, the last axis runs fastest. kind: how its numbers were rounded."""

    name: str
    shape: tuple[int, ...]
    kind: GGMLQuantizationType
    start: int
    size_bytes: int


class GgufFile:
    """`said`: by key, lists of numbers as arrays. `tensors`: by name, in the file's order."""

    def __init__(self, path: Path) -> None:
        """Raises NotGguf, and OSError."""
        with path.open("rb") as file:
            self._bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self._at = 0
        try:
            self.said, self.tensors = self._read()
        except (struct.error, KeyError, ValueError, OverflowError) as error:
            raise NotGguf(f"{path.name} breaks off or isn't GGUF: {error}") from error
        if any(one.start + one.size_bytes > len(self._bytes) for one in self.tensors.values()):
            raise NotGguf(f"{path.name} breaks off")

    def raw(self, tensor: TensorPlace, first: int = 0, n_rows: int | None = None) -> np.ndarray:
        """Rows of it as bytes (n_rows, bytes of a row); a vector is one row."""
        all_rows = prod(tensor.shape[:-1])
        row_bytes = tensor.size_bytes // all_rows
        n_rows = all_rows - first if n_rows is None else min(n_rows, all_rows - first)
        begin = tensor.start + first * row_bytes
        return np.frombuffer(self._bytes, np.uint8, n_rows * row_bytes, begin).reshape(n_rows, row_bytes)

    def _read(self) -> tuple[dict[str, Value], dict[str, TensorPlace]]:
        if self._bytes[:4] != _MAGIC:
            raise NotGguf("no GGUF file")
        self._at = 4
        version, n_tensors, n_said = self._numbers("IQQ")
        if version != 3:
            raise NotGguf(f"GGUF of version {version}, which isn't read here")
        said = {}
        for _ in range(n_said):
            key = self._text()
            said[key] = self._value(self._numbers("I")[0])
        listed = [self._tensor() for _ in range(n_tensors)]
        aligned = said.get("general.alignment", 32)
        if not isinstance(aligned, int):
            raise NotGguf(f"its alignment is {aligned!r}, not a number")
        data = -(-self._at // aligned) * aligned
        tensors = {}
        for name, shape, kind, offset in listed:
            block, block_bytes = GGML_QUANT_SIZES[kind]
            size = prod(shape) // block * block_bytes
            tensors[name] = TensorPlace(name, shape, kind, data + offset, size)
        return said, tensors

    def _tensor(self) -> tuple[str, tuple[int, ...], GGMLQuantizationType, int]:
        name = self._text()
        (n_axes,) = self._numbers("I")
        shape = tuple(reversed(self._numbers(f"{n_axes}Q")))
        kind, offset = self._numbers("IQ")
        return name, shape, GGMLQuantizationType(kind), offset

    def _value(self, kind: int) -> Value:
        if kind == _TEXT:
            return self._text()
        if kind != _LIST:
            return self._numbers(_SCALARS[kind])[0]
        inner, n = self._numbers("IQ")
        if inner == _TEXT:
            return [self._text() for _ in range(n)]
        if inner == _LIST:
            return [self._value(_LIST) for _ in range(n)]
        dtype = np.dtype(f"<{_SCALARS[inner]}" if inner != 7 else "?")
        values = np.frombuffer(self._bytes, dtype, n, self._at)
        self._at += values.nbytes
        return values

    def _text(self) -> str:
        (n,) = self._numbers("Q")
        self._at += n
        if self._at > len(self._bytes):
            raise NotGguf("it breaks off")
        return self._bytes[self._at - n : self._at].decode("utf-8")

    def _numbers(self, kinds: str) -> tuple[Any, ...]:
        values = struct.unpack_from(f"<{kinds}", self._bytes, self._at)
        self._at += struct.calcsize(f"<{kinds}")
        return values
