"""The texts of a request's rows as they grow, as frames, and their verdicts. Knows nothing about the batch."""

from collections.abc import Iterator, Sequence

from model_worker.answering.prompt import PromptTokens
from model_worker.answering.risk import AnswerRisk
from model_worker.answering.verdict import judge
from model_worker.decoding.latents import FrameFields
from model_worker.decoding.rows import Advance, Chosen
from model_worker.model.loading import Loaded
from model_worker.model.pieces import TextStream, token_text
from model_worker.rounding import all_rounded, rounded
from protocol.worker.frames import Measured, NewToken, Reading, Step
from protocol.worker.requests import GenerateRequest


class AnswerFrames:
    """rows: (arm, sample) by number. risks: by row number; none: tokens have no risk."""

    def __init__(
        self,
        loaded: Loaded,
        request: GenerateRequest,
        prompt: PromptTokens,
        rows: Sequence[tuple[int, int]],
        risks: Sequence[AnswerRisk] = (),
    ) -> None:
        self._loaded = loaded
        self._request = request
        self._prompt = prompt
        self._of = rows
        self._risks = risks
        self._texts = [TextStream(loaded.tokenizer) for _ in self._of]
        self._n_steps = 0
        self.n_tokens = 0

    def step(self, advance: Advance, seq: int) -> Step:
        self.n_tokens += len(advance.chosen)
        self._n_steps += 1
        tokens = [self._token(chosen) for chosen in advance.chosen]
        readings = [
            Reading(
                arm=self._of[read.row][0],
                sample=self._of[read.row][1],
                activations=all_rounded(read.activations),
                steered=tuple(
                    Measured(before=(rounded(before),), after=(rounded(after),)) for before, after in read.measured
                ),
            )
            for read in advance.reads
        ]
        return Step(
            seq=seq,
            step=self._n_steps - 1,
            tokens=tuple(sorted(tokens, key=lambda token: (token.arm, token.sample))),
            readings=tuple(sorted(readings, key=lambda reading: (reading.arm, reading.sample))),
        )

    def _token(self, chosen: Chosen) -> NewToken:
        arm, sample = self._of[chosen.row]
        told = None
        if self._risks:
            opens = self._n_steps == 1 and bool(self._loaded.opens_refusal[chosen.token])
            told = self._risks[chosen.row].next(chosen.odds, opens)
        return NewToken(
            arm=arm,
            sample=sample,
            id=chosen.token,
            text=self._texts[chosen.row].push(chosen.token),
            logprob=rounded(chosen.odds.logprob),
            entropy_nats=rounded(chosen.odds.entropy),
            margin_nats=rounded(chosen.odds.margin),
            risk=None if told is None else rounded(told.risk),
            risk_moved=() if told is None else tuple(float(f"{moved:.3g}") for moved in told.moved),
        )

    def departures(self, advance: Advance) -> Iterator[FrameFields]:
        """Of the newest step, by arm and sample. A request's rows begin together, so the step is the token's place."""
        for chosen in sorted(advance.chosen, key=lambda chosen: self._of[chosen.row]):
            if chosen.departed is not None:
                arm, sample = self._of[chosen.row]
                yield {
                    "arm": arm,
                    "sample": sample,
                    "place": self._n_steps - 1,
                    "id": chosen.departed.token,
                    "text": token_text(self._loaded.tokenizer, chosen.departed.token),
                    "short_by": rounded(chosen.departed.short_by),
                }

    def verdicts(self, advance: Advance) -> Iterator[FrameFields]:
        """Of the answers that are whole now, by arm and sample."""
        for row, ended in sorted(advance.left, key=lambda left: self._of[left[0]]):
            arm, sample = self._of[row]
            text = self._texts[row].text
            judged = judge(
                text,
                finished=ended,
                raw=self._request.format != "chat",
                prompt=self._request.prompt,
                named=self._prompt.name is not None,
                entities=self._loaded.world.named(self._prompt.name or ""),
                card=self._loaded.card,
                world=self._loaded.world,
            )
            yield {
                "arm": arm,
                "sample": sample,
                "text": text,
                "outcome": judged.outcome,
                "rule": judged.rule,
                "phrase": judged.phrase,
                "paper_phrase": judged.paper_phrase,
                "said": judged.said,
            }
