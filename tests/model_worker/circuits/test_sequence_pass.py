"""The pass with gradients against the engine's own, and what relevance adds up to."""

from dataclasses import replace

import pytest
import torch

from model_worker.circuits.rule import PLAIN, PLAIN_PATTERNS_HELD, RELP, RELP_LOOKING, Rule
from model_worker.circuits.sequence_pass import SequencePass, Taps, widened
from model_worker.decoding.states import read
from model_worker.model.gemma import Gemma
from model_worker.model.loading import Loaded

PROMPT = (2, 11, 7, 23, 5, 42, 9, 17, 31, 8, 12, 44)


@pytest.mark.parametrize("rule", [PLAIN, PLAIN_PATTERNS_HELD, RELP, RELP_LOOKING])
def test_every_rule_gives_the_engines_numbers(random_model: Loaded, rule: Rule) -> None:
    gemma = random_model.gemma
    whole = SequencePass.of(gemma, len(PROMPT))
    seen = {}
    with torch.no_grad():
        whole.run(whole.embed(PROMPT), rule=rule, taps=Taps(resid=lambda layer, x: seen.setdefault(layer, x)))
    for layer, own in enumerate(read(gemma, PROMPT).residuals):
        torch.testing.assert_close(seen[layer][0], own, rtol=0, atol=2e-4)


def test_the_embedded_model_is_the_engines(embedded: Loaded) -> None:
    whole = SequencePass.of(embedded.gemma, len(PROMPT))
    with torch.no_grad():
        x = whole.run(whole.embed(PROMPT))
    torch.testing.assert_close(x[0], read(embedded.gemma, PROMPT).residuals[-1], rtol=0, atol=2e-4)


def test_from_the_middle_on_it_is_the_same(random_model: Loaded) -> None:
    gemma = random_model.gemma
    whole = SequencePass.of(gemma, len(PROMPT))
    with torch.no_grad():
        half = whole.run(whole.embed(PROMPT), end=2)
        torch.testing.assert_close(whole.run(half, first=2), whole.run(whole.embed(PROMPT)))


@pytest.mark.parametrize("rule", [PLAIN, RELP_LOOKING])
def test_the_last_token_alone_is_that_of_all_and_so_is_its_gradient(random_model: Loaded, rule: Rule) -> None:
    whole = SequencePass.of(random_model.gemma, len(PROMPT))
    x0 = whole.embed(PROMPT).requires_grad_()
    found = [whole.run(x0, rule=rule, last_only=last_only) for last_only in (False, True)]
    assert found[1].shape[1] == 1
    torch.testing.assert_close(found[1], found[0][:, -1:])
    slopes = [torch.autograd.grad(one[:, -1].sum(), x0)[0] for one in found]
    torch.testing.assert_close(slopes[1], slopes[0])


def test_relevance_of_the_input_is_all_of_what_comes_out(random_model: Loaded) -> None:
    """x₀ · ∂m/∂x₀ = m for a linear reading of the final norm."""
    gemma = random_model.gemma
    whole = SequencePass.of(gemma, len(PROMPT))
    column = torch.randn(gemma.shape.d_model, generator=torch.Generator().manual_seed(0))
    x0 = whole.embed(PROMPT).requires_grad_()
    m = RELP.norm(gemma.head.norm, whole.run(x0, rule=RELP)[0, -1]) @ column
    (back,) = torch.autograd.grad(m, x0)
    torch.testing.assert_close((x0 * back).sum(), m, rtol=1e-3, atol=1e-4)
    plain = PLAIN.norm(gemma.head.norm, whole.run(x0)[0, -1]) @ column
    (back,) = torch.autograd.grad(plain, x0)
    assert abs((x0 * back).sum() - plain) > 1e-2 * abs(plain)


def test_what_is_widened_computes_in_fp32_from_the_same_weights(random_model: Loaded) -> None:
    tensors = {name: one.bfloat16() for name, one in random_model.checkpoint.tensors.items()}
    narrow = Gemma(replace(random_model.checkpoint, tensors=tensors), 64)
    wide = widened(narrow)
    assert widened(wide) is wide
    whole = SequencePass.of(wide, len(PROMPT))
    with torch.no_grad():
        x = whole.run(whole.embed(PROMPT))
    assert x.dtype == torch.float32
    assert all(block.down.dtype == torch.float32 for block in wide.blocks)
    torch.testing.assert_close(wide.blocks[0].down, narrow.blocks[0].down.float())
    torch.testing.assert_close(x[0], read(narrow, PROMPT).residuals[-1], rtol=0, atol=0.2)


def test_from_a_position_on_it_is_the_same(random_model: Loaded) -> None:
    gemma, start, keys = random_model.gemma, 5, {}
    whole = SequencePass.of(gemma, len(PROMPT))
    x0 = whole.embed(PROMPT)

    def keep(layer: int, k: torch.Tensor, v: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        keys[layer] = k[:, :start], v[:, :start]
        return k, v

    def before(layer: int, k: torch.Tensor, v: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return torch.cat([keys[layer][0], k], 1), torch.cat([keys[layer][1], v], 1)

    with torch.no_grad():
        x = whole.run(x0, taps=Taps(keys=keep))
        torch.testing.assert_close(whole.behind(start).run(x0[:, start:], taps=Taps(keys=before)), x[:, start:])
