"""Gemma 2 and Gemma 3 (text) as plain tensor operations, block by block.

transformers' own forward pass is the reference; this one gives the same numbers, lets the engine begin in the
middle of the network and of the prompt, and takes half the time where overhead rules (small models, one row).
Weights are shared with the checkpoint: its q, k, v and gate, up matrices become views of the fused ones here.

    x0 = E[ids] * sqrt(d)
    h  = x + N2(attention(N1(x)));   x' = h + N4(down(gelu(gate(N3(h))) * up(N3(h))))      a block

N is RMSNorm with gain 1 + w, in fp32. The residual stream is fp32 whatever the weights are, so that what is read from
it and added to it isn't rounded twice a block; products, keys and values have the weights' dtype. Attention scores are
soft-capped in Gemma 2 and q, k normed in Gemma 3; `layer_types` says which blocks see only the sliding window, and in
Gemma 3 those have a RoPE base of their own. The blocks one after the other: walk.py; logits: head.py. Knows nothing
about caches, rows or steering: who calls says which keys and values a query sees, and by which mask.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import embedding, gelu
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

from model_worker.model.checkpoint import EMBED_TOKENS, Checkpoint
from model_worker.model.head import OutputHead

PASS_BYTES = 2**28

KeysValues = tuple[Tensor, Tensor]
Remember = Callable[[Tensor, Tensor], KeysValues]
"""Called with the new keys and values (batch, n_kv_heads, pos, head_dim); returns all that the queries may see."""
Mix = Callable[[Tensor], Tensor]
"""Called with the heads' z (batch, n_kv_heads, group * pos, head_dim); returns what is written in its place."""

Within = Callable[[Tensor, Tensor], Tensor | None]
"""Called with an MLP's neurons z (batch, pos, d_mlp), what down_proj reads, and with what it writes, h = z @ down
(batch, pos, d_model); returns what is added to resid_post, None for nothing."""


@dataclass(frozen=True)
class Shape:
    """Sizes that all blocks share. `cap` is the soft cap of attention scores, None in Gemma 3."""

    d_model: int
    n_heads: int
    n_kv_heads: int
    head_dim: int
    scale: float
    cap: float | None
    eps: float


@dataclass(frozen=True)
class Norm:
    """RMSNorm: x / sqrt(mean(x^2) + eps) * gain, in fp32, written as x / hypot(|x|, floor) * scaled,
    with floor = sqrt(n * eps) and scaled = gain * sqrt(n). `dtype`: of what comes out, as who takes it wants it."""

    scaled: Tensor
    floor: Tensor
    dtype: torch.dtype = torch.float32

    def __call__(self, x: Tensor) -> Tensor:
        wide = x.float()
        size = torch.linalg.vector_norm(wide, dim=-1, keepdim=True)
        return (wide / torch.hypot(size, self.floor)).mul_(self.scaled).to(self.dtype)


Normed = Callable[[Tensor], Tensor]
"""A norm, or one with an edit: what attention and MLP write goes through it."""


@dataclass(frozen=True)
class Block:
    """Weights of one block, matrices transposed: (in, out). `q_norm` and `k_norm` are Gemma 3's."""

    before_attention: Norm
    qkv: Tensor
    q_norm: Norm | None
    k_norm: Norm | None
    out: Tensor
    after_attention: Normed
    before_mlp: Norm
    gate_up: Tensor
    down: Tensor
    after_mlp: Normed


