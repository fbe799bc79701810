"""Circuits by transcoders: edges against gradients of the frozen model, nodes against the model, sums against both."""

from collections import defaultdict
from pathlib import Path

import pytest
import torch

from model_worker.circuits.basis.direct_edges import (
    EMBEDDING,
    comes_in,
    direct_edges,
    direct_effects,
    reading_slopes,
    slopes_below,
    target_slopes,
)
from model_worker.circuits.circuit import circuit
from model_worker.circuits.exact import measured_swaps
from model_worker.circuits.groups.clamp import Clamp, Ran, scaled
from model_worker.circuits.groups.node_sets import of_nodes
from model_worker.circuits.groups.roles import RoleBook
from model_worker.circuits.inquiry import Inquiry, read_inquiry
from model_worker.circuits.nodes import ToldNode
from model_worker.circuits.rule import PLAIN, Rule
from model_worker.circuits.sequence_pass import Taps, unedited
from model_worker.model.loading import Loaded, load
from model_worker.model.registry import read_row
from protocol.worker.circuits import CircuitRequest, NodeRef, OpeningTarget, TokensTarget
from tests.model_worker import random_gemma
from tests.model_worker.circuits.test_gradients import JORDAN
from tests.model_worker.circuits.test_silent import by_transformers, silent_of, told_of
from tests.model_worker.circuits.test_totals import asked, total_of
from tests.model_worker.driving import of_kind

FROZEN = Rule(norms=True, patterns=True)


@pytest.fixture(scope="module", params=[("gemma2", False), ("gemma3", True)], ids=["gemma2", "gemma3-skip"])
def transcoded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    """Of Gemma Scope's site, and of Gemma Scope 2's with a skip; none in layer 2."""
    family, behind_gain = request.param
    shape = random_gemma.Shape(with_transcoder=(0, 1, 3), behind_gain=behind_gain)
    folder: Path = tmp_path_factory.mktemp(family)
    return load(read_row(random_gemma.write(folder, family=family, shape=shape)))


def inquired(loaded: Loaded, **changed: object) -> Inquiry:
    request = {"model": loaded.card.id, "prompt": "Where was Michael Jordan born?", "basis": "transcoder"}
    request |= {"target": OpeningTarget()} | changed
    return read_inquiry(loaded, loaded.gemma, CircuitRequest.model_validate(request))


def clamped(clamp: Clamp, strength: float) -> Ran:
    steps = clamp.ran([strength])
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def every_node(inquiry: Inquiry) -> list[ToldNode]:
    """That fires, and every error; effects are nobody's here."""
    found: list[ToldNode] = []
    for layer, own in inquiry.activations[0].items():
        for column, index in own.nonzero().tolist():
            a = own[column, index].item()
            found.append(ToldNode(len(found), "tc", layer, index, column, a, None, 0.0, 0.0))
        for column in range(len(own)):
            found.append(ToldNode(len(found), "error", layer, 0, column, 1.0, None, 0.0, 0.0))
    return found


def test_all_that_comes_into_a_latent_is_what_it_reads(transcoded: Loaded) -> None:
    """Latents, errors (a layer without a transcoder is all error) and the embedding; the bias is its own."""
    inquiry = inquired(transcoded)
    nodes = every_node(inquiry)
    receiving = [node for node in nodes if node.kind == "tc" and node.layer == 3][:24]
    edges = direct_edges(inquiry, 0, [node for node in nodes if node.layer < 3], receiving)
    at = torch.tensor([node.column for node in receiving])
    index = torch.tensor([node.index for node in receiving])
    slopes = dict(slopes_below(inquiry, inquiry.a, 3, reading_slopes(inquiry, inquiry.a, 3, index, at)))
    of_tokens = (slopes[EMBEDDING] * comes_in(inquiry, inquiry.a, EMBEDDING)).sum((-1, -2))
    fires = torch.tensor([node.a for node in receiving]) - inquiry.dictionaries[3].b_enc[index]
    torch.testing.assert_close(edges.weights.sum(-1) + of_tokens, fires, rtol=1e-4, atol=1e-4)
    assert edges.unexplained < 1e-4


def test_all_that_goes_to_m_directly_is_m(transcoded: Loaded) -> None:
    inquiry = inquired(transcoded)
    nodes = every_node(inquiry)
    of_tokens = (dict(target_slopes(inquiry, 0))[EMBEDDING] * comes_in(inquiry, inquiry.a, EMBEDDING)).sum().item()
    assert sum(direct_effects(inquiry, 0, nodes)) + of_tokens == pytest.approx(inquiry.m[0], abs=1e-4)


