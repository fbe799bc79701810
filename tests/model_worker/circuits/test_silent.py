"""What did not fire, and what held it down, against transformers and against what must add up."""

import pytest
import torch

from model_worker.circuits.inquiry import Inquiry, read_inquiry
from model_worker.circuits.nodes import Told, ToldNode
from model_worker.circuits.score import score
from model_worker.circuits.silent import OF_LAYER, one_sided, silent_nodes
from model_worker.model.loading import Loaded
from protocol.worker.circuit_frames import SilentNode
from tests.model_worker.circuits.test_gradients import JORDAN


def told_of(inquiry: Inquiry) -> Told:
    scoring = score(inquiry)
    while True:
        try:
            next(scoring)
        except StopIteration as whole:
            return whole.value.told


def silent_of(inquiry: Inquiry, told: Told) -> list[tuple[ToldNode, SilentNode]]:
    *waited, frame = silent_nodes(inquiry, told)
    assert waited.count(None) == len(waited)
    return [(told.nodes[node.number], node) for node in frame.nodes]


def of_base(embedded: Loaded, layers: tuple[int, ...] = (0, 1, 2, 3, 4, 5)) -> Inquiry:
    cards = [card for card in embedded.card.dictionaries if card.layer in layers]
    base = tuple(card.id for card in cards if "base" in card.trained_on)
    return read_inquiry(embedded, embedded.gemma, JORDAN.model_copy(update={"dictionaries": base}))


def test_the_known_latent_is_held_down_by_the_unknown_one(embedded: Loaded) -> None:
    inquiry = of_base(embedded)
    found = {(node.layer, node.index): silent for node, silent in silent_of(inquiry, told_of(inquiry))}
    known = found[3, 4]
    brake, *others = known.held_down_by
    assert (known.silent_in, brake.layer, brake.index) == ("b", 2, 1)
    assert brake.predicted < 5 * min(other.predicted for other in others) < 0
    assert brake.measured == pytest.approx(known.margin, rel=0.05)
    assert known.control is not None
    assert known.control.high < 0.5


@pytest.mark.parametrize("layers", [(0, 1, 2, 3, 4, 5), (0, 2, 5)])
def test_what_a_suppressor_takes_away_is_what_transformers_gives_back(
    embedded: Loaded, layers: tuple[int, ...]
) -> None:
    """Also through layers that no dictionary reads."""
    inquiry = of_base(embedded, layers)
    told = told_of(inquiry)
    checked = 0
    for node, silent in silent_of(inquiry, told)[:8]:
        which = 0 if silent.silent_in == "a" else 1
        dictionary = inquiry.dictionaries[node.layer]
        read = dictionary.W_enc[:, node.index]
        at = inquiry.positions(which)[node.column]
        for suppressor in silent.held_down_by:
            own = inquiry.activations[which][suppressor.layer][suppressor.column, suppressor.index]
            delta = -own * inquiry.dictionaries[suppressor.layer].W_dec[suppressor.index]
            place = inquiry.positions(which)[suppressor.column]
            after = by_transformers(inquiry, which, suppressor.layer, place, delta)[node.layer][at] @ read
            before = inquiry.sides[which].residuals[node.layer][at] @ read
            assert suppressor.measured == pytest.approx((after - before).item(), abs=1e-3)
            pre = after + dictionary.b_enc[node.index]
            assert suppressor.fires == (pre > dictionary.threshold[node.index]).item()
            checked += 1
    assert checked > 10


def by_transformers(inquiry: Inquiry, which: int, layer: int, at: int, delta: torch.Tensor) -> list[torch.Tensor]:
    """resid_post by layer (pos, d_model) where resid_post of one layer has more at one position."""
    layers, seen = inquiry.loaded.model.model.layers, []

    def keep(n: int):
        def hook(_module: torch.nn.Module, _given: object, out: torch.Tensor | tuple[torch.Tensor]) -> object:
            x = (out[0] if isinstance(out, tuple) else out).clone()
            if n == layer:
                x[0, at] += delta
            seen.append(x[0])
            return (x, *out[1:]) if isinstance(out, tuple) else x

        return hook

    hooks = [block.register_forward_hook(keep(n)) for n, block in enumerate(layers)]
    with torch.no_grad():
        inquiry.loaded.model(torch.tensor([inquiry.sides[which].ids]))
    for hook in hooks:
        hook.remove()
    return seen


def test_who_is_silent_does_not_fire_there_and_fires_on_the_other_side(embedded: Loaded) -> None:
    inquiry = of_base(embedded)
    told = told_of(inquiry)
    found = silent_of(inquiry, told)
    assert [node for node, _ in found] == one_sided(inquiry, told)
    layers = [node.layer for node, _ in found]
    assert max(layers.count(layer) for layer in layers) == OF_LAYER
    for node, silent in found:
        which = 0 if silent.silent_in == "a" else 1
        assert inquiry.activations[which][node.layer][node.column, node.index] == 0
        assert inquiry.activations[1 - which][node.layer][node.column, node.index] > 0
        assert silent.margin >= 0


def test_one_prompt_has_nothing_silent(embedded: Loaded) -> None:
    inquiry = read_inquiry(embedded, embedded.gemma, JORDAN.model_copy(update={"beside": None}))
    assert list(silent_nodes(inquiry, told_of(inquiry))) == []
