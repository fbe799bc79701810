"""What a circuit takes of time and of memory, known before anything is computed, and how much of it a device has.

    time     multiplications: weights of all blocks × tokens × passes, and of attention tokens² × width. Passes, in
             whole ones: reading 1, two gradients of 3, a line of midpoints a layer of 3, half a pass for each check and
             each head's swaps, and for every group and default test one and its controls, out and back
    memory   a pass whose gradient goes back keeps what it went through; activations of nodes are kept throughout

Rough, by a factor of two either way. Knows nothing about prompts.
"""

from collections.abc import Sequence

import torch

from model_worker.model.gemma import Gemma
from protocol.circuit import GROUP_ROLES
from protocol.refusal import Refused
from protocol.worker.circuits import CircuitRequest

CPU_PRODUCTS, CUDA_PRODUCTS = 1e14, 1e17
"""Of one circuit at most: an hour of a core, at 2 to 3 · 10^10 a second."""
CPU_BYTES = 4 * 2**30
_HEAD_SWAPS = 36
_DEFAULT_TESTS = 5
_KEPT = 6
"""Times that a value for each node is held at once: both sides, scores by two rules, shares, and one at work."""


def require_affordable(gemma: Gemma, request: CircuitRequest, n_pos: Sequence[int], n_nodes: int, device: str) -> None:
    """n_pos: tokens by side. n_nodes: of a layer, latents or neurons. Raises Refused (422)."""
    asked = f"A circuit of {' and '.join(f'{n:,}' for n in n_pos)} tokens asked."
    needed, given = circuit_bytes(gemma, n_pos, n_nodes), _bytes_of(device)
    if needed > given:
        raise Refused(
            422,
            "too_long_for_memory",
            asked,
            f"It takes about {_gib(needed)} of memory; this device has {_gib(given)} for one.",
            f"Shorten the prompt to about {_shorter(n_pos, given / needed)} tokens.",
        )
    products, most = (
        circuit_products(gemma, request, n_pos),
        CUDA_PRODUCTS if device.startswith("cuda") else CPU_PRODUCTS,
    )
    if products > most:
        raise Refused(
            422,
            "too_long_for_time",
            asked,
            f"It takes about {products / most:.3g} times as long as this device may spend on one.",
            f"Shorten the prompt to about {_shorter(n_pos, most / products)} tokens, check fewer nodes than "
            f"{request.n_checked}, or ask for fewer controls than {request.n_controls} and fewer midpoints than "
            f"{request.midpoints}.",
        )


def circuit_products(gemma: Gemma, request: CircuitRequest, n_pos: Sequence[int]) -> float:
    shape = gemma.shape
    beside_controls = 1 + request.n_controls
    passes = (
        7
        + 1.5 * gemma.n_layers * request.midpoints
        + 0.5 * (request.n_checked + _HEAD_SWAPS)
        + (len(GROUP_ROLES) + _DEFAULT_TESTS) * beside_controls
    )
    weights = sum(one.numel() for block in gemma.blocks for one in (block.qkv, block.out, block.gate_up, block.down))
    attention = 2 * gemma.n_layers * shape.n_heads * shape.head_dim
    return passes * sum(n * weights + n * n * attention for n in n_pos)


def circuit_bytes(gemma: Gemma, n_pos: Sequence[int], n_nodes: int) -> float:
    shape, longest = gemma.shape, max(n_pos)
    widest = gemma.blocks[0].down.shape[0]
    of_heads = (shape.n_heads + 2 * shape.n_kv_heads) * shape.head_dim
    block = longest * (12 * shape.d_model + 8 * widest + 6 * of_heads) + 5 * shape.n_heads * longest**2
    return 4.0 * gemma.n_layers * (block + _KEPT * longest * n_nodes)


def _bytes_of(device: str) -> float:
    return torch.cuda.mem_get_info(device)[0] / 2 if device.startswith("cuda") else CPU_BYTES


def _shorter(n_pos: Sequence[int], share: float) -> int:
    return max(1, int(max(n_pos) * min(share, 1.0)))


def _gib(size: float) -> str:
    return f"{size / 2**30:.2g} GiB"
