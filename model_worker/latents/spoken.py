"""What the sample of text says, word by word, and how often each latent fires on it. Made when somebody first searches.

1. the sample is read as deep as any dictionary reads
2. each document's tokens stand in words: a word goes from white space to white space, in the one spelling
3. of each dictionary, on how many tokens each latent fires

Nothing of it is kept with the card: on the shipped model all of it takes a second beside the reading, which a latent's
card needs as well, and a file would have to follow every change of weights, dictionaries and text. Knows nothing about
frames.
"""

from bisect import bisect_right
from collections.abc import Callable, Generator, Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from model_worker.decoding.states import Ids
from model_worker.latents.sample import Sample
from model_worker.model.loading import Loaded
from model_worker.model.pieces import token_text
from protocol.spelling import fold

FEWEST_LETTERS = 3  # fewer begin too much
DOCUMENTS_OF_A_STEP = 128


class WordPlace(NamedTuple):
    """Tokens `first` to `end` (exclusive) of the sample, its documents one after the other."""

    first: int
    end: int


class Spoken:
    """`n_firing`: by dictionary, (d_sae,) tokens of the sample on which each latent fires, on the CPU."""

    def __init__(self, loaded: Loaded, sample: Sample) -> None:
        self._loaded, self._sample = loaded, sample
        self._said: list[list[tuple[str, WordPlace]]] = []  # by document, what was read of them so far
        self._starts: list[int] = []
        self.n_firing: dict[str, Tensor] = {}

    @property
    def n_tokens(self) -> int:
        return sum(map(len, self._sample.documents))

    def reading(self) -> Iterator[None]:
        """Some of it a step."""
        loaded, sample = self._loaded, self._sample
        yield from sample.reading(max((loaded.layer_of[name] for name in loaded.dictionaries), default=0))
        while len(self._said) < len(sample.documents):
            for ids in sample.documents[len(self._said) :][:DOCUMENTS_OF_A_STEP]:
                self._starts.append(self._starts[-1] + len(sample.documents[len(self._said) - 1]) if self._said else 0)
                self._said.append(_words(loaded, ids, self._starts[-1]))
            yield None
        for name in loaded.dictionaries:
            if name not in self.n_firing:
                self.n_firing[name] = yield from self._counted(name)

    def places(self, words: str) -> list[WordPlace]:
        """Where the sample says these words, one behind the other; where it nowhere does, where it says words of which
        the last begins with theirs. words: in the one spelling."""
        *before, last = words.split()
        exact = list(self._found(before, lambda word: word == last))
        if exact or len(last) < FEWEST_LETTERS:
            return exact
        return list(self._found(before, lambda word: word.startswith(last)))

    def document_at(self, token: int) -> tuple[int, Ids]:
        """The document that this token of the sample is in, and where in the sample it starts."""
        n = bisect_right(self._starts, token) - 1
        return self._starts[n], self._sample.documents[n]

    def residuals(self, layer: int, at: Tensor) -> Tensor:
        """(n, d_model) of these tokens of the sample (n,), which ascend."""
        found, start = [], 0
        for part in self._sample.residuals(layer)[0]:
            own = at[(at >= start) & (at < start + len(part))] - start
            found.append(part[own.to(part.device)])
            start += len(part)
        return torch.cat(found)

    def _counted(self, name: str) -> Generator[None, None, Tensor]:
        dictionary = self._loaded.dictionaries[name]
        n_firing = torch.zeros(dictionary.d_sae, dtype=torch.long)
        for part in self._sample.residuals(self._loaded.layer_of[name])[0]:
            with torch.inference_mode():
                n_firing += torch.bincount(dictionary.active(part).latent.cpu(), minlength=dictionary.d_sae)
            yield None
        return n_firing

    def _found(self, before: list[str], is_last: Callable[[str], bool]) -> Iterator[WordPlace]:
        n = len(before)
        for said in self._said:
            for i, (word, place) in enumerate(said[n:]):
                if is_last(word) and [earlier for earlier, _ in said[i : i + n]] == before:
                    yield WordPlace(said[i][1].first, place.end)


def _words(loaded: Loaded, ids: Ids, start: int) -> list[tuple[str, WordPlace]]:
    """Of one document, whose first token is the sample's `start`th. Marks at a word's end are no part of its place."""
    texts = [token_text(loaded.tokenizer, token) for token in ids]
    begins = [n for n, text in enumerate(texts) if n == 0 or text[:1].isspace() or texts[n - 1][-1:].isspace()]
    words = []
    for begin, end in zip(begins, [*begins[1:], len(texts)], strict=True):
        marks = [any(c.isalnum() for c in text) for text in texts[begin:end]]
        if any(marks):
            own = WordPlace(start + begin + marks.index(True), start + end - marks[::-1].index(True))
            said = loaded.tokenizer.decode(ids[begin:end], clean_up_tokenization_spaces=False)
            words += [(word, own) for word in fold(said).split()]
    return words
