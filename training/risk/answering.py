"""The product's own answers to the questions, greedy and sampled at temperature 1, with what the strip reads of them.

A line of the file is an answer: its question, its outcome by the product's judge, of each token what it adds to the
text, and entropy, surprise of the likeliest token and its own surprise in nats; of the prompt the refusal log-odds and
the latents that the card watches. A file that is there is gone on with. Fits nothing.
"""

import gzip
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from model_worker.answering.prompt import PromptTokens, read_prompt
from model_worker.answering.risk import name_latents
from model_worker.answering.verdict import judge
from model_worker.decoding.batch import Decoding
from model_worker.draw import draw
from model_worker.model.loading import Loaded
from model_worker.model.pieces import TextStream
from model_worker.rounding import rounded
from model_worker.studies.shared.completions import ANSWER_TOKENS, Answered, Completion, Wanted, answered
from protocol.worker.requests import GenerateRequest, Sampling, Span
from training.risk.questions import RiskQuestion

KEPT_BYTES = 2**31
SAMPLED = 19  # seed of the draws
FLUSHED = 50


def answer_questions(
    loaded: Loaded,
    asked: Sequence[RiskQuestion],
    file: Path,
    n_samples: int,
    say: Callable[[str], None],
    rows_at_once: int = 64,
) -> None:
    """Appends to `file`, a gzip member every FLUSHED questions, so that an interrupted one is whole up to there."""
    done = {line["text"] for line in read_lines(file)} if file.exists() else set()
    left = [one for one in asked if one.text not in done]
    prompts = [_prompt(loaded, one) for one in left]
    decoding = Decoding(loaded.gemma, KEPT_BYTES)
    flow = answered(
        loaded,
        decoding,
        (
            Wanted(prompt.ids, samplings=risk_samplings(one, n_samples))
            for one, prompt in zip(left, prompts, strict=True)
        ),
        ANSWER_TOKENS,
        rows_at_once,
    )
    begun, kept, number = time.time(), [], 0
    for found in flow:
        if found is None:
            decoding.advance()
            continue
        kept += list(_lines(loaded, left[number], prompts[number], found))
        number += 1
        if number % FLUSHED == 0 or number == len(left):
            with file.open("ab") as out:
                out.write(gzip.compress("".join(f"{json.dumps(one, ensure_ascii=False)}\n" for one in kept).encode()))
            kept = []
            say(f"{number} of {len(left)} questions, {time.time() - begun:.0f} s")


def risk_samplings(question: RiskQuestion, n_samples: int) -> tuple[Sampling, ...]:
    """Each question has draws of its own: else all answers would err at the same places."""
    if not n_samples:
        return (Sampling(),)
    seed = int(draw(SAMPLED, "sample", question.text) * 2**31)
    return Sampling(), Sampling(temperature=1.0, seed=seed, n_samples=n_samples)


def read_lines(file: Path) -> list[dict]:
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def _prompt(loaded: Loaded, question: RiskQuestion) -> PromptTokens:
    span = Span(start=question.start, end=question.start + len(question.name)) if question.name else None
    return read_prompt(loaded, GenerateRequest(model=loaded.card.id, prompt=question.text, entity=span))


def _lines(loaded: Loaded, question: RiskQuestion, prompt: PromptTokens, found: Answered) -> Iterator[dict]:
    latents = name_latents(loaded, prompt, dict(enumerate(found.state.residuals)))
    for (_, sample), one in sorted(found.said.items()):
        verdict = judge(
            one.text,
            finished=one.ended,
            raw=False,
            prompt=question.text,
            named=prompt.name is not None,
            entities=loaded.world.named(prompt.name or ""),
            card=loaded.card,
            world=loaded.world,
        )
        yield asdict(question) | {
            "sampled": sample > 0,
            "sample": sample,
            "outcome": verdict.outcome,
            "refusal_logodds": rounded(found.refusal_logodds[0]),
            "latents": {role: rounded(value) for role, value in latents.items()},
            "opens_refusal": bool(loaded.opens_refusal[one.ids[0]]),
            **_tokens(loaded, one),
        }


def _tokens(loaded: Loaded, one: Completion) -> dict:
    text = TextStream(loaded.tokenizer)
    return {
        "pieces": [text.push(token) for token in one.ids],
        "entropy": [rounded(odds.entropy) for odds in one.odds],
        "peak": [rounded(-odds.peak) for odds in one.odds],
        "surprise": [rounded(-odds.logprob) for odds in one.odds],
    }
