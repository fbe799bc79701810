"""What a changed last residual says next. Knows nothing about what changed it."""

from collections.abc import Generator

import torch
from torch import Tensor

from model_worker.answering.first_pass import refusal_logodds
from model_worker.answering.next_tokens import next_tokens
from model_worker.circuits.inquiry import Inquiry
from model_worker.rounding import all_rounded
from protocol.worker.tokens import NextToken

LOGITS_ROWS = 4


def said_next(inquiry: Inquiry, x: Tensor) -> Generator[None, None, tuple[list[NextToken], list[float]]]:
    """x (rows, d_model) after the last block: each row's likeliest next token, and the probability that the next one
    opens a refusal."""
    loaded = inquiry.loaded
    found: list[NextToken] = []
    refuses: list[float] = []
    for some in x.split(LOGITS_ROWS):
        with torch.no_grad():
            logits = inquiry.gemma.logits(some)
            refuses += all_rounded(refusal_logodds(logits, loaded.opens_refusal).sigmoid().tolist())
            found += [first for (first,) in next_tokens(loaded, logits, 1)]
        yield None
    return found, refuses
