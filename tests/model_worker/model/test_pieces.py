"""All tokens at once are spelled as one by one."""

import torch

from model_worker.model.loading import Loaded
from model_worker.model.pieces import piece_text, pieces_of, token_text


def test_all_pieces_at_once_are_those_that_the_tokenizer_gives_one_by_one(
    embedded: Loaded, random_model: Loaded
) -> None:
    for loaded in (embedded, random_model):
        one_by_one = [token_text(loaded.tokenizer, token) for token in range(len(loaded.tokenizer))]
        assert [piece_text(one, token) for token, one in enumerate(pieces_of(loaded.tokenizer))] == one_by_one
        wanted = set(loaded.card.refusal_openings)
        opens = torch.tensor([text.strip() in wanted for text in one_by_one])
        assert torch.equal(loaded.opens_refusal[: len(opens)], opens) and not loaded.opens_refusal[len(opens) :].any()
