"""From resid_post of the last block to logits over the vocabulary.

    logits = cap * tanh(U N(x) / cap)

Of weights in bfloat16 a product comes back in 8 bits, 1/16 off at a logit of 20, which would show in every curve. So
1. every logit as the weights' dtype gives it
2. those that matter once more in fp32, from the same weights: the likeliest of each row, and of the tokens that were
   named; what is left is the others' own rounding, which their sum averages out
Of weights in fp32 the first is all.

A vocabulary of 262,144 is read a few rows at a time: passes over numbers that are still in the processor's cache take a
fifth of the time. Knows nothing about blocks or about what is asked of a distribution.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn.functional import linear

SHARPENED = 64  # logits a row that are made again
SPREAD = 64  # parts of a row, whose largest say where its likeliest are
PART = 2**21  # logits of a part
LARGE_BYTES = 2**26


@dataclass(frozen=True)
class OutputHead:
    """norm: the final one. scaled: its gain * sqrt(d_model). weight (vocab, d_model). named (n,): token ids."""

    norm: Callable[[Tensor], Tensor]
    scaled: Tensor
    weight: Tensor
    cap: float | None
    named: Tensor | None = None

    def naming(self, tokens: Tensor) -> "OutputHead":
        """The same, with these tokens' logits exact."""
        return replace(self, named=tokens)

    def logits(self, x: Tensor) -> Tensor:
        """x (..., d_model) to (..., vocab), fp32."""
        rows = x.reshape(-1, x.shape[-1])
        parts = list(self.parts(rows))
        return (parts[0] if len(parts) == 1 else torch.cat(parts)).view(*x.shape[:-1], len(self.weight))

    def parts(self, x: Tensor) -> Iterator[Tensor]:
        """x (rows, d_model) to its logits, some rows after the other, each (own rows, vocab)."""
        return self.parts_of_normed(self.norm(x))

    def parts_of_normed(self, wide: Tensor) -> Iterator[Tensor]:
        """wide (rows, d_model), behind the final norm."""
        rough = linear(wide.to(self.weight.dtype), self.weight)
        for own, of_own in zip(self.apart(rough), self.apart(wide), strict=True):
            logits = own.float()
            if self.weight.dtype != torch.float32:
                self._sharpen(logits, of_own)
            yield logits if self.cap is None else logits.div_(self.cap).tanh_().mul_(self.cap)

    def apart(self, rows: Tensor) -> tuple[Tensor, ...]:
        """(rows, ...) as `parts` has them."""
        return rows.split(max(1, PART // len(self.weight)))

    def unembed(self, direction: Tensor, tokens: Sequence[int] | None = None) -> Tensor:
        """What directions (..., d_model) add to the logits (..., vocab), or to those of some tokens, but for the final
        norm's division and the cap."""
        gain = self.scaled / self.scaled.shape[0] ** 0.5
        weight = self.weight if tokens is None else self.weight[list(tokens)]
        return (direction.float() * gain).to(weight.dtype) @ weight.T

    def _sharpen(self, logits: Tensor, wide: Tensor) -> None:
        """In place. wide (rows, d_model) fp32, normed."""
        likeliest = largest(logits, min(SHARPENED, logits.shape[-1]))[1]
        logits.scatter_(-1, likeliest, torch.einsum("rkd,rd->rk", self.weight[likeliest].float(), wide))
        if self.named is not None:
            logits[:, self.named] = wide @ self.weight[self.named].float().T


def threads_for(n_bytes: int, n_cores: int) -> int:
    """How many threads pay, by the bytes of a head: reading a large one takes both cores of two; a small model gains
    nothing from a second thread, and leaves a core to who shows its answers."""
    return n_cores if n_bytes >= LARGE_BYTES else max(1, n_cores - 1)


def largest(table: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """The k largest numbers of each row (rows, n) and their places, falling: as topk, in a third of its time where rows
    are wide. Those of them lie in the k parts whose own largest are the largest."""
    rows, n = table.shape
    if n % SPREAD or n // SPREAD < 4 * k:
        found = table.topk(k, dim=-1)
        return found.values, found.indices
    apart = table.view(rows, SPREAD, n // SPREAD)  # number i of each run is in part i
    parts = apart.amax(1).topk(k, dim=-1).indices
    within = apart.gather(2, parts.unsqueeze(1).expand(-1, SPREAD, -1)).flatten(1)
    found = within.topk(k, dim=-1)
    places = found.indices // k * (n // SPREAD) + parts.gather(1, found.indices % k)
    return found.values, places
