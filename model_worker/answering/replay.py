"""Recorded answers, as the rows of a batch take them. Knows nothing about how they were chosen."""

from collections.abc import Sequence

from model_worker.model.loading import Loaded
from protocol.refusal import Refused
from protocol.worker.replay import AnswerTokens


def given_tokens(
    loaded: Loaded, recorded: Sequence[AnswerTokens], rows: Sequence[tuple[int, int]]
) -> tuple[tuple[int, ...], ...]:
    """By row number, from (arm, sample) by row number; empty if nothing was recorded.

    Raises Refused for ids that this model can't have chosen.
    """
    n_ids = len(loaded.opens_refusal)
    for answer in recorded:
        if max(answer.ids) >= n_ids:
            raise Refused(
                422,
                "unknown_token",
                f"The recorded answer of arm {answer.arm} holds a token id of {n_ids:,} or more.",
                f"This model's tokens are 0 to {n_ids - 1:,}.",
                "Replay the run on a model of the vocabulary that it was recorded with.",
            )
        if not loaded.stop_ids.isdisjoint(answer.ids[:-1]):
            raise Refused(
                422,
                "stops_early",
                f"The recorded answer of arm {answer.arm} goes on after a token that ends it here.",
                "An answer ends with the first of the model's stop tokens.",
                "Replay the run on a model with the stop tokens that it was recorded with.",
            )
    ids_of = {(answer.arm, answer.sample): answer.ids for answer in recorded}
    return tuple(ids_of[row] for row in rows) if recorded else ()
