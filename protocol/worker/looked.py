"""The answer to why a head looks where it looks. Knows nothing about how a score is taken apart: model_worker/circuits
does.
"""

from typing import Literal

from protocol.base import Message


class KeySum(Message):
    """What key `column` adds to the score above the attention-weighted mean over keys: all pairs together. raw: the
    score itself, before the model caps it."""

    column: int
    attention: float
    score: float
    raw: float = 0.0


class LookedPart(Message):
    """A part of what a query or a key is made of. sae: latent `index` of a layer. error: what its dictionary misses;
    bias: the dictionary's own. Without a dictionary below: token, the embedding; block, all that a layer writes."""

    kind: Literal["sae", "error", "bias", "token", "block"]
    layer: int
    index: int = 0


class QueryKeyPair(Message):
    """One part of the query against one of the key; of one of the two against all of the other where that is None.
    score: above the attention-weighted mean over keys."""

    query: LookedPart | None
    key: LookedPart | None
    score: float


class Looked(Message):
    """keys: of all that the query sees. of_key: the one whose pairs are told, strongest first, with what they leave
    out: `rest`. identity: largest difference between a sum of all pairs and its score."""

    kind: Literal["looked"] = "looked"
    seq: int
    side: Literal["a", "b"]
    keys: tuple[KeySum, ...]
    pairs: tuple[QueryKeyPair, ...] = ()
    identity: float
    query: int = 0
    of_key: int | None = None
    rest: float = 0.0
