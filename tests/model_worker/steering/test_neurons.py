"""Neurons as targets: a factor on what down_proj reads, as a delta of its block, held against transformers' hooks."""

import pytest
import torch

from model_worker.decoding.states import fork
from model_worker.engine import Engine
from model_worker.model.gemma import Gemma
from model_worker.model.loading import Loaded
from model_worker.model.walk import sight, walk
from model_worker.neurons.matched import NEAREST, matched_sets
from model_worker.neurons.scaled import NeuronDelta
from model_worker.neurons.shares import row_norms, shares_of, usual_shares
from model_worker.steering.sites import prompt_sites
from protocol.refusal import Refused
from protocol.steering import Held, LatentTarget, NeuronSetTarget, NeuronTarget, RandomTarget, Sweep
from protocol.worker.frames import Frame
from protocol.worker.requests import Controls
from tests.model_worker.driving import TOLERANCE, answer, ids_of, logprobs_of, of_kind, readings_of, request_for
from tests.model_worker.reference import blocks

SET = NeuronSetTarget(neurons=((0, 3), (0, 90), (1, 7), (2, 64), (2, 3), (3, 100)))
EVERYWHERE = {"mode": "scale", "scope": "prompt", "generated": True}


def scaled_by_hooks(loaded: Loaded, ids: list[int], pairs, factor: float, at: list[int]):
    """transformers' logits (pos, vocab) with down_proj's input scaled, and by layer (z, h) as they were and are."""
    seen, handles = {}, []
    for layer, block in enumerate(blocks(loaded.model)):
        own = [index for other, index in pairs if other == layer]
        if not own:
            continue

        def scale(_module, inputs, layer=layer, own=own):
            seen[layer] = [inputs[0][0].clone()]
            z = inputs[0].clone()
            z[0, torch.tensor(at).unsqueeze(-1), torch.tensor(own)] *= factor
            seen[layer].append(z[0].clone())
            return (z,)

        handles.append(block.mlp.down_proj.register_forward_pre_hook(scale))
    try:
        with torch.no_grad():
            logits = loaded.model(torch.tensor([ids]), use_cache=False).logits[0].float()
    finally:
        for handle in handles:
            handle.remove()
    return logits, seen


def check(engine: Engine, frames: list[Frame], arm: int, pairs, factor: float, at: list[int]) -> None:
    prompt, chosen = [token.id for token in frames[0].tokens], ids_of(frames, arm)
    logits, seen = scaled_by_hooks(engine.loaded, prompt + chosen, pairs, factor, at)
    expected = logits[len(prompt) - 1 : -1].log_softmax(-1)[range(len(chosen)), chosen]
    assert (expected - logprobs_of(frames, arm)).abs().max() <= TOLERANCE
    plain = engine.loaded.model(torch.tensor([prompt + chosen])).logits[0].float()
    assert (plain - logits).abs().max() > 0.01, "a factor that moves nothing tests nothing"
    told = of_kind(frames, "prompt")[0].arms[arm].steered[0]
    late = [reading.steered[0] for reading in readings_of(frames, arm)]
    for which in (0, 1):
        share = torch.zeros(len(prompt + chosen))
        for layer, index in pairs:
            down = blocks(engine.loaded.model)[layer].mlp.down_proj.weight
            z = seen[layer][which]
            share += z[:, index].abs() * down[:, index].norm() / ((z @ down.T).norm(dim=-1) + 1e-8) / len(pairs)
        in_prompt = torch.tensor((told.before, told.after)[which])
        own = torch.cat([in_prompt, torch.tensor([(one.before, one.after)[which][0] for one in late])])
        assert (own - share[at]).abs().max() < 1e-3


