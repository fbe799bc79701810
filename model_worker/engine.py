"""The engine: one loaded model, the prompts and the sample of text that it has read, and a batch for each lane.

What the server sees of all that. Memory is divided once: keys and values of rows in flight, half of them for each
lane; prompts that are kept for the next drag; the sample, once somebody has asked about a latent. Knows nothing about
HTTP or threads; one thread must own it.
"""

from collections.abc import Generator, Sequence
from dataclasses import replace

import torch

from model_worker.answering.generate import generate
from model_worker.circuits.circuit import circuit
from model_worker.circuits.groups.turn import turned
from model_worker.circuits.looking.look import why_it_looks
from model_worker.decoding.one_token import decode_all
from model_worker.decoding.readout import Readout
from model_worker.decoding.rows import GroupSpec
from model_worker.decoding.states import fork, read
from model_worker.finished_answers import FinishedAnswers
from model_worker.latents.firing import latent
from model_worker.latents.lens import lens
from model_worker.latents.sample import Sample
from model_worker.latents.search import search
from model_worker.latents.spoken import Spoken
from model_worker.latents.vocabulary import Vocabulary
from model_worker.model.base import Base
from model_worker.model.loading import Loaded
from model_worker.model.registry import RegistryRow
from model_worker.reader import Reader
from protocol.worker.circuits import CircuitRequest, LookRequest, TurnRequest
from protocol.worker.frames import Frame
from protocol.worker.names import NamesRequest
from protocol.worker.replay import AnswerTokens, ReplayRequest
from protocol.worker.requests import GenerateRequest, Lane, LatentRequest, LensRequest, Sampling, SearchRequest
from protocol.worker.studies import StudyRequest

MIB = 2**20
KV_BYTES, PROMPT_BYTES = 512 * MIB, 128 * MIB  # on a CPU
SAMPLE_BYTES = 128 * MIB
FINISHED_BYTES = 32 * MIB  # of circuits, what was asked about them, and sets of names


