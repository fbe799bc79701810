"""Whole sequences through a Gemma with gradients, from any block on, with taps for whoever changes or reads something.

The numbers are those of model/gemma.py (a test holds them against each other). What is different: nothing is written in
place, every row has its whole sequence, or all of it from one position on (`behind`), and a Rule says what a gradient
passes.

    x (rows, pos, d_model)  → block `first` … → resid_post of the last block

Taps, each called with the layer and returning what goes on in its place:
    resid    resid_post (rows, pos, d_model)
    mid      between attention and MLP (rows, pos, d_model)
    neurons  inputs of down_proj (rows, pos, d_mlp)
    heads    z (rows, pos, n_heads, head_dim), before o_proj
    pattern  attention (rows, n_heads, query pos, key pos)
    keys     called with the layer, the keys and the values (rows, pos, n_kv_heads, head_dim); returns all that are
             seen
    mlp_post, attention_post: the norm's division there may be given, so that a path along z keeps the clean one
Knows nothing about prompts, targets or dictionaries.
"""

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from model_worker.circuits.rule import PLAIN, Rule
from model_worker.model.gemma import Block, Gemma, KeysValues, Norm, Rotation

Tap = Callable[[int, Tensor], Tensor]
KeysTap = Callable[[int, Tensor, Tensor], KeysValues]

WIDE_BYTES = 2**30
"""Blocks that take no more in fp32 are computed with in fp32, whatever they are stored as."""


@dataclass(frozen=True)
class Taps:
    resid: Tap | None = None
    mid: Tap | None = None
    neurons: Tap | None = None
    heads: Tap | None = None
    pattern: Tap | None = None
    keys: KeysTap | None = None
    after_mlp: Tap | None = None
    """Called with what down_proj writes, (rows, pos, d_model): returns what is added, in place of its norm."""
    after_attention: Tap | None = None


NO_TAPS = Taps()


