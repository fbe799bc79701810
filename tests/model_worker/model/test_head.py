"""Logits that matter are exact, whatever the weights' dtype; rows are read some after the other."""

import pytest
import torch

from model_worker.model.gemma import Norm
from model_worker.model.head import PART, SHARPENED, OutputHead, largest, threads_for

pytestmark = pytest.mark.core

D_MODEL, VOCAB = 32, 4096


def head_of(dtype: torch.dtype, cap: float | None = None) -> tuple[OutputHead, torch.Tensor]:
    drawn = torch.Generator().manual_seed(0)
    weight = torch.randn(VOCAB, D_MODEL, generator=drawn).to(dtype)
    norm = Norm(torch.full((D_MODEL,), D_MODEL**0.5 * 4), torch.tensor(1e-6))
    return OutputHead(norm, norm.scaled, weight, cap), torch.randn(5, D_MODEL, generator=drawn)


@pytest.mark.parametrize("cap", [None, 30.0])
def test_the_likeliest_tokens_and_those_that_are_named_keep_fp32_logits_of_narrow_weights(cap: float | None) -> None:
    head, x = head_of(torch.bfloat16, cap)
    exact = head.norm(x) @ head.weight.float().T
    exact = exact if cap is None else cap * (exact / cap).tanh()
    named = torch.tensor([3, 1000])
    logits, likeliest = head.naming(named).logits(x), exact.topk(SHARPENED).indices
    torch.testing.assert_close(logits.gather(-1, likeliest), exact.gather(-1, likeliest), atol=1e-4, rtol=0)
    torch.testing.assert_close(logits[:, named], exact[:, named], atol=1e-4, rtol=0)
    assert (logits - exact).abs().max() > 1e-3, "the others are as the product gives them"
    assert logits.dtype == torch.float32


def test_fp32_weights_give_the_plain_product_bit_for_bit() -> None:
    head, x = head_of(torch.float32)
    assert torch.equal(head.naming(torch.tensor([3])).logits(x), head.norm(x) @ head.weight.T)


def test_parts_are_the_rows_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    head, x = head_of(torch.float32)
    whole = head.logits(x)
    assert len(list(head.parts(x))) == 1 and PART > 5 * VOCAB
    monkeypatch.setattr("model_worker.model.head.PART", 2 * VOCAB)
    parts = list(head.parts(x))
    assert [len(part) for part in parts] == [2, 2, 1] and torch.equal(torch.cat(parts), whole)
    assert [len(part) for part in head.apart(x)] == [2, 2, 1]
    torch.testing.assert_close(head.logits(x[0]), whole[0])
    assert head.logits(x[:0]).shape == (0, VOCAB)


@pytest.mark.parametrize("n", [100, 4096, 262_144])
@pytest.mark.parametrize("k", [1, 2, 8, 64])
def test_the_largest_are_those_of_topk(n: int, k: int) -> None:
    table = torch.randn(3, n, generator=torch.Generator().manual_seed(1))
    values, places = largest(table, k)
    assert torch.equal(values, table.topk(k).values) and torch.equal(table.gather(-1, places), values)


def test_a_large_model_takes_every_core_and_a_small_one_leaves_one() -> None:
    large, small = 262_144 * 640 * 2, 4096 * 160 * 4
    assert (threads_for(large, 2), threads_for(small, 2), threads_for(small, 1)) == (2, 1, 1)