@pytest.mark.parametrize("target", [NeuronTarget(layer=2, index=64), SET], ids=["one", "a set over layers"])
def test_scaling_neurons_equals_scaling_what_down_proj_reads(random_engine: Engine, target) -> None:
    """Gemma 2 and Gemma 3; everywhere, and in the prompt alone."""
    factors = (0.0, 0.5, 3.0)
    sweeps = (
        Sweep(target=target, strengths=factors, **EVERYWHERE),
        Sweep(target=target, mode="scale", scope="entity", strengths=(8.0,)),
    )
    frames = answer(random_engine, request_for(random_engine.loaded, sweeps=sweeps, max_new_tokens=8))
    n = len(frames[0].tokens)
    for arm, factor in enumerate(factors, 1):
        check(random_engine, frames, arm, target.pairs, factor, list(range(1, n + len(ids_of(frames, arm)))))
    assert frames[0].sweeps[0].neurons == target.pairs
    at = list(frames[0].sweeps[1].positions)
    prompt, chosen = [token.id for token in frames[0].tokens], ids_of(frames, 4)
    logits, _ = scaled_by_hooks(random_engine.loaded, prompt + chosen, target.pairs, 8.0, at)
    expected = logits[n - 1 : -1].log_softmax(-1)[range(len(chosen)), chosen]
    assert (expected - logprobs_of(frames, 4)).abs().max() <= TOLERANCE


def test_neurons_and_directions_hold_together(random_engine: Engine) -> None:
    """A latent's push behind a block, and neurons of that block and of earlier ones: each reads its own pass."""
    latent = LatentTarget(dictionary="layer_1", latent=3)
    hold = (
        Held(target=SET, strength=2.0, **EVERYWHERE),
        Held(target=latent, scope="entity_to_end", strength=0.8),
        Held(target=NeuronTarget(layer=1, index=7), strength=0.5, **EVERYWHERE),
    )
    frames = answer(random_engine, request_for(random_engine.loaded, hold=hold, sweeps=(), max_new_tokens=4))
    prompt, chosen = [token.id for token in frames[0].tokens], ids_of(frames, 1)
    d = random_engine.loaded.dictionaries["layer_1"].W_dec[3]
    added = d * 0.8 * random_engine.loaded.card.residual_norm[1] / d.norm()

    def push(_module, _inputs, out):
        x = out[0].clone()
        x[list(frames[0].held[1].positions)] += added
        return x.unsqueeze(0)

    every = list(range(1, len(prompt + chosen)))
    once = tuple(pair for pair in SET.pairs if pair != (1, 7))

    own = blocks(random_engine.loaded.model)[1]
    handles = [own.register_forward_hook(push)]
    try:
        # (2 - 1) + (0.5 - 1) more than it is: both factors are of the neuron as it was
        handles.append(own.mlp.down_proj.register_forward_pre_hook(lambda m, i: (_times(i[0], every, 7, 1.5),)))
        logits, _ = scaled_by_hooks(random_engine.loaded, prompt + chosen, once, 2.0, every)
    finally:
        for handle in handles:
            handle.remove()
    expected = logits[len(prompt) - 1 : -1].log_softmax(-1)[range(len(chosen)), chosen]
    assert (expected - logprobs_of(frames, 1)).abs().max() <= TOLERANCE


def _times(z: torch.Tensor, at: list[int], index: int, factor: float) -> torch.Tensor:
    z = z.clone()
    z[0, at, index] *= factor
    return z


def _logits(gemma: Gemma, ids: list[int], rows: list[list[NeuronDelta]] | None) -> torch.Tensor:
    """(rows, pos, d_model) of the last block; None: one row without any."""
    at = torch.arange(len(ids))
    x = gemma.embed(torch.tensor([ids])).expand(len(rows or [0]), -1, -1)
    within = prompt_sites(gemma.blocks, rows, 0, len(ids)).within.get if rows else None
    with torch.inference_mode():
        return walk(
            gemma.shape,
            gemma.blocks,
            x,
            sight(gemma, at.unsqueeze(0), at),
            lambda _, k, v: (k, v),
            within=within,
        )


@pytest.mark.parametrize("n_beside", [0, 3])
def test_a_factor_of_one_changes_nothing_bit_for_bit(random_model: Loaded, n_beside: int) -> None:
    """Alone, and beside rows of other factors."""
    ids = [2, *range(40, 60)]
    at = tuple(range(1, len(ids)))
    deltas = [NeuronDelta(SET.pairs, at, False, factor) for factor in (1.0, 0.0, 3.0, 2.0)[: 1 + n_beside]]
    found = _logits(random_model.gemma, ids, [[delta] for delta in deltas])
    plain = _logits(random_model.gemma, ids, [[] for _ in deltas[:-1]] + [[NeuronDelta(((0, 0),), (), False, 1.0)]])
    assert found[0].equal(plain[0])
    assert all(not found[row].equal(plain[row]) for row in range(1, len(deltas)))


