"""The likeliest next tokens, as frames tell of them. Knows nothing about what was read before them."""

from torch import Tensor

from model_worker.model.head import largest
from model_worker.model.loading import Loaded
from model_worker.model.pieces import token_text
from model_worker.rounding import rounded
from protocol.worker.tokens import NextToken


def next_tokens(loaded: Loaded, logits: Tensor, n: int) -> list[tuple[NextToken, ...]]:
    """The n likeliest of each row, falling. logits (rows, vocab) fp32."""
    probs, tokens = largest(logits.softmax(-1), n)
    return [
        tuple(next_token(loaded, token, prob) for token, prob in zip(of_row, odds, strict=True))
        for of_row, odds in zip(tokens.tolist(), probs.tolist(), strict=True)
    ]


def next_token(loaded: Loaded, token: int, prob: float) -> NextToken:
    return NextToken(
        id=token,
        text=token_text(loaded.tokenizer, token),
        prob=rounded(prob),
        opens_refusal=bool(loaded.opens_refusal[token]),
    )
