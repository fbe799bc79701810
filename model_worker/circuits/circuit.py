"""A circuit as a stream: all frames of protocol/worker/circuit_frames.py in their order.

1. read both prompts; what m is                                  -> circuit
2. score every node, by the gradient and by RelP                 -> nodes, by layer from the last
3. swap or ablate the strongest in the model, one at a time      -> checked
4. what nodes of a layer do to those of the next                 -> edges, by pair of layers and side
5. set whole groups to the other side's values, and off          -> groups, arrows
6. ask where the model can't know whom it is asked about         -> defaults
7. which heads look at the name, and whether that matters         -> heads
8. what fired on one side alone, and what held it down           -> silent
9.                                                               -> done

Every `next()` is one short step that leaves the model as it found it; None says that nothing is new. Knows nothing
about how anything is computed.
"""

import itertools
import time
from collections.abc import Generator, Iterator, Sequence
from typing import Literal

import numpy as np
import torch

from model_worker.answering.first_pass import N_TOP
from model_worker.answering.next_tokens import next_token, next_tokens
from model_worker.answering.prompt import prompt_warnings
from model_worker.answering.used import dictionary_used, model_used
from model_worker.circuits.basis.direct_edges import direct_edges, direct_effects
from model_worker.circuits.edges import layer_edges
from model_worker.circuits.exact import measured_swaps
from model_worker.circuits.groups.default_tests import defaults
from model_worker.circuits.groups.grouped import grouped
from model_worker.circuits.groups.roles import RoleBook
from model_worker.circuits.inquiry import Inquiry, read_inquiry, spans
from model_worker.circuits.looking.head_rows import head_rows
from model_worker.circuits.score import NodeScores, score
from model_worker.circuits.silent import silent_nodes
from model_worker.circuits.target import RefusalOdds, TargetReading
from model_worker.circuits.totals import LayerTotal, layer_total
from model_worker.model.gemma import Gemma
from model_worker.model.loading import Loaded
from model_worker.model.pieces import token_text
from model_worker.rounding import all_rounded, rounded
from protocol.canonical import sha256
from protocol.version import PROTOCOL
from protocol.worker.circuit_frames import Checked, Circuit, CircuitNode, CircuitSide, Edges, Nodes, TargetTokens
from protocol.worker.circuits import CircuitRequest
from protocol.worker.frames import Done, Frame
from protocol.worker.tokens import Token

CHECKED_AT_ONCE = 32
SIDE_NAMES: tuple[Literal["a", "b"], ...] = ("a", "b")


def circuit(loaded: Loaded, gemma: Gemma, book: RoleBook, request: CircuitRequest) -> Generator[Frame | None]:
    """loaded, gemma, book: of the chat model or of its base, gemma as `widened`. Raises Refused before the first frame
    for what can't be asked."""
    count = itertools.count()
    for frame in _frames(loaded, gemma, book, request):
        yield None if frame is None else frame.model_copy(update={"seq": next(count)})


def _frames(loaded: Loaded, gemma: Gemma, book: RoleBook, request: CircuitRequest) -> Generator[Frame | None]:
    began = time.perf_counter()
    inquiry = read_inquiry(loaded, gemma, request)
    yield _circuit(inquiry)
    scores = yield from score(inquiry)
    for layer in sorted(scores.effect, reverse=True):
        held = yield from layer_total(inquiry, layer)
        yield _nodes(inquiry, scores, layer, held)
    yield from _checked(inquiry, scores)
    yield from _edges(inquiry, scores)
    roles = yield from book.roles(inquiry)
    yield from grouped(inquiry, roles, scores.told)
    yield from defaults(inquiry, roles)
    yield from head_rows(inquiry, scores.plain)
    yield from silent_nodes(inquiry, scores.told)
    yield Done(seq=0, elapsed_s=round(time.perf_counter() - began, 4), n_tokens=0)


def _circuit(inquiry: Inquiry) -> Circuit:
    loaded, request, target = inquiry.loaded, inquiry.request, inquiry.target
    spans_found = [side.prompt.span for side in inquiry.sides]
    beside = request.beside and request.beside.model_copy(update={"entity": spans_found[-1]})
    resolved = request.model_copy(
        update={"entity": spans_found[0], "beside": beside, "dictionaries": tuple(inquiry.named.values())}
    )
    read = range(target.depth) if request.basis == "neurons" else inquiry.named
    without = [layer for layer in range(target.depth) if layer not in read]
    warnings = [text for side in inquiry.sides for text in prompt_warnings(loaded.tokenizer, side.prompt, "dropped")]
    return Circuit(
        seq=0,
        protocol=PROTOCOL,
        request=resolved,
        request_sha256=sha256(resolved),
        model=model_used(loaded, base=request.format == "base"),
        dictionaries=tuple(dictionary_used(loaded, name) for name in inquiry.named.values()),
        sides=tuple(_side(inquiry, which) for which in range(len(inquiry.sides))),
        columns=inquiry.columns,
        target=_target(inquiry),
        precision="float32" if inquiry.gemma.dtype == torch.float32 else "bfloat16",
        without=tuple(without),
        warnings=tuple(dict.fromkeys(warnings)),
    )


