"""Why a head looks where it looks: its score taken apart into parts of the query and parts of the key.

A softmax ignores what all keys share, so what is told is each key's score minus the attention-weighted mean over keys.
That is linear: a part of a key stands against the mean of that part over all keys, and all pairs of parts add up.
First sums by key; of one key, when asked, its strongest pairs. Held still, as in every graph: a part taken away would
change the norms. Knows nothing about what a head writes: head_rows.py.
"""

import time
from collections.abc import Generator

import torch
from torch import Tensor

from model_worker.circuits.inquiry import Inquiry, read_inquiry
from model_worker.circuits.looking.query_key import QueryKey, QueryKeyPart
from model_worker.model.gemma import Gemma
from model_worker.model.loading import Loaded
from model_worker.rounding import rounded
from protocol.refusal import Refused
from protocol.worker.circuits import LookRequest
from protocol.worker.frames import Done
from protocol.worker.looked import KeySum, Looked, LookedPart, QueryKeyPair


def why_it_looks(loaded: Loaded, gemma: Gemma, request: LookRequest) -> Generator[Looked | Done | None]:
    """loaded, gemma: as of `circuit`. Raises Refused (422) for what the model or its prompt doesn't have."""
    began = time.perf_counter()
    inquiry = read_inquiry(loaded, gemma, request.circuit)
    query, key = _positions(inquiry, request)
    yield None
    yield looked(inquiry, request, query, key)
    yield Done(seq=1, elapsed_s=round(time.perf_counter() - began, 4), n_tokens=0)


@torch.no_grad()
def looked(inquiry: Inquiry, request: LookRequest, query: int, key: int | None) -> Looked:
    """query, key: positions on the request's side."""
    which = _which(request)
    side, positions = inquiry.sides[which], inquiry.positions(which)
    head = QueryKey.of(inquiry, side, request.layer, request.head)
    seen = _seen(inquiry, request, query)
    attention = side.patterns[request.layer][request.head, query, seen].double()
    query_parts, of_query = head.query(query)
    by_key = [head.key(pos) for pos in seen]
    key_parts = list(dict.fromkeys(part for parts, _ in by_key for part in parts))
    place = {part: n for n, part in enumerate(key_parts)}
    of_keys = of_query.new_zeros(len(seen), len(key_parts), of_query.shape[1])
    for n, (parts, vectors) in enumerate(by_key):
        of_keys[n, [place[part] for part in parts]] = vectors
    of_keys -= torch.einsum("k,kph->ph", attention, of_keys)
    above = of_keys.sum(1) @ of_query.sum(0)
    raw = head.scores(query, seen)
    told: tuple[QueryKeyPair, ...] = ()
    rest = 0.0
    if key is not None:
        told, rest = _pairs(of_query @ of_keys[seen.index(key)].T, query_parts, key_parts, request.top)
    return Looked(
        seq=0,
        side=request.side,
        keys=tuple(
            KeySum(
                column=positions.index(pos),
                attention=rounded(attention[n].item()),
                score=rounded(above[n].item()),
                raw=rounded(raw[n].item()),
            )
            for n, pos in enumerate(seen)
        ),
        pairs=told,
        identity=float(f"{(above - (raw - attention @ raw)).abs().max().item():.2g}"),
        query=positions.index(query),
        of_key=None if key is None else positions.index(key),
        rest=rounded(rest),
    )


def _pairs(
    table: Tensor, query_parts: list[QueryKeyPart], key_parts: list[QueryKeyPart], top: int
) -> tuple[tuple[QueryKeyPair, ...], float]:
    """table (query parts, key parts). The strongest by query part, by key part and by pair; and what those pairs leave
    of the sum."""
    by_query, by_key, flat = table.sum(1), table.sum(0), table.flatten()
    found = [
        QueryKeyPair(query=_part(query_parts[n]), key=None, score=rounded(by_query[n].item()))
        for n in _top(by_query, top)
    ]
    found += [
        QueryKeyPair(query=None, key=_part(key_parts[n]), score=rounded(by_key[n].item())) for n in _top(by_key, top)
    ]
    strongest = _top(flat, top)
    for n in strongest:
        row, column = divmod(n, table.shape[1])
        pair = QueryKeyPair(query=_part(query_parts[row]), key=_part(key_parts[column]), score=rounded(flat[n].item()))
        found.append(pair)
    return tuple(found), (flat.sum() - flat[strongest].sum()).item()


def _top(values: Tensor, n: int) -> list[int]:
    return values.abs().topk(min(n, len(values))).indices.tolist()


def _part(part: QueryKeyPart) -> LookedPart:
    kind, layer, index = part
    return LookedPart(kind=kind, layer=layer, index=index)


def _which(request: LookRequest) -> int:
    return 0 if request.side == "a" else 1


def _seen(inquiry: Inquiry, request: LookRequest, query: int) -> list[int]:
    """Positions that a query of the layer sees."""
    mask = inquiry.sides[_which(request)].whole.masks[request.layer][query]
    return (mask == 0).nonzero().squeeze(-1).tolist()


def _positions(inquiry: Inquiry, request: LookRequest) -> tuple[int, int | None]:
    """Of query and key. Raises Refused (422)."""
    n_heads, n_layers = inquiry.gemma.shape.n_heads, inquiry.gemma.n_layers
    if request.side == "b" and inquiry.b is None:
        raise _no_such("Side b of a circuit of one prompt asked.", "It has side a alone.", "Ask for side a.")
    if request.layer >= n_layers or request.head >= n_heads:
        raise _no_such(
            f"Head {request.head} of layer {request.layer} asked.",
            f"{inquiry.loaded.card.id} has layers 0 to {n_layers - 1} with heads 0 to {n_heads - 1}.",
            "Choose one of those.",
        )
    positions = inquiry.positions(_which(request))
    found: list[int] = []
    for what, column in (("query", request.query), ("key", request.key)):
        wanted = len(positions) - 1 if column is None else column
        if wanted >= len(positions) or positions[wanted] < 0:
            raise _no_such(
                f"The {what} at column {wanted} of side {request.side} asked.",
                "There is no token there." if wanted < len(positions) else f"Columns are 0 to {len(positions) - 1}.",
                "Choose a token of that prompt.",
            )
        found.append(positions[wanted])
    query, key = found
    if request.key is None:
        return query, None
    if key not in _seen(inquiry, request, query):
        raise _no_such(
            f"What the token at column {request.query} sees of the one at {request.key} asked.",
            f"A query of layer {request.layer} sees tokens up to itself"
            + (
                f", {inquiry.gemma.window} at most."
                if inquiry.gemma.kinds[request.layer] == "sliding_attention"
                else "."
            ),
            "Choose an earlier key, or a later query.",
        )
    return query, key


def _no_such(asked: str, allowed: str, change: str) -> Refused:
    return Refused(422, "no_such_look", asked, allowed, change)