def test_along_what_their_mlp_writes_neurons_shares_add_up_to_one(random_model: Loaded) -> None:
    """With signs, along h, they are 1 at each position. CETT leaves direction and sign out, so its sum is no less."""
    down = random_model.gemma.blocks[1].down
    z = torch.randn(5, down.shape[0], generator=torch.Generator().manual_seed(0))
    h = z @ down
    along = z * (h @ down.T) / (h * h).sum(-1, keepdim=True)
    assert (along.sum(-1) - 1).abs().max() < 1e-5
    shares = shares_of(z, h, row_norms(random_model.gemma)[1])
    assert (shares - along.abs() > -1e-5).all() and (shares.sum(-1) > 1).all()


def test_all_neurons_of_a_layer_scaled_change_nothing_but_for_eps(random_model: Loaded) -> None:
    """The norm behind the MLP takes it out again."""
    ids, d_mlp = [2, *range(40, 60)], random_model.gemma.blocks[1].down.shape[0]
    every = tuple((1, index) for index in range(d_mlp))
    found = _logits(random_model.gemma, ids, [[NeuronDelta(every, tuple(range(1, len(ids))), False, 2.5)]])
    assert (found - _logits(random_model.gemma, ids, None)).abs().max() < 1e-3


def test_a_forks_rows_take_over_what_stands_before_the_first_neuron(random_engine: Engine) -> None:
    state = random_engine._chat.prompts.state(tuple([2, *range(40, 60)]))
    late = fork(random_engine.loaded.gemma, state, [[NeuronDelta(((3, 5),), (20,), False, 4.0)]])
    assert (late.first, sorted(late.keys)) == (20, [3]) and not late.logits[0].equal(state.logits)


def test_random_neurons_have_the_layers_and_about_the_shares_of_those_they_stand_for(random_model: Loaded) -> None:
    shares = usual_shares(random_model)
    sets = matched_sets(random_model, SET.pairs, 7, range(40))
    for found in sets:
        assert [layer for layer, _ in found] == [layer for layer, _ in SET.pairs]
        assert len(set(found)) == len(found) and not set(found) & set(SET.pairs)
        for (layer, index), (_, other) in zip(SET.pairs, found, strict=True):
            rank = (abs(torch.tensor(shares[layer]).log() - float(torch.tensor(shares[layer][index]).log()))).argsort()
            assert other in rank[: NEAREST + len(SET.pairs) + 1].tolist()
    assert len(set(sets)) > 30 and sets[3:4] == matched_sets(random_model, SET.pairs, 7, (3,))


def test_an_arm_of_random_neurons_is_the_control_at_its_index(random_engine: Engine) -> None:
    def first_token(target, n_directions: int) -> list[Frame]:
        sweep = Sweep(target=target, strengths=(4.0,), **EVERYWHERE)
        controls = Controls(n_directions=n_directions, seed=7)
        return answer(
            random_engine, request_for(random_engine.loaded, sweeps=(sweep,), controls=controls, max_new_tokens=1)
        )

    controls = of_kind(first_token(SET, 6), "control")[0].refusal_logodds
    for index in (0, 5):
        frames = first_token(RandomTarget(like=SET, seed=7, index=index), 0)
        assert of_kind(frames, "prompt")[0].arms[1].refusal_logodds == pytest.approx(controls[index], abs=1e-4)
        assert frames[0].sweeps[0].label == f"Random neurons {index}"
        assert frames[0].sweeps[0].neurons == matched_sets(random_engine.loaded, SET.pairs, 7, (index,))[0]
    assert abs(controls[0] - controls[5]) > 1e-4


def test_neurons_that_a_model_does_not_have_are_refused(random_engine: Engine) -> None:
    for target in (NeuronTarget(layer=9, index=0), NeuronSetTarget(neurons=((0, 0), (1, 10_000)))):
        sweep = Sweep(target=target, strengths=(2.0,), **EVERYWHERE)
        with pytest.raises(Refused, match="Choose one of them"):
            next(random_engine.generate(request_for(random_engine.loaded, sweeps=(sweep,))))


def test_neurons_are_scaled_and_nothing_else() -> None:
    for mode in ("add", "clamp", "ablate"):
        with pytest.raises(ValueError, match="use the mode scale"):
            Sweep(target=SET, mode=mode, strengths=(0.5,))
    with pytest.raises(ValueError, match="twice"):
        NeuronSetTarget(neurons=((0, 1), (0, 1)))
