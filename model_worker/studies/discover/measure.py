"""Names read cell by cell, then ordinary text: what fires on them, and what tells known from unknown without it.

What it says is a fixed sequence, whatever the batches. Counts are restored from the recorded tallies; names are read
again all the same, silently: the baselines are fitted on what no frame holds. Knows nothing about where names come
from.
"""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from model_worker.decoding.states import Ids
from model_worker.model.gemma import Gemma
from model_worker.model.sae import Dictionary
from model_worker.rounding import rounded
from model_worker.studies.discover import figures
from model_worker.studies.discover.probe import Directed, Scores, fitted
from model_worker.studies.discover.ranking import Best, Latent, Side, best_of, tested, told
from model_worker.studies.discover.reading import (
    Chunk,
    Residuals,
    at_names,
    at_tokens,
    chunks,
    name_batches,
)
from model_worker.studies.discover.separability import Auroc, name_auroc
from model_worker.studies.discover.tally import Counts, FiringCounter, corpus_tally, tally
from model_worker.studies.shared.names import Taken
from model_worker.studies.shared.opening import request_of
from model_worker.studies.shared.script import Cue, Script, at_once
from protocol.worker.frames import Frame
from protocol.worker.studies import DiscoverRequest
from protocol.worker.study_frames import CorpusTally, Figure, Progress, RankedLatent, Ranking, Study, Tally

PROGRESS = 32  # names between two frames of progress


@dataclass(frozen=True)
class Batch:
    """Names of one chunk, as they were read together. activations: (n,) each, of the latents that were wanted."""

    names: tuple[Taken, ...]
    residuals: Residuals
    activations: Mapping[Latent, np.ndarray]