@dataclass(frozen=True)
class SequencePass:
    """Of sequences of n_pos tokens: where queries are, and what they see. Made once for many passes."""

    gemma: Gemma
    n_pos: int
    rotations: Sequence[Rotation]
    masks: Sequence[Tensor]
    """By block, (query pos, key pos): 0 where a query sees a key, -inf where not."""

    @classmethod
    def of(cls, gemma: Gemma, n_pos: int) -> "SequencePass":
        at = torch.arange(n_pos, device=gemma.device)
        distance = at.unsqueeze(-1) - at
        masks = []
        for kind in gemma.kinds:
            seen = distance >= 0
            if kind == "sliding_attention":
                seen &= distance < gemma.window
            masks.append(torch.zeros(n_pos, n_pos, device=gemma.device).masked_fill_(~seen, -torch.inf))
        return cls(gemma, n_pos, gemma.rotations(at.unsqueeze(0)), masks)

    def behind(self, start: int) -> "SequencePass":
        """Of the positions from `start` on; the tap `keys` has to give the keys before."""
        if start == 0:
            return self
        rotations = [Rotation(one.cos[:, start:], one.sin[:, start:]) for one in self.rotations]
        return SequencePass(self.gemma, self.n_pos - start, rotations, [mask[start:] for mask in self.masks])

    def run(
        self,
        x: Tensor,
        *,
        first: int = 0,
        end: int | None = None,
        rule: Rule = PLAIN,
        taps: Taps = NO_TAPS,
        last_only: bool = False,
    ) -> Tensor:
        """resid_post of block end − 1 (the last), from what goes into block `first`; last_only: there of the last
        position alone, (rows, 1, d_model)."""
        end = self.gemma.n_layers if end is None else end
        for layer in range(first, end):
            x = self._block(layer, x, rule, taps, last_only=last_only and layer == end - 1)
            if taps.resid is not None:
                x = taps.resid(layer, x)
        return x

    def embed(self, ids: Sequence[int]) -> Tensor:
        """(1, pos, d_model)."""
        return self.gemma.embed(torch.tensor([list(ids)], device=self.gemma.device)).detach()

    def _block(self, layer: int, x: Tensor, rule: Rule, taps: Taps, *, last_only: bool) -> Tensor:
        shape, block = self.gemma.shape, self.gemma.blocks[layer]
        rows, n_pos, _ = x.shape
        h = rule.norm(block.before_attention, x)
        n_q, n_kv = shape.n_heads, shape.n_kv_heads
        heads = (h @ block.qkv).view(rows, n_pos, n_q + 2 * n_kv, shape.head_dim)
        q, k, v = heads[:, :, :n_q], heads[:, :, n_q : n_q + n_kv], heads[:, :, n_q + n_kv :]
        if block.q_norm is not None and block.k_norm is not None:
            q, k = rule.norm(block.q_norm, q), rule.norm(block.k_norm, k)
        q, k = self.rotated(layer, q), self.rotated(layer, k)
        if taps.keys is not None:
            k, v = taps.keys(layer, k, v)
        mask = self.masks[layer]
        if last_only:
            x, q, mask = x[:, -1:], q[:, -1:], mask[-1:]
        group = n_q // n_kv
        k, v = k.repeat_interleave(group, dim=2), v.repeat_interleave(group, dim=2)
        scores = torch.einsum("bqhd,bkhd->bhqk", q, k) * shape.scale
        if shape.cap is not None:
            scores = shape.cap * torch.tanh(scores / shape.cap)
        pattern = rule.pattern((scores + mask).softmax(-1))
        if taps.pattern is not None:
            pattern = taps.pattern(layer, pattern)
        z = torch.einsum("bhqk,bkhd->bqhd", pattern, v)
        if taps.heads is not None:
            z = taps.heads(layer, z)
        written = z.flatten(2) @ block.out
        x = x + _normed(layer, written, block.after_attention, taps.after_attention, rule)
        if taps.mid is not None:
            x = taps.mid(layer, x)

        gate, up = (rule.norm(block.before_mlp, x) @ block.gate_up).chunk(2, dim=-1)
        neurons = rule.gated(gate, up)
        if taps.neurons is not None:
            neurons = taps.neurons(layer, neurons)
        written = neurons @ block.down
        return x + _normed(layer, written, block.after_mlp, taps.after_mlp, rule)

    def rotated(self, layer: int, x: Tensor) -> Tensor:
        """(rows, pos, heads, head_dim); the first half of sin is negated already."""
        rotation = self.rotations[layer]
        return x * rotation.cos.float() + x.roll(x.shape[-1] // 2, -1) * rotation.sin.float()


def _normed(layer: int, written: Tensor, norm: object, tap: Tap | None, rule: Rule) -> Tensor:
    if tap is not None:
        return tap(layer, written)
    return rule.norm(unedited(norm), written)


def unedited(norm: object) -> Norm:
    """A block's norm behind attention or MLP, whose parts are to be read."""
    assert isinstance(norm, Norm), "an edit behind it would be left out"
    return norm


def widened(gemma: Gemma) -> Gemma:
    """The same model with its blocks in fp32 where they take no more than WIDE_BYTES so, else itself. The embedding
    and the head stay: of a head, a few columns are read, and those in fp32."""
    size = sum(4 * one.numel() for block in gemma.blocks for one in (block.qkv, block.out, block.gate_up, block.down))
    if gemma.dtype == torch.float32 or size > WIDE_BYTES:
        return gemma
    wide = copy(gemma)
    wide.blocks = tuple(_wide(block) for block in gemma.blocks)
    wide.dtype = torch.float32
    return wide


def _wide(block: Block) -> Block:
    norms = {
        name: replace(norm, dtype=torch.float32)
        for name in ("before_attention", "q_norm", "k_norm", "before_mlp")
        if isinstance(norm := getattr(block, name), Norm)
    }
    return replace(
        block,
        qkv=block.qkv.float(),
        out=block.out.float(),
        gate_up=block.gate_up.float(),
        down=block.down.float(),
        **norms,
    )
