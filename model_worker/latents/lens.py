"""The capability `lens`: which next tokens a direction would promote and suppress, read through the unembedding.

logits = U (gain * d), with the final norm's gain and without its division, which depends on the rest of the residual
(nostalgebraist's logit lens, applied to a decoder row as in Bricken et al. 2023). Of a direction by itself: what the
blocks after it make of it is not in it.
"""

import time
from collections.abc import Generator

import torch
from torch import Tensor

from model_worker.model.loading import Loaded
from model_worker.model.pieces import token_text
from model_worker.rounding import rounded
from model_worker.steering.targets import target_of
from protocol.worker.frames import Done, Frame
from protocol.worker.latent_frames import Lens, LensToken
from protocol.worker.requests import LensRequest


def lens(loaded: Loaded, request: LensRequest) -> Generator[Frame]:
    """Raises Refused for a target that the model doesn't have."""
    began = time.perf_counter()
    found = target_of(loaded, request.target)
    with torch.inference_mode():
        logits = loaded.gemma.head.unembed(found.direction).float()[: len(loaded.tokenizer)]
        norm = found.direction.norm().item()
    yield Lens(
        seq=0,
        norm=rounded(norm),
        promoted=_tokens(loaded, logits, request.n_tokens, largest=True),
        suppressed=_tokens(loaded, logits, request.n_tokens, largest=False),
    )
    yield Done(seq=1, elapsed_s=round(time.perf_counter() - began, 4), n_tokens=0)


def _tokens(loaded: Loaded, logits: Tensor, n: int, *, largest: bool) -> tuple[LensToken, ...]:
    top = logits.topk(n, largest=largest)
    return tuple(
        LensToken(id=token, text=token_text(loaded.tokenizer, token), logit=rounded(value))
        for token, value in zip(top.indices.tolist(), top.values.tolist(), strict=True)
    )