def test_slopes_are_those_of_the_model_with_patterns_norms_and_mlps_held(transcoded: Loaded) -> None:
    inquiry = inquired(transcoded)
    side = inquiry.a
    index, at = torch.tensor([3, 5, 40]), torch.tensor([2, side.n_pos - 1, 7])
    found = dict(slopes_below(inquiry, side, 3, reading_slopes(inquiry, side, 3, index, at)))
    leaves: list[torch.Tensor] = []
    mids: list[torch.Tensor] = []

    def resid(_layer: int, x: torch.Tensor) -> torch.Tensor:
        leaves.append(torch.zeros_like(x).requires_grad_())
        return x + leaves[-1]

    def mid(_layer: int, x: torch.Tensor) -> torch.Tensor:
        mids.append(x)
        return x

    def held(layer: int, _written: torch.Tensor) -> torch.Tensor:
        own, adds = inquiry.dictionaries[layer], side.mlp(layer)
        if own.W_skip is None:
            return adds
        norm = own.norm(inquiry.gemma.blocks[layer].before_mlp)
        moved = FROZEN.norm(norm, mids[layer]) @ own.W_skip.T
        return adds + moved - moved.detach()

    with torch.enable_grad():
        x0 = side.embedding.repeat(3, 1, 1).requires_grad_()
        side.run(x0, end=4, rule=FROZEN, taps=Taps(resid=resid, mid=mid, after_mlp=held))
        own = inquiry.dictionaries[3]
        read = FROZEN.norm(own.norm(inquiry.gemma.blocks[3].before_mlp), mids[3][torch.arange(3), at])
        slopes = torch.autograd.grad((read * own.W_enc.T[index]).sum(), [x0, *leaves[:3]])
    for layer, expected in zip((EMBEDDING, 0, 1, 2), slopes, strict=True):
        scale = expected.abs().max().item()
        torch.testing.assert_close(found[layer], expected, rtol=1e-4, atol=1e-5 * scale)


@torch.no_grad()
def test_a_latent_ablated_is_taken_from_what_the_mlp_adds_behind_its_norm(transcoded: Loaded) -> None:
    """By transformers and a hook: the decoder's row is added to the residual stream, no norm between."""
    inquiry = inquired(transcoded)
    nodes = [node for node in every_node(inquiry) if node.layer in (1, 2)]
    chosen = [node for node in nodes if node.kind == "tc"][::29] + [node for node in nodes if node.kind == "error"][::9]
    steps = measured_swaps(inquiry, 0, chosen)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            found = end.value
            break
    model, ids = transcoded.model, torch.tensor([inquiry.a.ids])
    up, against = inquiry.target.ids
    for node in chosen:
        own = inquiry.dictionaries[node.layer]
        writes = inquiry.errors[0][node.layer][node.column] if node.kind == "error" else node.a * own.W_dec[node.index]

        def without(_module: object, _inputs: object, out: torch.Tensor, node: ToldNode = node, writes=writes):
            out[:, node.column] -= writes
            return out

        hook = model.model.layers[node.layer].post_feedforward_layernorm.register_forward_hook(without)
        logits = model(ids).logits[0, -1]
        hook.remove()
        assert found[node.number] == pytest.approx((logits[up] - logits[against]).item() - inquiry.m[0], abs=1e-4)


def test_layers_without_a_transcoder_are_error_and_say_so(transcoded: Loaded) -> None:
    request = CircuitRequest.model_validate(
        {"model": transcoded.card.id, "prompt": "Where was Ann Lee?", "beside": {"prompt": "Where was Joe Poe?"}}
        | {"basis": "transcoder", "n_nodes": 60, "n_edges": 90, "n_checked": 6, "midpoints": 8, "n_controls": 0}
    )
    frames = [one for one in circuit(transcoded, transcoded.gemma, RoleBook(most=4), request) if one is not None]
    assert frames[0].without == (2,)
    assert [one.id for one in frames[0].dictionaries] == ["transcoder_0", "transcoder_1", "transcoder_3"]
    kinds = {frame.layer: {node.kind for node in frame.nodes} for frame in of_kind(frames, "nodes")}
    assert kinds[2] == {"error"}
    assert all("tc" in kinds[layer] for layer in (0, 1, 3))
    by_layer = {frame.layer: frame for frame in of_kind(frames, "nodes")}
    assert by_layer[2].total == by_layer[2].error
    edges = of_kind(frames, "edges")
    assert all(frame.unexplained < 1e-4 for frame in edges)
    layer_of = [frame.layer for frame in of_kind(frames, "nodes") for _ in frame.nodes]
    far = {layer_of[to] - layer_of[of] for one in edges for of, to in zip(one.senders, one.receivers, strict=True)}
    assert max(far) > 1  # a latent is read by all layers above it
    assert frames[-1].kind == "done"


@pytest.mark.parametrize("layer", [0, 3, 5])
def test_one_prompts_mlp_holds_what_is_lost_without_it(embedded: Loaded, layer: int) -> None:
    inquiry = asked(embedded, beside=None, midpoints=64, basis="transcoder")
    side, block = inquiry.a, embedded.gemma.blocks[layer]
    with torch.no_grad():
        adds = PLAIN.norm(unedited(block.after_mlp), side.neurons[layer] @ block.down)
        without = inquiry.target(side.run((side.residuals[layer] - adds).unsqueeze(0), first=layer + 1), PLAIN).item()
    found = total_of(inquiry, layer)
    assert found.total == pytest.approx(inquiry.m[0] - without, rel=0.02, abs=0.02)
    assert found.total == pytest.approx(found.error + found.shares.sum().item(), abs=1e-4)


