"""The tokenizer of a GGUF as tokenizer.json: pieces, scores and kinds are in the file, merges follow from the scores.

    merges: every way to part a piece into two pieces, best score of the whole first, then the longest left part
    score:  of a control or user's piece 0, as the original has it; llama.cpp writes -1000

Runs of spaces are spelled with "▁", as in the original; llama.cpp spells them with spaces. Knows nothing about text.
"""

import json
from typing import cast

import numpy as np

from model_worker.store.gguf_file import GgufFile, NotGguf

_CONTROL, _USERS = 3, 4
_MARKS = {"bos_token": "bos_token_id", "eos_token": "eos_token_id", "pad_token": "padding_token_id"}
_MARKS |= {"unk_token": "unknown_token_id"}


def tokenizer_json(gguf: GgufFile, special_tokens: tuple[str, ...]) -> str:
    """What the library `tokenizers` reads. Raises NotGguf where the file has no tokens of this kind."""
    if gguf.said.get("tokenizer.ggml.model") != "llama":
        raise NotGguf("its tokenizer is of a kind that isn't read here")
    kinds = cast(np.ndarray, gguf.said["tokenizer.ggml.token_type"])
    scores = cast(np.ndarray, gguf.said["tokenizer.ggml.scores"]).copy()
    scores[(kinds == _CONTROL) | (kinds == _USERS)] = 0.0
    pieces = [_spelled(piece) for piece in cast(list[str], gguf.said["tokenizer.ggml.tokens"])]
    added = [
        {
            "id": token,
            "content": piece,
            "single_word": False,
            "lstrip": False,
            "rstrip": False,
            "normalized": False,
            "special": piece in special_tokens,
        }
        for token, piece in enumerate(pieces)
        if kinds[token] in (_CONTROL, _USERS)
    ]
    bos = marks_of(gguf)["bos_token"]
    begins = {"SpecialToken": {"id": bos, "type_id": 0}}
    told = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": added,
        "normalizer": {"type": "Replace", "pattern": {"String": " "}, "content": "▁"},
        "pre_tokenizer": {
            "type": "Split",
            "pattern": {"String": " "},
            "behavior": "MergedWithPrevious",
            "invert": False,
        },
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [begins, {"Sequence": {"id": "A", "type_id": 0}}],
            "pair": [
                begins,
                {"Sequence": {"id": "A", "type_id": 0}},
                {"SpecialToken": {"id": bos, "type_id": 1}},
                {"Sequence": {"id": "B", "type_id": 1}},
            ],
            "special_tokens": {bos: {"id": bos, "ids": [pieces.index(bos)], "tokens": [bos]}},
        },
        "decoder": {
            "type": "Sequence",
            "decoders": [
                {"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
                {"type": "ByteFallback"},
                {"type": "Fuse"},
            ],
        },
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": marks_of(gguf)["unk_token"],
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": True,
            "byte_fallback": True,
            "ignore_merges": False,
            "vocab": {piece: token for token, piece in enumerate(pieces)},
            "merges": merges_of(pieces, scores.tolist()),
        },
    }
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


def merges_of(pieces: list[str], scores: list[float]) -> list[tuple[str, str]]:
    ids = {piece: token for token, piece in enumerate(pieces)}
    found: list[tuple[float, int, int, str, str]] = []
    for piece, score in zip(pieces, scores, strict=True):
        halves = [(piece[:cut], piece[cut:]) for cut in range(1, len(piece))]
        both = [(left, right) for left, right in halves if left in ids and right in ids]
        both.sort(key=lambda pair: (ids[pair[0]], ids[pair[1]]))
        found += [(score, len(left), len(right), left, right) for left, right in both]
    found.sort(key=lambda one: one[:3], reverse=True)
    return [(left, right) for *_, left, right in found]


def marks_of(gguf: GgufFile) -> dict[str, str]:
    """The tokens that transformers wants to know by their part: bos, eos, pad, unk."""
    pieces = cast(list[str], gguf.said["tokenizer.ggml.tokens"])
    return {mark: pieces[cast(int, gguf.said[f"tokenizer.ggml.{key}"])] for mark, key in _MARKS.items()}


def _spelled(piece: str) -> str:
    return "▁" * len(piece) if piece and not piece.strip(" ") else piece
