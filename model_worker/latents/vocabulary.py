"""Which tokens say a word, in any spelling. Made once, by whoever searches first. Knows nothing about latents."""

from collections.abc import Iterator

from model_worker.model.loading import Loaded
from model_worker.model.pieces import piece_text, pieces_of, token_text
from protocol.spelling import fold

TOKENS_OF_A_STEP = 4096
FEWEST_OF_A_TOKEN = 2  # a token with fewer begins too many words


class Vocabulary:
    def __init__(self, loaded: Loaded) -> None:
        self._tokenizer = loaded.tokenizer
        self._said: dict[str, list[int]] = {}  # tokens by what they say
        self._pieces: list[str | None] = []
        self._n_read = 0

    def reading(self) -> Iterator[None]:
        """Some of it a step."""
        self._pieces = self._pieces or pieces_of(self._tokenizer)
        while (first := self._n_read) < len(self._pieces):
            self._n_read = min(first + TOKENS_OF_A_STEP, len(self._pieces))
            for token in range(first, self._n_read):
                self._said.setdefault(fold(piece_text(self._pieces[token], token)), []).append(token)
            yield None

    def saying(self, query: str) -> list[int]:
        """Those that say the query's first word; where none does, the one that it begins with; perhaps none."""
        word = query.split()[0]
        if found := self._said.get(fold(word)):
            return found
        ids = self._tokenizer(f" {word}", add_special_tokens=False)["input_ids"]
        begins = [token for token in ids if fold(token_text(self._tokenizer, token))][:1]
        text = "".join(fold(token_text(self._tokenizer, token)) for token in begins)
        return begins if len(text) >= FEWEST_OF_A_TOKEN and fold(word).startswith(text) else []