def test_the_gradient_ranks_transcoder_latents_as_the_model_does(embedded: Loaded) -> None:
    """docs/circuits.md has r over many prompts; here one pair, and a bound far below it."""
    request = JORDAN.model_copy(update={"basis": "transcoder", "n_controls": 0, "midpoints": 8})
    for frame in circuit(embedded, embedded.gemma, RoleBook(most=4), request):
        if frame is not None and frame.kind == "edges":
            break
        if frame is not None and frame.kind == "checked":
            fit = frame.fit
    assert fit > 0.95


@torch.no_grad()
def test_what_holds_a_silent_latent_down_is_ablated_in_the_model(embedded: Loaded) -> None:
    """From any layer below: what is taken off the MLP's output there, by transformers, against what was told."""
    inquiry = read_inquiry(embedded, embedded.gemma, JORDAN.model_copy(update={"basis": "transcoder"}))
    found = silent_of(inquiry, told_of(inquiry))
    assert {node.kind for node, _ in found} == {"tc"}
    farthest, checked = 0, 0
    for node, silent in found[::3]:
        which = 0 if silent.silent_in == "a" else 1
        place = inquiry.positions(which)[node.column]
        own = inquiry.dictionaries[node.layer]
        for one in silent.held_down_by:
            value = inquiry.activations[which][one.layer][one.column, one.index]
            delta = -value * inquiry.dictionaries[one.layer].W_dec[one.index]
            reads = []
            norm = embedded.model.model.layers[node.layer].pre_feedforward_layernorm
            hook = norm.register_forward_pre_hook(
                lambda _norm, given, at=place, into=reads: into.append(given[0][0, at])
            )
            by_transformers(inquiry, which, one.layer, inquiry.positions(which)[one.column], delta)
            hook.remove()
            reading = own.norm(inquiry.gemma.blocks[node.layer].before_mlp)
            before, after = (
                reading(x) @ own.W_enc[:, node.index] for x in (inquiry.sides[which].mids[node.layer][place], reads[0])
            )
            assert one.measured == pytest.approx((after - before).item(), abs=1e-3)
            farthest, checked = max(farthest, node.layer - one.layer), checked + 1
    assert checked > 5
    assert farthest > 1


@torch.no_grad()
def test_latents_off_together_are_off_as_they_are_then(transcoded: Loaded) -> None:
    """By transformers: the higher one is read, and taken off, behind what the lower one's absence did."""
    inquiry = inquired(transcoded)
    nodes = [node for node in every_node(inquiry) if node.kind == "tc"]
    last = max(node.column for node in nodes)
    low, high = (next(one for one in nodes if one.layer == layer and one.column == last) for layer in (0, 3))
    masks = of_nodes(inquiry, [NodeRef(kind="tc", layer=n.layer, index=n.index, column=n.column) for n in (low, high)])
    ran = clamped(scaled(inquiry, 0, masks), -1.0)
    blocks, own, seen = transcoded.model.model.layers, inquiry.dictionaries, []

    def lower(_module: object, _given: object, out: torch.Tensor) -> torch.Tensor:
        out[:, last] -= low.a * own[0].W_dec[low.index]
        return out

    def higher(_module: object, _given: object, out: torch.Tensor) -> torch.Tensor:
        read = own[3].norm(inquiry.gemma.blocks[3].before_mlp)(seen[0])
        out[:, last] -= own[3].encode(read)[high.index] * own[3].W_dec[high.index]
        return out

    hooks = [
        blocks[0].post_feedforward_layernorm.register_forward_hook(lower),
        blocks[3].pre_feedforward_layernorm.register_forward_pre_hook(
            lambda _norm, given: seen.append(given[0][0, last])
        ),
        blocks[3].post_feedforward_layernorm.register_forward_hook(higher),
    ]
    logits = transcoded.model(torch.tensor([inquiry.a.ids])).logits[0, -1]
    for hook in hooks:
        hook.remove()
    up, against = inquiry.target.ids
    assert ran.m[0].item() == pytest.approx((logits[up] - logits[against]).item(), abs=1e-4)
    assert abs(ran.m[0].item() - inquiry.m[0]) > 1e-3


def test_what_transcoders_miss_where_an_answer_begins_is_what_the_card_says(embedded: Loaded) -> None:
    """Squared norms, summed over the card's questions, at their last token."""
    missed: dict[int, float] = defaultdict(float)
    written: dict[int, float] = defaultdict(float)
    for example in (one for kind in embedded.card.examples for one in kind):
        request = CircuitRequest(
            model=embedded.card.id, prompt=example.prompt, basis="transcoder", target=TokensTarget()
        )
        inquiry = read_inquiry(embedded, embedded.gemma, request)
        for layer, own in inquiry.dictionaries.items():
            written[layer] += inquiry.a.to_be_written(own, layer)[-1].square().sum().item()
            missed[layer] += (inquiry.errors[0][layer][-1] - own.b_dec).square().sum().item()
    for card in embedded.card.transcoders:
        assert card.missed_at_end == pytest.approx(missed[card.layer] / written[card.layer], abs=0.005)