@dataclass(frozen=True)
class Rotation:
    """cos and sin of RoPE at given positions, (batch or 1, pos, 1, head_dim); the first half of sin is negated."""

    cos: Tensor
    sin: Tensor

    def __call__(self, x: Tensor) -> Tensor:
        return torch.addcmul(x * self.cos, x.roll(x.shape[-1] // 2, -1), self.sin)


def run_block(
    shape: Shape,
    block: Block,
    x: Tensor,
    rotate: Rotation,
    mask: Tensor,
    remember: Remember,
    *,
    mix: Mix | None = None,
    within: Within | None = None,
    last_only: bool = False,
) -> Tensor:
    """resid_post (batch, pos, d_model) of one block, fp32; last_only: of the last position alone, (batch, 1, d_model).

    x     (batch, pos, d_model)
    mask  (batch or 1, 1 or n_kv_heads, group * pos, n_keys), added to the scores: 0 where a query sees a key, -inf
          where not; a kv head's `group` query heads stand one below the other. last_only: of the last query
    """
    q, k, v = projected(shape, block, x, rotate)
    keys, values = remember(k.transpose(1, 2), v.transpose(1, 2))
    if last_only:
        x, q = x[:, -1:], q[:, -1:]
    z = attention_weights(shape, q, keys, mask) @ values
    return finished(shape, block, x, z if mix is None else mix(z), within)


def projected(shape: Shape, block: Block, x: Tensor, rotate: Rotation) -> tuple[Tensor, Tensor, Tensor]:
    """Queries, keys and values of x, (batch, pos, n_heads or n_kv_heads, head_dim), as attention takes them."""
    batch, n_pos, _ = x.shape
    h = block.before_attention(x)
    n_qk = shape.n_heads + shape.n_kv_heads
    heads = (h.view(-1, shape.d_model) @ block.qkv).view(batch, n_pos, n_qk + shape.n_kv_heads, shape.head_dim)
    qk, v = heads[:, :, :n_qk], heads[:, :, n_qk:]
    if block.q_norm is not None and block.k_norm is not None:
        q, k = block.q_norm(qk[:, :, : shape.n_heads]), block.k_norm(qk[:, :, shape.n_heads :])
        return rotate(q), rotate(k), v
    qk = rotate(qk)
    return qk[:, :, : shape.n_heads], qk[:, :, shape.n_heads :], v


def attention_weights(shape: Shape, q: Tensor, keys: Tensor, mask: Tensor) -> Tensor:
    """How much of each key's value each query takes, (batch, n_kv_heads, group * pos, n_keys); rows add up to 1.

    q (batch, pos, n_heads, head_dim); keys (batch, n_kv_heads, n_keys, head_dim); mask as in run_block
    """
    batch, n_pos, _, _ = q.shape
    group = shape.n_heads // shape.n_kv_heads
    q = q.unflatten(2, (shape.n_kv_heads, group)).permute(0, 2, 3, 1, 4)
    q = q.reshape(batch, shape.n_kv_heads, group * n_pos, shape.head_dim)
    scores = q @ keys.transpose(-1, -2)
    if shape.cap is not None:
        scores = torch.add(mask, scores.mul_(shape.scale / shape.cap).tanh_(), alpha=shape.cap)
    else:
        scores = torch.add(mask, scores, alpha=shape.scale)
    return scores.softmax(-1, dtype=torch.float32).to(q.dtype)


def finished(shape: Shape, block: Block, x: Tensor, mixed: Tensor, within: Within | None = None) -> Tensor:
    """resid_post, from x (batch, pos, d_model) and what its heads take in, z: (batch, n_kv_heads, group * pos,
    head_dim)."""
    batch, n_pos, _ = x.shape
    group = shape.n_heads // shape.n_kv_heads
    mixed = mixed.view(batch, shape.n_kv_heads, group, n_pos, shape.head_dim).permute(0, 3, 1, 2, 4)
    h = mixed.reshape(batch * n_pos, -1) @ block.out
    x = x + block.after_attention(h).view_as(x)

    gate, up = (block.before_mlp(x).view(-1, shape.d_model) @ block.gate_up).chunk(2, dim=-1)
    z = gelu(gate, approximate="tanh") * up
    h = z @ block.down
    added = None if within is None else within(z.view(batch, n_pos, -1), h.view_as(x))
    x = x + block.after_mlp(h).view_as(x)
    return x if added is None else x + added


class Gemma:
    """The tensors of a Gemma 2 or 3, ready to run."""

    def __init__(self, checkpoint: Checkpoint, n_positions: int) -> None:
        """n_positions: of the longest sequence. Raises TypeError for a model that isn't Gemma 2 or 3."""
        config, tensors = checkpoint.config, checkpoint.tensors
        known = config.model_type in ("gemma2", "gemma3_text") and not config.attention_bias
        known = known and config.hidden_activation == "gelu_pytorch_tanh"
        if not known or getattr(config, "use_bidirectional_attention", False):
            raise TypeError(f"{config.model_type} is not a Gemma 2 or 3 text model that this engine knows")
        self.shape = Shape(
            d_model=config.hidden_size,
            n_heads=config.num_attention_heads,
            n_kv_heads=config.num_key_value_heads,
            head_dim=config.head_dim,
            scale=config.query_pre_attn_scalar**-0.5,
            cap=getattr(config, "attn_logit_softcapping", None),
            eps=config.rms_norm_eps,
        )
        blocks = range(config.num_hidden_layers)
        self.blocks = tuple(_block(tensors, f"model.layers.{n}.", self.shape) for n in blocks)
        self.window: int = config.sliding_window
        self._embedding = tensors[EMBED_TOKENS]
        norm = _norm(tensors["model.norm.weight"], self.shape)
        self.head = OutputHead(norm, norm.scaled, checkpoint.head, getattr(config, "final_logit_softcapping", None))
        self.device: torch.device = self.head.weight.device
        self.dtype: torch.dtype = self.head.weight.dtype
        self._scale = torch.tensor(self.shape.d_model**0.5).to(self.device, self.dtype)
        self.kinds: tuple[str, ...] = tuple(config.layer_types)
        """By block: full_attention or sliding_attention."""
        self._tables = {kind: self._table(config, kind, n_positions) for kind in sorted(set(self.kinds))}

    @property
    def n_layers(self) -> int:
        return len(self.blocks)

    @property
    def bytes_per_token(self) -> int:
        """Keys and values of one position, all blocks."""
        return 2 * self.n_layers * self.shape.n_kv_heads * self.shape.head_dim * self.dtype.itemsize

    def rows_at_once(self, n_pos: int, n_keys: int) -> int:
        """How many rows a pass over so many positions may have, to take about PASS_BYTES: scores three times in fp32,
        and what the widest layer needs."""
        widest = self.blocks[0].gate_up.shape[1]
        per_row = n_pos * (3 * 4 * self.shape.n_heads * n_keys + 2 * 4 * widest)
        return max(1, PASS_BYTES // per_row)

    def embed(self, ids: Tensor) -> Tensor:
        """(batch, pos) to (batch, pos, d_model) fp32, scaled by sqrt(d_model) in the model's dtype."""
        return (embedding(ids, self._embedding) * self._scale).float()

    def rotations(self, positions: Tensor) -> tuple[Rotation, ...]:
        """By block, for positions (batch or 1, pos)."""
        by_kind = {kind: Rotation(table.cos[positions], table.sin[positions]) for kind, table in self._tables.items()}
        return tuple(by_kind[kind] for kind in self.kinds)

    def masks(self, queries: Tensor, keys: Tensor) -> tuple[Tensor, ...]:
        """By block: 0 where the query at its position sees the key at its position, -inf where not.

        queries (batch or 1, pos), keys (n_keys,) positions; returns (batch or 1, 1, group * pos, n_keys)
        """
        distance = queries.unsqueeze(-1) - keys
        seen = distance >= 0
        group = self.shape.n_heads // self.shape.n_kv_heads
        by_kind = {}
        for kind in self._tables:
            allowed = seen & (distance < self.window) if kind == "sliding_attention" else seen
            mask = torch.zeros(allowed.shape, dtype=self.dtype, device=self.device).masked_fill_(~allowed, -torch.inf)
            by_kind[kind] = mask.repeat(1, group, 1).unsqueeze(1)
        return tuple(by_kind[kind] for kind in self.kinds)

    def logits(self, x: Tensor) -> Tensor:
        """resid_post of the last block (..., d_model) to logits (..., vocab), fp32."""
        return self.head.logits(x)

    def _table(self, config: Any, kind: str, n_positions: int) -> Rotation:
        """Angles pos · base^(-2i / head_dim), each twice; stretched where the config says so."""
        own_bases = kind in config.rope_parameters  # Gemma 3's
        said, of_kind = (config.rope_parameters[kind], (kind,)) if own_bases else (config.rope_parameters, ())
        if said["rope_type"] == "default":
            turns = torch.arange(0, self.shape.head_dim, 2, dtype=torch.float) / self.shape.head_dim
            frequencies, size = 1.0 / said["rope_theta"] ** turns, 1.0
        else:
            frequencies, size = ROPE_INIT_FUNCTIONS[said["rope_type"]](config, None, None, *of_kind)
        angles = torch.arange(n_positions).unsqueeze(1).float() * frequencies
        angles = torch.cat((angles, angles), dim=-1)
        cos, sin = (one.mul(size).to(self.device, self.dtype) for one in (angles.cos(), angles.sin()))
        sin[..., : self.shape.head_dim // 2].neg_()
        return Rotation(cos.unsqueeze(1), sin.unsqueeze(1))


def _block(tensors: dict[str, Tensor], prefix: str, shape: Shape) -> Block:
    def named(name: str) -> Tensor:
        return tensors[f"{prefix}{name}.weight"]

    def fused(*names: str) -> Tensor:
        return _fused(tensors, [f"{prefix}{name}.weight" for name in names])

    dtype = named("mlp.down_proj").dtype
    normed = f"{prefix}self_attn.q_norm.weight" in tensors
    return Block(
        before_attention=_norm(named("input_layernorm"), shape, dtype),
        qkv=fused("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"),
        q_norm=_norm(named("self_attn.q_norm"), shape, dtype) if normed else None,
        k_norm=_norm(named("self_attn.k_norm"), shape, dtype) if normed else None,
        out=named("self_attn.o_proj").T,
        after_attention=_norm(named("post_attention_layernorm"), shape),
        before_mlp=_norm(named("pre_feedforward_layernorm"), shape, dtype),
        gate_up=fused("mlp.gate_proj", "mlp.up_proj"),
        down=named("mlp.down_proj").T,
        after_mlp=_norm(named("post_feedforward_layernorm"), shape),
    )


def _norm(weight: Tensor, shape: Shape, dtype: torch.dtype = torch.float32) -> Norm:
    gain = 1.0 + weight.float()
    width = gain.shape[0]
    return Norm(gain * width**0.5, torch.tensor((width * shape.eps) ** 0.5, device=gain.device), dtype)


def _fused(tensors: dict[str, Tensor], names: list[str]) -> Tensor:
    """One matrix (in, out) for all; each weight becomes a view of it, so nothing is held twice."""
    fused = torch.cat([tensors[name] for name in names])
    first = 0
    for name in names:
        size = len(tensors[name])
        tensors[name] = fused[first : first + size]
        first += size
    return fused.T
