"""A clamp against what it must come to: nothing, one node's swap, the other prompt's stream."""

import pytest
import torch

from model_worker.circuits.groups.clamp import Clamp, Masks, added, scaled, to_other
from model_worker.circuits.groups.node_sets import by_role, of_nodes
from model_worker.circuits.groups.roles import Roles
from model_worker.circuits.inquiry import Inquiry, read_inquiry
from model_worker.circuits.rule import PLAIN
from model_worker.circuits.sequence_pass import Taps
from model_worker.model.loading import Loaded
from protocol.worker.circuits import Beside, NodeRef
from tests.model_worker.circuits.groups.conftest import drained
from tests.model_worker.circuits.test_gradients import JORDAN


def last_of_name(inquiry: Inquiry) -> int:
    return next(n for n, one in enumerate(inquiry.columns) if one.place == "name_last")


def most_different(inquiry: Inquiry, layer: int) -> int:
    a, b = (own[layer][last_of_name(inquiry)] for own in inquiry.activations)
    return int((a - b).abs().argmax())


def everything(inquiry: Inquiry, layer: int) -> Masks:
    masks = torch.stack([own[layer] != 0 for own in inquiry.activations]).any(0)
    masks[0] = False
    return {layer: masks}


@pytest.mark.parametrize("make", [to_other, scaled, added])
def test_own_values_change_nothing(inquiry: Inquiry, roles: Roles, make) -> None:
    for masks in by_role(inquiry, roles).values():
        ran = drained(make(inquiry, 0, masks).ran([0.0]))
        assert abs(ran.m[0].item() - inquiry.m[0]) < 2e-3


def test_a_group_of_one_is_that_nodes_swap(inquiry: Inquiry) -> None:
    layer, column = 3, last_of_name(inquiry)
    index = most_different(inquiry, layer)
    kind = "sae" if inquiry.dictionaries else "mlp"
    masks = of_nodes(inquiry, [NodeRef(kind=kind, layer=layer, index=index, column=column)])
    ran = drained(to_other(inquiry, 0, masks).ran([1.0]))
    a, b = (own[layer][column, index] for own in inquiry.activations)
    pos = inquiry.columns[column].a
    side = inquiry.a
    with torch.no_grad():
        if inquiry.dictionaries:
            x = side.residuals[layer].clone()
            x[pos] += (b - a) * inquiry.dictionaries[layer].W_dec[index]
            swapped = inquiry.target(side.run(x.unsqueeze(0), first=layer + 1), PLAIN)
        else:

            def put(at: int, z: torch.Tensor) -> torch.Tensor:
                if at == layer:
                    z = z.clone()
                    z[:, pos, index] = b
                return z

            swapped = inquiry.target(side.run(side.into(layer), first=layer, taps=Taps(neurons=put)), PLAIN)
    assert abs(ran.m[0].item() - swapped.item()) < 1e-3
    assert abs(ran.m[0].item() - inquiry.m[0]) > 1e-3


@pytest.mark.parametrize("inquiry", ["latents"], indirect=True)
def test_all_of_a_layer_with_what_the_dictionary_misses_is_the_other_prompt(inquiry: Inquiry) -> None:
    """Both names have as many tokens. Neurons aren't all of a layer."""
    layer, (side, other) = 3, inquiry.sides
    masks = everything(inquiry, layer)
    clamp = to_other(inquiry, 0, masks)
    ran = drained(clamp.ran([1.0]))
    dictionary = inquiry.dictionaries[layer]
    decoded = [own[layer] @ dictionary.W_dec for own in inquiry.activations]
    missed = [one.residuals[layer] - own for one, own in zip(inquiry.sides, decoded, strict=True)]
    with torch.no_grad():
        without = inquiry.target(side.run((decoded[1] + missed[0]).unsqueeze(0), first=layer + 1), PLAIN).item()
        whole = inquiry.target(side.run((decoded[1] + missed[1]).unsqueeze(0), first=layer + 1), PLAIN).item()
    assert abs(ran.m[0].item() - without) < 1e-3
    assert abs(whole - inquiry.m[1]) < 1e-3
    assert side.n_pos == other.n_pos


@pytest.mark.parametrize("inquiry", ["neurons"], indirect=True)
def test_neurons_set_twice_are_set_once(inquiry: Inquiry, roles: Roles) -> None:
    """Of latents this isn't so: what a latent writes, others read."""
    sets = by_role(inquiry, roles)
    masks = sets["recognised"]
    once = drained(to_other(inquiry, 0, masks).ran([1.0]))
    half = to_other(inquiry, 0, masks)
    moved = {layer: half.start[layer] + own for layer, own in half.toward.items()}
    again = Clamp(inquiry, 0, half.masks, moved, {layer: torch.zeros_like(own) for layer, own in moved.items()})
    torch.testing.assert_close(drained(again.ran([0.7])).m, once.m)


def test_the_plain_slope_is_that_of_a_small_step(inquiry: Inquiry, roles: Roles) -> None:
    for role in ("recognised", "cant_answer"):
        clamp = to_other(inquiry, 0, by_role(inquiry, roles)[role])
        m = drained(clamp.ran([0.01, -0.01])).m
        assert abs((m[0] - m[1]).item() / 0.02 - clamp.slope(PLAIN)) < 0.05 * abs(clamp.slope(PLAIN)) + 0.02


def test_a_control_is_as_long_as_what_it_stands_for(inquiry: Inquiry, roles: Roles) -> None:
    clamp = to_other(inquiry, 0, by_role(inquiry, roles)["recognised"])
    ran = drained(clamp.ran([1.0]))
    norms = {layer: own[0] for layer, own in ran.norms.items()}
    random = drained(clamp.controls(norms, 3, seed=0))
    for layer, own in random.norms.items():
        torch.testing.assert_close(own, norms[layer].expand(3, -1))
    assert len(set(random.m.tolist())) == 3
    nothing = drained(clamp.controls({layer: torch.zeros_like(own) for layer, own in norms.items()}, 3, seed=0))
    assert (nothing.m - inquiry.m[0]).abs().max() < 1e-3


def test_rows_don_t_know_of_each_other(inquiry: Inquiry, roles: Roles) -> None:
    clamp = to_other(inquiry, 1, by_role(inquiry, roles)["recognised"])
    together = drained(clamp.ran([0.3, 1.0, 2.0])).m
    alone = torch.cat([drained(clamp.ran([one])).m for one in (0.3, 1.0, 2.0)])
    torch.testing.assert_close(together, alone, rtol=0, atol=1e-4)


def test_all_of_a_name_is_set_where_the_other_begins_alike_and_is_longer(embedded: Loaded) -> None:
    """Held beside each other by their last tokens, the shorter one's first token meets another one."""
    beside = Beside(prompt="What sport does Michael Batkinson play?")
    inquiry = read_inquiry(embedded, embedded.gemma, JORDAN.model_copy(update={"beside": beside}))
    a, b = (own[0] for own in inquiry.activations)
    differ = ((a - b).abs().amax(-1) > 1e-3) & inquiry.paired
    column = int(differ.nonzero()[0])
    assert inquiry.begins < column
    assert not inquiry.paired[inquiry.begins]
    for which in (0, 1):
        clamp = to_other(inquiry, which, {0: (a != 0) | (b != 0)})
        assert clamp.first + int(clamp.sites[0].positions[0]) == inquiry.positions(which)[column]