class Engine:
    """Answers requests; `advance` moves all answers of a lane by one token."""

    def __init__(
        self,
        loaded: Loaded,
        *,
        kv_bytes: int | None = None,
        prompt_bytes: int | None = None,
        compiled: bool = False,
        row: RegistryRow | None = None,
    ) -> None:
        """kv_bytes, prompt_bytes: None: half of a GPU's free memory for keys and values and a tenth for prompts; on a
        CPU as above. row: where the base model is found.

        compiled: torch.compile makes few kernels of a step's many small operations. Needs a C++ compiler on a CPU,
        and `warm` first, or the first answers are slow.
        """
        self.loaded = loaded
        own_kv_bytes, own_prompt_bytes = _budget(loaded.device)
        self._prompt_bytes = own_prompt_bytes if prompt_bytes is None else prompt_bytes
        self._kv_bytes = own_kv_bytes if kv_bytes is None else kv_bytes
        self.sample = Sample(loaded, SAMPLE_BYTES)
        self.vocabulary, self.spoken = Vocabulary(loaded), Spoken(loaded, self.sample)
        self.base = Base(loaded, row)
        whole = torch.compile(decode_all, dynamic=True) if compiled else None
        self._chat = Reader(loaded, self._prompt_bytes, self._kv_bytes, whole)
        self._of_base: Reader | None = None  # once somebody asks it
        self._finished = FinishedAnswers(FINISHED_BYTES)
        self.prompts, self.lanes = self._chat.prompts, self._chat.lanes

    def generate(self, request: GenerateRequest, lane: Lane = "interactive") -> Generator[Frame | None]:
        """None between frames: nothing to say before the lane's next `advance`."""
        yield from self._answers(request, lane, ())

    def replay(self, request: ReplayRequest, lane: Lane = "interactive") -> Generator[Frame | None]:
        """As `generate`, with the recorded answers' tokens in the place of those that would be chosen."""
        yield from self._answers(request.run, lane, request.answers)

    def circuit(self, request: CircuitRequest) -> Generator[Frame | None]:
        """None between frames: a step is done, with nothing new to say. What was answered whole is told again."""
        reader = self._reader_of(request)
        yield from self._finished.answer(request, lambda: circuit(reader.loaded, reader.wide, reader.roles, request))

    def lens(self, request: LensRequest) -> Generator[Frame]:
        return lens(self.loaded, request)

    def latent(self, request: LatentRequest) -> Generator[Frame | None]:
        """None: the sample is not read to its end yet."""
        return latent(self.loaded, self.sample, request)

    def search(self, request: SearchRequest) -> Generator[Frame | None]:
        """None: as of `latent`."""
        return search(self.loaded, self.vocabulary, self.spoken, request)

    def turn(self, request: TurnRequest) -> Generator[Frame | None]:
        """None: as of `circuit`."""
        reader = self._reader_of(request.circuit)
        yield from self._finished.answer(request, lambda: turned(reader.loaded, reader.wide, reader.roles, request))

    def look(self, request: LookRequest) -> Generator[Frame | None]:
        """None: as of `circuit`."""
        reader = self._reader_of(request.circuit)
        yield from self._finished.answer(request, lambda: why_it_looks(reader.loaded, reader.wide, request))

    def names(self, request: NamesRequest) -> Generator[Frame | None]:
        """None: as of `circuit`."""
        from model_worker.studies.shared.names_summary import (
            names_summary,  # scipy takes seconds: not before a study is asked
        )

        yield from self._finished.answer(request, lambda: names_summary(self.loaded, request))

    def study(
        self, request: StudyRequest, recorded: Sequence[Frame] = (), lane: Lane = "background"
    ) -> Generator[Frame | None]:
        """recorded: its frames so far, if it was begun before; then the rest."""
        from model_worker.studies.catalogue import PLANNERS
        from model_worker.studies.run import study
        from model_worker.studies.shared.bench import Bench

        bench = Bench(self.loaded, self.prompts, self.lanes[lane], self.base)
        return study(PLANNERS, bench, request, recorded)

    def advance(self, lane: Lane = "interactive") -> bool:
        """One token for every row of the lane; False if there are none."""
        return any([reader.advance(lane) for reader in self._readers])

    def warm(self) -> None:
        """Compiles the step, for one row and for several: half a minute each for eight blocks. Raises what
        torch.compile raises."""
        gemma, lane = self.loaded.gemma, self.lanes["interactive"]
        prompt, readout = read(gemma, (self.loaded.tokenizer.bos_token_id, 1, 1, 1)), Readout(self.loaded, ())
        for n_rows in (1, 2, 3):
            group = lane.enter(GroupSpec(n_rows, len(prompt.ids) + 2, readout, Sampling(), frozenset(), 2))
            lane.place(group)
            lane.begin(group, [(fork(gemma, prompt, [()] * n_rows), [()] * n_rows)])
            while lane.advance():
                pass
            lane.dismiss(group)
            if group.fault:
                raise group.fault

    def _answers(
        self, request: GenerateRequest, lane: Lane, recorded: Sequence[AnswerTokens]
    ) -> Generator[Frame | None]:
        reader = self._reader_of(request)
        yield from generate(reader.loaded, reader.prompts, reader.lanes[lane], request, recorded)

    def _reader_of(self, request: GenerateRequest | CircuitRequest) -> Reader:
        return self._base_reader() if request.format == "base" else self._chat

    def _base_reader(self) -> Reader:
        """Raises Refused (422) where the card names no base."""
        if self._of_base is None:
            part = self.base.part()
            base = replace(self.loaded, gemma=part.gemma, sha256=part.used.sha256)
            self._of_base = Reader(base, self._prompt_bytes // 2, self._kv_bytes // 2)
        return self._of_base

    @property
    def _readers(self) -> tuple[Reader, ...]:
        return (self._chat, *((self._of_base,) if self._of_base else ()))

    def stats(self) -> dict[str, int]:
        lanes = [lane for reader in self._readers for lane in reader.lanes.values()]
        prompts = [reader.prompts for reader in self._readers]
        return {
            "rows": sum(lane.n_rows for lane in lanes),
            "queued": sum(lane.n_waiting for lane in lanes),
            "tokens": sum(lane.n_chosen for lane in lanes),
            "kv_bytes": sum(lane.n_bytes for lane in lanes),
            "prompts": sum(map(len, prompts)),
            "prompt_bytes": sum(one.n_bytes for one in prompts),
            "prompt_hits": sum(one.n_hits for one in prompts),
            "prompt_misses": sum(one.n_misses for one in prompts),
            "sample_bytes": self.sample.n_bytes,
        }


def _budget(device: str) -> tuple[int, int]:
    if not device.startswith("cuda"):
        return KV_BYTES, PROMPT_BYTES
    free, _ = torch.cuda.mem_get_info(device)
    return free // 2, free // 10
