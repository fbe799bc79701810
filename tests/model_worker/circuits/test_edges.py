"""Edges against gradients of whole sequences, under each rule, and that all that comes in adds up."""

import pytest
import torch
from torch.nn.functional import gelu

from model_worker.circuits.edges import Receivers, Senders, far_edges, next_block_edges
from model_worker.circuits.inquiry import Inquiry, read_inquiry
from model_worker.model.gemma import Norm
from model_worker.model.loading import Loaded
from protocol.worker.circuits import CircuitRequest
from tests.model_worker.circuits.test_gradients import JORDAN


def inquired(loaded: Loaded) -> Inquiry:
    request = CircuitRequest(
        model=loaded.card.id, prompt="Where was Michael Jordan born, and when?", basis="neurons", format="chat"
    )
    return read_inquiry(loaded, loaded.gemma, request)


def drawn(inquiry: Inquiry, layer: int, *, neurons: bool) -> tuple[Senders, Receivers]:
    """Random writes and reads at random places: an identity holds for all."""
    noise = torch.Generator().manual_seed(layer)
    n_pos, d_model = inquiry.a.residuals[0].shape
    writes = torch.randn(40, d_model, generator=noise)
    senders = Senders(writes, torch.randint(n_pos, (40,), generator=noise))
    at = torch.randint(1, n_pos, (24,), generator=noise)
    if neurons:
        return senders, Receivers(layer, None, torch.randint(inquiry.a.neurons[0].shape[1], (24,), generator=noise), at)
    reads = torch.randn(24, d_model, generator=noise)
    return senders, Receivers(layer, reads, torch.zeros(24, dtype=torch.long), at)


@pytest.mark.parametrize("neurons", [False, True])
@pytest.mark.parametrize("layer", [1, 3])
def test_an_edge_is_the_gradient_of_the_whole_sequence(random_model: Loaded, layer: int, neurons: bool) -> None:
    inquiry = inquired(random_model)
    senders, receivers = drawn(inquiry, layer, neurons=neurons)
    near = next_block_edges(inquiry.a, senders, receivers)
    steps = far_edges(inquiry, 0, layer - 1, senders, receivers)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            far = end.value
            break
    scale = far.weights.abs().max().item()
    torch.testing.assert_close(near.weights, far.weights, rtol=1e-4, atol=1e-4 * scale)
    scale = far.through.abs().max().item()
    assert scale > 0
    torch.testing.assert_close(near.through, far.through, rtol=1e-3, atol=1e-3 * scale)
    assert near.unexplained < 1e-4
    assert far.unexplained < 1e-4


@torch.no_grad()
def held_still(inquiry: Inquiry, layer: int, x: torch.Tensor, receivers: Receivers) -> torch.Tensor:
    """What receivers read of x (n, pos, d_model), with norms' sizes, patterns and gates' slopes as the plain
    run has them, and of gate · up the mean of either factor held."""
    gemma, own = inquiry.gemma, inquiry.a.into(layer)[0]
    block, shape = gemma.blocks[layer], gemma.shape
    rows = torch.arange(len(x))

    def norm(norm: Norm, x: torch.Tensor, as_in: torch.Tensor) -> torch.Tensor:
        return x / torch.hypot(as_in.norm(dim=-1, keepdim=True), norm.floor) * norm.scaled

    value = norm(block.before_attention, x, own) @ block.qkv[:, -shape.n_kv_heads * shape.head_dim :]
    value = value.unflatten(-1, (shape.n_kv_heads, -1)).repeat_interleave(shape.n_heads // shape.n_kv_heads, dim=-2)
    z = torch.einsum("hqk,nkhd->nqhd", inquiry.a.patterns[layer], value).flatten(2)
    own_z = inquiry.a.heads[layer].flatten(1)
    x = x + norm(block.after_attention, z @ block.out, own_z @ block.out)
    own = own + norm(block.after_attention, own_z @ block.out, own_z @ block.out)
    gate, up = (norm(block.before_mlp, x, own) @ block.gate_up).chunk(2, dim=-1)
    own_gate, own_up = (norm(block.before_mlp, own, own) @ block.gate_up).chunk(2, dim=-1)
    slope = gelu(own_gate, approximate="tanh") / own_gate
    neurons = (gate * slope * own_up + own_gate * slope * up) / 2
    written = inquiry.a.neurons[layer] @ block.down
    x = x + norm(block.after_mlp, neurons @ block.down, written)
    return receivers.value(x[rows, receivers.at], neurons[rows, receivers.at])


@pytest.mark.parametrize("neurons", [False, True])
def test_an_edge_is_its_intervention_with_everything_held_still(random_model: Loaded, neurons: bool) -> None:
    inquiry, layer = inquired(random_model), 2
    senders, receivers = drawn(inquiry, layer, neurons=neurons)
    found = next_block_edges(inquiry.a, senders, receivers).weights
    x = inquiry.a.into(layer).repeat(len(receivers.at), 1, 1)
    before = held_still(inquiry, layer, x, receivers)
    for sender in range(8):
        moved = x.clone()
        moved[:, senders.at[sender]] += senders.writes[sender]
        change = held_still(inquiry, layer, moved, receivers) - before
        torch.testing.assert_close(change, found[:, sender], rtol=1e-4, atol=1e-4 * found.abs().max().item())


def test_an_edge_is_near_what_taking_its_sender_away_takes_from_the_receiver(embedded: Loaded) -> None:
    """In the model, with nothing held: 24 latents a layer, of one prompt."""
    inquiry = read_inquiry(embedded, embedded.gemma, JORDAN)
    side, (earlier, later) = inquiry.a, (2, 3)
    acts, dictionary = inquiry.activations[0], inquiry.dictionaries
    drawn_from = acts[earlier].flatten().topk(24).indices
    at, index = drawn_from // acts[earlier].shape[1], drawn_from % acts[earlier].shape[1]
    writes = acts[earlier][at, index].unsqueeze(-1) * dictionary[earlier].W_dec[index]
    senders = Senders(writes, at)
    drawn_to = acts[later].flatten().topk(24).indices
    to, wanted = drawn_to // acts[later].shape[1], drawn_to % acts[later].shape[1]
    receivers = Receivers(later, dictionary[later].W_enc.T[wanted], wanted, to)
    found = next_block_edges(side, senders, receivers)
    with torch.no_grad():
        x = side.into(later).repeat(len(at), 1, 1)
        x[torch.arange(len(at)), at] -= writes
        after = side.run(x, first=later, end=later + 1)[:, to]
        real = (side.residuals[later][to] * receivers.reads).sum(-1) - (after * receivers.reads).sum(-1)
    both = torch.stack([(found.weights + found.through).T.flatten(), real.flatten()])
    assert torch.corrcoef(both)[0, 1] > 0.9
    large = real.abs().flatten() > 0.2
    assert (both[0, large] * both[1, large] > 0).float().mean() > 0.9