def _side(inquiry: Inquiry, which: int) -> CircuitSide:
    loaded, side = inquiry.loaded, inquiry.sides[which]
    said = side.ids[len(side.prompt.ids) :]
    return CircuitSide(
        tokens=(
            *side.prompt.tokens,
            *(Token(id=token, text=token_text(loaded.tokenizer, token), role="text") for token in said),
        ),
        entity=side.prompt.entity,
        n_said=len(said),
        m=rounded(inquiry.m[which]),
        top=next_tokens(loaded, side.logits.unsqueeze(0), N_TOP)[0],
    )


def _target(inquiry: Inquiry) -> TargetTokens:
    target = inquiry.target
    if isinstance(target, TargetReading):
        return TargetTokens(reads=target.words)
    probs = inquiry.a.logits.softmax(-1)
    up, against = (next_token(inquiry.loaded, token, probs[token].item()) for token in target.ids)
    openings = tuple(target.opens.nonzero().flatten().tolist()) if isinstance(target, RefusalOdds) else ()
    return TargetTokens(up=up, against=against, openings=openings)


def _nodes(inquiry: Inquiry, scores: NodeScores, layer: int, held: LayerTotal) -> Nodes:
    told = scores.told.of_layer(layer)
    direct: list[Sequence[float | None]] = [[None] * len(told), [None] * len(told)]
    if inquiry.request.basis == "transcoder":
        for which in range(len(inquiry.sides)):
            direct[which] = all_rounded(direct_effects(inquiry, which, told))
    return Nodes(
        seq=0,
        layer=layer,
        nodes=tuple(
            CircuitNode(
                kind=node.kind,
                index=node.index,
                column=node.column,
                a=rounded(node.a),
                b=None if node.b is None else rounded(node.b),
                effect=rounded(node.effect),
                relp=rounded(node.relp),
                direct_a=direct_a,
                direct_b=direct_b,
            )
            for node, direct_a, direct_b in zip(told, *direct, strict=True)
        ),
        total=rounded(held.total),
        shown=rounded(sum(held.shares[node.column, node.index].item() for node in told if node.kind != "error")),
        error=rounded(held.error),
        n_active=int((scores.effect[layer] != 0).sum()),
        n_candidates=scores.n_candidates[layer],
    )


def _checked(inquiry: Inquiry, scores: NodeScores) -> Generator[Checked | None]:
    """The strongest by either score, on each side."""
    strongest = sorted(scores.told, key=lambda node: -max(abs(node.effect), abs(node.relp)))
    predicted: list[float] = []
    measured: list[float] = []
    for nodes in spans(strongest[: inquiry.request.n_checked], CHECKED_AT_ONCE):
        changes = []
        for which in range(len(inquiry.sides)):
            found = yield from measured_swaps(inquiry, which, nodes)
            changes.append([found[node.number] for node in nodes])
        for node, *change in zip(nodes, *_toward_effect(changes), strict=True):
            if node.kind != "error":
                predicted.append(node.effect)
                measured.append(sum(change))
        yield Checked(
            seq=0,
            nodes=tuple(node.number for node in nodes),
            in_a=all_rounded(changes[0]),
            in_b=all_rounded(changes[1]) if len(changes) > 1 else (),
            fit=_correlation(predicted, measured),
        )


def _toward_effect(changes: Sequence[Sequence[float]]) -> Iterator[list[float]]:
    """Of each side with the sign of `effect`: what a loses with its node gone, and what b gains with it; their mean is
    what the node does to the gap."""
    yield [-one / len(changes) for one in changes[0]]
    if len(changes) > 1:
        yield [one / 2 for one in changes[1]]


def _edges(inquiry: Inquiry, scores: NodeScores) -> Generator[Edges | None]:
    """Of each receiver those that are the largest part of what comes in; silent senders have none."""
    layers = sorted({node.layer for node in scores.told}, reverse=True)
    n_frames = max(1, (len(layers) - 1) * len(inquiry.sides))
    direct = inquiry.request.basis == "transcoder"
    for later, earlier in itertools.pairwise(layers):
        sending = [node for node in scores.told if node.layer < later] if direct else scores.told.of_layer(earlier)
        receiving = [node for node in scores.told.of_layer(later) if node.kind != "error"]
        if not receiving:
            continue
        for which, side in enumerate(SIDE_NAMES[: len(inquiry.sides)]):
            if direct:
                found = direct_edges(inquiry, which, sending, receiving)
                yield None
            else:
                found = yield from layer_edges(inquiry, which, sending, receiving)
            size = torch.maximum(found.weights.abs(), found.through.abs())
            part = size / size.sum(-1, keepdim=True).clamp(min=1e-12)
            n = min(inquiry.request.n_edges // n_frames, int((size > 0).sum()))
            chosen = part.flatten().topk(n).indices
            receivers, senders = (chosen // len(sending)).tolist(), (chosen % len(sending)).tolist()
            yield Edges(
                seq=0,
                side=side,
                senders=tuple(sending[one].number for one in senders),
                receivers=tuple(receiving[one].number for one in receivers),
                weights=all_rounded(found.weights.flatten()[chosen].tolist()),
                through=all_rounded(found.through.flatten()[chosen].tolist()),
                unexplained=rounded(found.unexplained),
            )


def _correlation(predicted: Sequence[float], measured: Sequence[float]) -> float | None:
    if len(predicted) < 3 or np.ptp(predicted) == 0 or np.ptp(measured) == 0:
        return None
    return rounded(float(np.corrcoef(predicted, measured)[0, 1]))
