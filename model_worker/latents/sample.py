"""A sample of text for a model's latents to fire on, and its residuals where the dictionaries read.

1. documents: lines of the card's corpus in raw format, in their order, as many as fit a budget in bytes; every token
   but BOS
2. names: of each type that the card has a question for, up to N_NAMES of tier known and as many of tier unknown, evenly
   drawn from the world; each in its type's first question and the chat template, the name's last token

Text is read when somebody first asks, a passage a step, and no deeper than the layer asked for; whoever comes meanwhile
takes steps of the same reading. It is then kept: what it says depends on the model alone, not on who asked. Knows
nothing about latents or frames.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, takewhile

from torch import Tensor

from model_worker.answering.prompt import read_prompt
from model_worker.decoding.prefix import Keep, Passage
from model_worker.decoding.states import Ids
from model_worker.model.loading import Loaded
from model_worker.model.world import Entity
from protocol.worker.requests import GenerateRequest, Span

N_NAMES = 100
SAMPLED_TIERS = ("known", "unknown")
PASSAGE_TOKENS, QUESTIONS_OF_A_STEP = 384, 32  # of a step, so that it stays short


class Sample:
    """documents: token ids, BOS left out; names: as the world has them. Both in the order of their residuals, and empty
    before the first reading."""

    def __init__(self, loaded: Loaded, max_bytes: int) -> None:
        """max_bytes: of the documents once all layers were asked for; the names take a tenth as much."""
        self._loaded = loaded
        self._layers = frozenset(loaded.layer_of[name] for name in loaded.dictionaries)
        # each layer's, and the last one's whole, where a deeper one goes on
        per_token = (len(self._layers) + 1) * loaded.gemma.shape.d_model * loaded.gemma.dtype.itemsize
        self._max_tokens = max_bytes // per_token
        self._questions = _questions(loaded)
        self._names_left = deque(_drawn(loaded, self._questions))
        self._asked: list[tuple[Entity, Ids]] = []
        self._texts: list[Passage] | None = None
        self._names: list[Passage] | None = None
        self.documents: list[Ids] = []
        self.names: list[Entity] = []

    @property
    def n_bytes(self) -> int:
        """From any thread."""
        return sum(passage.n_bytes for passage in (*(self._texts or ()), *(self._names or ())))

    def reading(self, layer: int) -> Iterator[None]:
        """Reads what is still to be read up to this layer, some of it a step."""
        if self._texts is None:
            self._texts = self._documents()
            yield None
        while self._names_left:
            few = list(islice(self._names_left, QUESTIONS_OF_A_STEP))
            self._asked += [(entity, self._question(entity)) for entity in few]
            for _ in few:
                self._names_left.popleft()
            yield None
        if self._names is None:
            self._names = self._name_passages()
        for passage in (*self._texts, *self._names):
            if passage.depth <= layer:
                passage.read(layer)
                yield None

    def residuals(self, layer: int) -> tuple[list[Tensor], list[Tensor]]:
        """Of the documents' tokens and of the names, one below the other in parts (n, d_model), once they were read up
        to this layer."""
        return [one.residuals(layer) for one in self._texts or ()], [one.residuals(layer) for one in self._names or ()]

    def _documents(self) -> list[Passage]:
        tokenizer, left = self._loaded.tokenizer, self._max_tokens
        bos, most = tokenizer.bos_token_id, self._loaded.card.max_prompt_tokens - 1
        lines = list(self._loaded.corpus)
        for ids in tokenizer(lines, add_special_tokens=False)["input_ids"] if lines else ():
            own = tuple(ids[ids[:1] == [bos] :][:most])
            left -= len(own)
            if left < 0:
                break
            if own:
                self.documents.append(own)
        self.documents.sort(key=len)  # rows of one length waste nothing
        return [self._passage((bos,), rows, "all") for rows in _by_tokens(self.documents)]

    def _name_passages(self) -> list[Passage]:
        passages = []
        for kind in self._questions:
            asked = sorted((one for one in self._asked if one[0].type == kind), key=lambda one: len(one[1]))
            self.names += [entity for entity, _ in asked]
            rows = [ids for _, ids in asked]
            alike = takewhile(lambda tokens: len(set(tokens)) == 1, zip(*(ids[:-1] for ids in rows), strict=False))
            begin = tuple(token for token, *_ in alike)
            own = (ids[len(begin) :] for ids in rows)
            passages += [self._passage(begin, few, "last") for few in _by_tokens(own)]
        return passages

    def _question(self, entity: Entity) -> Ids:
        """Up to the name's last token: no token sees what comes after it."""
        before, after = self._questions[entity.type].split("{name}", 1)
        asked = GenerateRequest(
            model=self._loaded.card.id,
            prompt=before + entity.name + after,
            entity=Span(start=len(before), end=len(before) + len(entity.name)),
        )
        prompt = read_prompt(self._loaded, asked)
        return prompt.ids[: prompt.entity.end]

    def _passage(self, begin: Ids, rows: Sequence[Ids], keep: Keep) -> Passage:
        return Passage(self._loaded.gemma, begin, rows, self._layers, keep)


def _by_tokens(rows: Iterable[Ids]) -> Iterator[list[Ids]]:
    """rows: by ascending length."""
    few: list[Ids] = []
    for row in rows:
        if few and (len(few) + 1) * len(row) > PASSAGE_TOKENS:
            yield few
            few = []
        few.append(row)
    if few:
        yield few


def _questions(loaded: Loaded) -> dict[str, str]:
    """By entity type, in the card's order."""
    questions: dict[str, str] = {}
    for attribute in loaded.card.attributes:
        if attribute.question is not None and "{name}" in attribute.question:
            questions.setdefault(attribute.entity_type, attribute.question)
    return questions


def _drawn(loaded: Loaded, types: Iterable[str]) -> Iterator[Entity]:
    """By type, then by tier."""
    groups: dict[tuple[str, str], list[Entity]] = {(kind, tier): [] for kind in types for tier in SAMPLED_TIERS}
    for namesakes in loaded.world.entities.values():
        for entity in namesakes:
            if (group := groups.get((entity.type, entity.tier))) is not None:
                group.append(entity)
    for group in groups.values():
        n = min(N_NAMES, len(group))
        yield from (group[k * len(group) // n] for k in range(n))
