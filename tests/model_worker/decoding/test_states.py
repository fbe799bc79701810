"""A kept prompt, and rows that leave it, equal a pass over everything."""

import pytest
import torch

from model_worker.decoding.states import Prompts, fork, fork_logits, read
from model_worker.engine import Engine
from model_worker.model.loading import Loaded
from model_worker.steering.formula import Delta, Site, TargetReader
from tests.model_worker.driving import TOLERANCE
from tests.model_worker.reference import blocks

IDS = (2, *torch.randint(10, 300, (40,), generator=torch.Generator().manual_seed(1)).tolist())


def push(loaded: Loaded, layer: int, positions: tuple[int, ...], size: float, seed: int = 0) -> Delta:
    write = torch.randn(loaded.card.d_model, generator=torch.Generator().manual_seed(seed))
    nothing = TargetReader(torch.zeros_like(write), 0.0, -torch.inf)
    return Delta(layer, positions, False, nothing, size, 0.0, write)


def whole(loaded: Loaded, ids: tuple[int, ...], deltas: list[Delta]) -> tuple[torch.Tensor, torch.Tensor]:
    """Transformers, no cache: logits at the end and the last block's output."""
    seen: list[torch.Tensor] = []

    def hook_of(layer: int):
        def hook(_module, _inputs, out):
            out = out.clone()
            for delta in deltas:
                if delta.layer == layer:
                    out[0, list(delta.positions)] += delta.constant * delta.write
            if layer == len(blocks(loaded.model)) - 1:
                seen.append(out[0])
            return out

        return hook

    handles = [block.register_forward_hook(hook_of(layer)) for layer, block in enumerate(blocks(loaded.model))]
    with torch.no_grad():
        logits = loaded.model(torch.tensor([ids]), use_cache=False).logits[0, -1]
    for handle in handles:
        handle.remove()
    return logits, seen[0]


def test_a_fork_at_any_layer_and_position_equals_a_pass_over_everything(random_model: Loaded) -> None:
    state = read(random_model.gemma, IDS)
    last = random_model.gemma.n_layers - 1
    for layer in range(last + 1):
        for first in (1, 17, 40):
            rows = [
                [push(random_model, layer, (first,), 0.7)],
                [push(random_model, layer, tuple(range(first, 41)), -0.4, 1), push(random_model, last, (40,), 1.0, 2)],
                [],
            ]
            forked = fork(random_model.gemma, state, rows, (last,))
            assert set(forked.keys) == set(range(layer + 1, last + 1)) and forked.first == first
            for row, deltas in enumerate(rows):
                logits, residual = whole(random_model, IDS, deltas)
                assert (forked.logits[row] - logits).abs().max() <= TOLERANCE
                assert (forked.residuals[last][row] - residual[first:]).abs().max() <= 10 * TOLERANCE
            reaches_the_end = layer < last or first == 40
            assert ((forked.logits[0] - forked.logits[2]).abs().max() > 10 * TOLERANCE) == reaches_the_end


def test_a_fork_computes_nothing_before_its_layer_and_position(random_model: Loaded) -> None:
    state = read(random_model.gemma, IDS)
    forked = fork(random_model.gemma, state, [[push(random_model, 2, (30,), 1.0)]])
    assert set(forked.keys) == set(range(3, random_model.gemma.n_layers))
    assert all(keys.shape[2] == len(IDS) - 30 for keys in forked.keys.values())


def test_a_push_of_nothing_equals_no_push_bit_for_bit(random_model: Loaded) -> None:
    state = read(random_model.gemma, IDS)
    steered, untouched = push(random_model, 1, (20, 21, 22), 1.0), push(random_model, 1, (20, 21, 22), 0.0)
    forked = fork(random_model.gemma, state, [[steered], [untouched], []])
    assert torch.equal(forked.logits[1], forked.logits[2])
    assert torch.equal(fork(random_model.gemma, state, [[], []]).logits[1], read(random_model.gemma, IDS).logits)
    x = torch.randn(2, 5, random_model.card.d_model)
    site = Site([(0, untouched)], torch.ones(1, 5))
    assert torch.equal(site(x)[0], x)


def test_reading_does_not_change_what_is_read(random_model: Loaded) -> None:
    state, row = read(random_model.gemma, IDS), [[push(random_model, 1, (20,), 1.0)]]
    unread = fork(random_model.gemma, state, row).logits
    last = random_model.gemma.n_layers - 1
    assert torch.equal(fork(random_model.gemma, state, row, range(last)).logits, unread)
    # the last block is computed at the last position alone, unless it is read
    assert (fork(random_model.gemma, state, row, (last,)).logits - unread).abs().max() <= TOLERANCE / 10


def test_the_oldest_prompts_leave_when_the_budget_is_spent(random_model: Loaded) -> None:
    size = read(random_model.gemma, IDS).n_bytes
    prompts = Prompts(random_model.gemma, 2 * size + size // 2)
    texts = [(2, first, *IDS[2:]) for first in (50, 51, 52)]
    prompts.state(texts[0]), prompts.state(texts[1]), prompts.state(texts[0]), prompts.state(texts[2])
    assert (len(prompts), prompts.n_bytes, prompts.n_hits) == (2, 2 * size, 1)
    prompts.state(texts[0])
    assert prompts.n_hits == 2, "the one used last stayed"
    prompts.state(texts[1])
    assert prompts.n_misses == 4, "the one used least recently left"


def test_a_prompt_larger_than_the_budget_is_read_and_not_kept(random_model: Loaded) -> None:
    prompts = Prompts(random_model.gemma, 1_000)
    assert prompts.state(IDS).ids == IDS
    assert (len(prompts), prompts.n_bytes) == (0, 0)


def test_the_stated_size_of_a_state_is_what_it_holds(random_model: Loaded) -> None:
    state, gemma = read(random_model.gemma, IDS), random_model.gemma
    kv = len(IDS) * gemma.bytes_per_token
    residuals = gemma.n_layers * len(IDS) * gemma.shape.d_model * 4
    assert state.n_bytes == kv + residuals + 4 * len(state.logits)
    storage = {t.untyped_storage().data_ptr(): t.untyped_storage().nbytes() for t in (*state.keys, *state.values)}
    assert sum(storage.values()) == kv, "no view holds more than it shows"


@pytest.mark.core
def test_prompt_odds_equal_transformers(embedded_engine: Engine) -> None:
    ids = torch.randint(10, 4000, (100,), generator=torch.Generator().manual_seed(0)).tolist()
    odds = read(embedded_engine.loaded.gemma, tuple(ids)).odds
    with torch.no_grad():
        logprobs = embedded_engine.loaded.model(torch.tensor([ids])).logits[0, :-1].log_softmax(-1)
    assert len(odds) == len(ids) - 1
    expected = logprobs[range(len(odds)), ids[1:]]
    assert (torch.tensor([one.logprob for one in odds]) - expected).abs().max() <= TOLERANCE


def test_logits_alone_are_those_of_the_fork(random_model: Loaded) -> None:
    state = read(random_model.gemma, IDS)
    rows = [(push(random_model, 3, (20, 21), size, seed),) for seed, size in enumerate((1.0, 2.0, 3.0))]
    alone = torch.cat(list(fork_logits(random_model.gemma, state, rows)))
    assert torch.equal(alone, fork(random_model.gemma, state, rows).logits)
