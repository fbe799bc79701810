"""What a circuit is of, as a number m read at a sequence's last token.

    two tokens   m = cap(U_up · N(x)) − cap(U_against · N(x)), x resid_post of the last block
    openings     m = logsumexp of all that open a refusal − logsumexp of all others: log p/(1−p)
    reading      m = x_l · read + bias of a latent or a named direction, before its threshold

Of openings ∂m = Σ w_t ∂logit_t, w a token's share of its kind, with a minus where it opens none. So under RelP all that
comes in adds up to Σ w_t logit_t, which is m less the two kinds' difference in entropy: nothing where one token each
has its kind to itself, as of two tokens.

Knows nothing about prompts.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from model_worker.answering.first_pass import refusal_logodds
from model_worker.circuits.rule import Rule
from model_worker.model.gemma import Norm
from model_worker.model.head import SHARPENED, OutputHead, largest
from model_worker.model.loading import Loaded
from model_worker.model.pieces import token_text
from model_worker.steering.targets import target_of
from protocol.refusal import Refused
from protocol.worker.circuits import CircuitTarget, OpeningTarget, ReadTarget


@dataclass(frozen=True)
class TwoTokens:
    """columns (2, d_model) fp32: of the unembedding. depth: blocks that it needs."""

    head: OutputHead
    columns: Tensor
    ids: tuple[int, int]
    depth: int

    def __call__(self, x: Tensor, rule: Rule) -> Tensor:
        """x (rows, pos, d_model) after `depth` blocks to m (rows,)."""
        norm = self.head.norm
        assert isinstance(norm, Norm), "an edit of it would be left out"
        logits = rule.norm(norm, x[:, -1]) @ self.columns.T
        shown = rule.capped(logits, self.head.cap)
        return shown[:, 0] - shown[:, 1]


@dataclass(frozen=True)
class RefusalOdds:
    """opens (vocab,), bool: the token opens a refusal. ids: the likeliest of either kind. depth: as TwoTokens."""

    head: OutputHead
    opens: Tensor
    ids: tuple[int, int]
    depth: int

    def __call__(self, x: Tensor, rule: Rule) -> Tensor:
        """x (rows, pos, d_model) after `depth` blocks to m (rows,)."""
        norm = self.head.norm
        assert isinstance(norm, Norm), "an edit of it would be left out"
        wide = rule.norm(norm, x[:, -1])
        if not wide.requires_grad:
            return torch.cat([refusal_logodds(shown, self.opens) for shown in self.head.parts_of_normed(wide)])
        still = wide.detach()
        parts = [self._with_slope(shown, rule) for shown in self.head.parts_of_normed(still)]
        m, slope = (torch.cat(own) for own in zip(*parts, strict=True))
        return m + ((wide - still) * slope).sum(-1)

    def shares(self, shown: Tensor) -> Tensor:
        """shown (rows, vocab), capped logits: w."""
        up, against = (shown.masked_fill(kind, -torch.inf).softmax(-1) for kind in (~self.opens, self.opens))
        return up - against

    @torch.no_grad()
    def _with_slope(self, shown: Tensor, rule: Rule) -> tuple[Tensor, Tensor]:
        """m (rows,) and ∂m (rows, d_model) behind the final norm. Of weights in bfloat16 the largest shares in fp32:
        the rest averages its rounding out."""
        m, shares = refusal_logodds(shown, self.opens), self.shares(shown)
        weighed = shares.mul_(rule.cap_slopes(shown, self.head.cap)) if self.head.cap else shares
        weight = self.head.weight
        if weight.dtype == torch.float32:
            return m, weighed @ weight
        found = torch.zeros(len(shown), weight.shape[1], device=weight.device)
        likeliest = largest(weighed.abs(), SHARPENED)[1]
        for row, own in enumerate(likeliest):
            found[row] = weighed[row, own] @ weight[own].float()
        rest = weighed.scatter_(-1, likeliest, 0.0)
        return m, found + (rest.to(weight.dtype) @ weight).float()


@dataclass(frozen=True)
class TargetReading:
    """read (d_model,)."""

    read: Tensor
    bias: float
    words: str
    depth: int

    def __call__(self, x: Tensor, rule: Rule) -> Tensor:
        return x[:, -1] @ self.read + self.bias


Aimed = TwoTokens | RefusalOdds | TargetReading


def resolved_target(
    loaded: Loaded, head: OutputHead, n_layers: int, target: CircuitTarget, logits: Sequence[Tensor]
) -> Aimed:
    """logits: (vocab,) of each prompt, untouched. Raises Refused (422) for a token, latent or direction that isn't, and
    for two that are one."""
    if isinstance(target, ReadTarget):
        aim = target_of(loaded, target.of)
        where = f"L{aim.layer}"
        words = f"{where} #{target.of.latent}" if target.of.kind == "latent" else target.of.name
        return TargetReading(aim.reading.read.float(), aim.reading.bias, words, aim.layer + 1)
    probs = torch.stack([one.softmax(-1) for one in logits])
    if isinstance(target, OpeningTarget):
        likeliest, refuses = probs.max(0).values, loaded.opens_refusal
        up = int(likeliest.masked_fill(~refuses, -1.0).argmax())
        if target.weighs == "all":
            others = probs[0].masked_fill(refuses, -1.0)
            return RefusalOdds(head, refuses, (up, int(others.argmax())), n_layers)
        against = int(likeliest.masked_fill(refuses, -1.0).argmax())
    else:
        first = probs[0]
        likeliest = probs.max(0).values
        up = int(first.argmax()) if target.up is None else _token(loaded, target.up, likeliest)
        rest = first.clone()
        rest[up] = -1.0
        against = int(rest.argmax()) if target.against is None else _token(loaded, target.against, likeliest)
    if up == against:
        raise Refused(
            422,
            "same_tokens",
            f"{token_text(loaded.tokenizer, up)!r} against itself asked.",
            "A circuit is of two different next tokens.",
            "Name another one.",
        )
    columns = head.weight[[up, against]].float()
    return TwoTokens(head, columns, (up, against), n_layers)


def _token(loaded: Loaded, text: str, probs: Tensor) -> int:
    """The token that a text is, as it was typed or with a space before it: whichever is one token, and of both the
    likelier by probs (vocab,); of a text of several tokens the first. Raises Refused (422) where it has none."""
    typed = [loaded.tokenizer(one, add_special_tokens=False)["input_ids"] for one in (text, f" {text}")]
    found = [ids for ids in typed if len(ids) == 1] or [ids for ids in typed[:1] if ids]
    if not found:
        raise Refused(
            422, "no_such_token", f"The token {text!r} asked.", "It is no token of this model.", "Name another one."
        )
    return int(max((ids[0] for ids in found), key=lambda token: probs[token].item()))
