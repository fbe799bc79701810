"""The same vocabulary in another library: SentencePiece, for which it was made, with an algorithm of its own.

It is told the pieces and their kinds. Scores fall with the ids, as they do in every BPE of SentencePiece's; no merges.
"""

import json
from pathlib import Path

from sentencepiece import SentencePieceProcessor, sentencepiece_model_pb2

NORMAL, UNKNOWN, CONTROL, USERS, BYTE = 1, 2, 3, 4, 6


def processor_of(folder: Path) -> SentencePieceProcessor:
    told = json.loads((folder / "tokenizer.json").read_text("utf-8"))
    added = {one["id"]: one for one in told["added_tokens"]}
    proto = sentencepiece_model_pb2.ModelProto()
    vocabulary = told["model"]["vocab"]
    for piece in sorted(vocabulary, key=vocabulary.__getitem__):
        token = vocabulary[piece]
        kind = BYTE if piece.startswith("<0x") and len(piece) == 6 else NORMAL
        if token in added:
            kind = CONTROL if piece in ("<pad>", "<eos>", "<bos>") else USERS
        if piece == "<unk>":
            kind = UNKNOWN
        proto.pieces.add(piece=piece, score=0.0 if kind != NORMAL else -float(token), type=kind)
    proto.trainer_spec.model_type = 2  # BPE
    proto.trainer_spec.byte_fallback = True
    proto.trainer_spec.unk_id, proto.trainer_spec.bos_id = vocabulary["<unk>"], vocabulary["<bos>"]
    proto.trainer_spec.eos_id, proto.trainer_spec.pad_id = vocabulary["<eos>"], vocabulary["<pad>"]
    proto.normalizer_spec.name = "identity"
    proto.normalizer_spec.add_dummy_prefix = False
    proto.normalizer_spec.remove_extra_whitespaces = False
    return SentencePieceProcessor(model_proto=proto.SerializeToString())