class Discovery(Script):
    """names: with their labels, in the order of `opening`."""

    def __init__(
        self,
        opening: Study,
        gemma: Gemma,
        dictionaries: dict[str, Dictionary],
        layer_of: dict[str, int],
        names: Sequence[Taken],
        texts: Sequence[Sequence[Ids]],
        rows: int | None,
    ) -> None:
        super().__init__(opening)
        self._gemma, self._dictionaries, self._texts, self._rows = gemma, dictionaries, texts, rows
        self._layer_of = {name: layer_of[name] for name in dictionaries}
        self._layers = sorted(set(self._layer_of.values()))
        self._chunks = {split: chunks(names, split) for split in ("train", "validation", "test")}
        self._request = request_of(opening, DiscoverRequest)
        assert self._request.max_corpus_share is not None  # resolved
        self._max_corpus_share = self._request.max_corpus_share
        self._counts = Counts({name: one.d_sae for name, one in dictionaries.items()})
        train = [one for chunk in self._chunks["train"] for one in chunk.names]
        sample = fitted(train, len(self._layers), gemma.shape.d_model, self._request.names.seed)
        self._directed = Directed(self._layers, sample)
        self._n_corpora = 0

    def take(self, frame: Frame) -> None:
        if isinstance(frame, Tally | CorpusTally):
            self._counts.add(frame)
            self._n_corpora += isinstance(frame, CorpusTally)

    def cues(self) -> Iterator[Cue | None]:
        n_done = 0
        for chunk in self._chunks["train"]:
            yield from self._read(chunk, n_done, lambda batch: self._directed.see(batch.names, batch.residuals))
            n_done += len(chunk.names)
            yield at_once(self._ranking)
            if chunk.last and chunk.cell.label == "unknown":  # its type is whole
                yield at_once(self._by_layer)
        yield from self._read_texts(n_done)
        n_done += len(self._texts)
        yield at_once(self._ranking)
        yield at_once(self._by_layer)
        best = self._best()  # settled, before a name of the test half is read

        yield from self._directed.fit()
        validation = Scores()
        for chunk in self._chunks["validation"]:
            yield from self._read(
                chunk, n_done, lambda batch: validation.add(batch.names, self._directed.candidates(batch.residuals))
            )
            n_done += len(chunk.names)
        self._directed.choose(validation)

        test, latents = Scores(), best.by_dictionary

        def score(batch: Batch) -> None:
            lengths = np.array([one.placed.n_tokens for one in batch.names], dtype=float)
            directed = self._directed.scores(batch.residuals)
            scores = [*batch.activations.items(), *directed.items(), (figures.LENGTH, lengths)]
            test.add(batch.names, dict[Hashable, np.ndarray](scores))

        for chunk in self._chunks["test"]:
            yield from self._read(chunk, n_done, score, latents)
            n_done += len(chunk.names)
        yield from self._conclusion(best, test)

    def _read(
        self,
        chunk: Chunk,
        n_done: int,
        see: Callable[[Batch], None],
        latents: Mapping[str, tuple[int, ...]] | None = None,
    ) -> Iterator[Cue | None]:
        """A batch a step. latents: by dictionary, those whose activations `see` is shown."""
        firing = {name: FiringCounter(dictionary) for name, dictionary in self._dictionaries.items()}
        doing = f"{chunk.cell.type}, {chunk.cell.label} names, {chunk.cell.split}"
        n = 0
        for few in name_batches(self._gemma, chunk.names, self._rows):
            residuals = at_names(self._gemma, few, self._layers)
            activations: dict[Latent, np.ndarray] = {}
            for name, one in firing.items():
                wanted = (latents or {}).get(name, ())
                acts = one.see(residuals[self._layer_of[name]], wanted)
                activations |= {Latent(name, latent): own for latent, own in zip(wanted, acts.T, strict=True)}
            see(Batch(few, residuals, activations))
            before, n = n, n + len(few)
            yield None
            for at in range(before + 1, n + 1):
                if at % PROGRESS == 0 or at == len(chunk.names):
                    yield _progress(n_done + at, doing)
        for name, one in firing.items():
            yield at_once(partial(tally, name, chunk.cell, one))

    def _read_texts(self, n_done: int) -> Iterator[Cue | None]:
        """Not again, once all that is counted there was recorded."""
        firing = {name: FiringCounter(dictionary) for name, dictionary in self._dictionaries.items() if self._texts}
        recorded = self._n_corpora == len(firing)
        for n, few in enumerate(self._texts, 1):
            if not recorded:
                residuals = at_tokens(self._gemma, few, self._layers)
                for name, one in firing.items():
                    one.see(residuals[self._layer_of[name]])
                yield None
            yield _progress(n_done + n, "ordinary text")
        for name, one in firing.items():
            yield at_once(partial(corpus_tally, name, one))

    def _conclusion(self, best: Best, test: Scores) -> Iterator[Cue | None]:
        known = np.array(test.known, dtype=bool)
        aurocs: dict[Hashable, Auroc] = {}
        for key in test.keys:
            aurocs[key] = name_auroc(known, test.of(key))
            yield None

        def with_test(ranked: RankedLatent, side: Side) -> RankedLatent:
            own = aurocs[Latent(ranked.dictionary, ranked.latent)]
            own = own if side == "known" else own.turned
            held = {"auroc": own.value, "auroc_low": own.low, "auroc_high": own.high}
            beside = tested(self._counts, ranked, side)
            return beside.model_copy(update={key: rounded(value) for key, value in held.items()})

        final = self._told(best, with_test)
        yield at_once(lambda: final)
        yield at_once(self._by_layer)
        yield at_once(lambda: figures.latents(final, aurocs[figures.LENGTH], self._counts))
        c_of = {layer: self._directed.c_of(layer) for layer in self._layers}
        yield at_once(lambda: figures.baselines(self._layer_of, best, aurocs, c_of))
        yield at_once(lambda: figures.types(final))

    def _best(self) -> Best:
        return best_of(self._counts, self._max_corpus_share, self._request.top)

    def _ranking(self) -> Ranking:
        return self._told(self._best())

    def _by_layer(self) -> Figure:
        request = self._request
        return figures.layers(self._counts, self._layer_of, self._max_corpus_share, request.names.seed)

    def _told(self, best: Best, with_test: Callable[[RankedLatent, Side], RankedLatent] | None = None) -> Ranking:
        def ranked(latent: Latent, side: Side, only: str | None = None) -> RankedLatent:
            found = told(self._counts, self._layer_of[latent.dictionary], latent, side, only)
            return with_test(found, side) if with_test else found

        def whole(side: Side) -> tuple[RankedLatent, ...]:
            return tuple(ranked(latent, side) for latent in best.ranked[side])

        def alone(side: Side) -> tuple[RankedLatent, ...]:
            return tuple(ranked(latent, side, kind) for (of, kind), latent in sorted(best.alone.items()) if of == side)

        return Ranking(
            seq=0,
            n_names=self._counts.n_names("train"),
            final=with_test is not None,
            known=whole("known"),
            unknown=whole("unknown"),
            specialists_known=alone("known"),
            specialists_unknown=alone("unknown"),
        )


def _progress(n_done: int, doing: str) -> Cue:
    return at_once(lambda: Progress(seq=0, n_done=n_done, doing=doing))
