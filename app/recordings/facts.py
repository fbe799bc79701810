"""What the frames of a run say, fact by fact, each with its place in the order in which one reads.

A run told twice need not come in the same lines: the batch that it was in decides how its latents are cut into frames.
Facts don't depend on that. They are read in this order:

    0  the prompt's tokens
    1  how it was understood: the entity, and what is steered where
    2  the pass over the prompt, arm by arm, then its latents
    3  the answers, token by token, and of each token arm by arm
    4  their verdicts
    5  controls

Knows frames of the present protocol, and nothing about what may differ by how much.
"""

import base64
import math
import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from protocol.worker.frames import (
    FRAME,
    Control,
    Departure,
    Done,
    Error,
    Frame,
    Latents,
    Measured,
    NewToken,
    Prompt,
    PromptReading,
    Reading,
    Start,
    SteeringUsed,
    Step,
    TokenOdds,
    Verdict,
)

Order = tuple[int, ...]
FactUnit = Literal["text", "nats", "activation", "share", "risk", "constant"]
Values = dict[str | int, str | float]
OrderedFacts = Iterator[tuple[Order, "Fact"]]
SMALLEST = 1e-30  # a probability that is written as 0 has the logarithm of this one


@dataclass(frozen=True, slots=True)
class Fact:
    """What was seen at one place, in one unit, by what it is of. `unlisted`: how large a value that is not among them
    is at most; None: nothing is known of it."""

    what: str
    where: str
    unit: FactUnit
    values: Values
    unlisted: float | None = None

    def name(self, key: str | int) -> str:
        return f"{self.what} {key}".strip()


@dataclass
class Account:
    """One stream of frames. departures: by the place of the answer token that they are about."""

    start: Start
    facts: dict[Order, Fact] = field(default_factory=dict)
    departures: dict[Order, Departure] = field(default_factory=dict)
    end: Done | Error | None = None
    n_tokens: int = 0


def read_account(lines: Iterable[bytes]) -> Account:
    """Raises ValueError where a line is no frame of this protocol, the first is not `start`, or another contradicts
    it."""
    frames = (FRAME.validate_json(line) for line in lines)
    start = next(frames, None)
    if not isinstance(start, Start):
        raise ValueError("a stream begins with start")
    account = Account(start, dict(_of_start(start)))
    for frame in frames:
        try:
            _add(account, frame)
        except (LookupError, struct.error) as error:
            raise ValueError(f"a frame {frame.kind} contradicts start") from error
    return account


def _add(account: Account, frame: Frame) -> None:
    start = account.start
    match frame:
        case Prompt():
            account.facts.update(_of_prompt(start, frame))
        case Step():
            account.n_tokens += len(frame.tokens)
            for token in frame.tokens:
                account.facts.update(_of_token(start, frame.step, token))
            for reading in frame.readings:  # they come one step late
                account.facts.update(_of_reading(start, frame.step - 1, reading))
        case Latents():
            account.facts.update(_of_latents(start, frame))
        case Verdict():
            account.facts.update(_of_verdict(start, frame))
        case Departure():
            account.departures[answer_token(frame.place, frame.arm, frame.sample)] = frame
        case Control():
            account.facts.update(_of_control(start, frame))
        case Done() | Error():
            account.end = frame


def answer_token(place: int, arm: int, sample: int) -> Order:
    """Where the fact is that says which token it is."""
    return 3, place, arm, sample, 0


def _of_start(start: Start) -> OrderedFacts:
    for pos, token in enumerate(start.tokens):
        yield (0, pos), Fact("prompt token", f"position {pos}", "text", {"": f"{token.text!r} (id {token.id})"})
    end = len(start.tokens)
    yield (0, end), Fact("prompt token", f"position {end}", "text", {"": "none: the prompt ends before it"})
    entity = start.entity
    said = f"{entity.text!r}, tokens {entity.start} to {entity.end - 1}"
    yield (1, 0), Fact("entity", "the prompt", "text", {"": said})
    for place, used in enumerate((*start.held, *start.sweeps)):
        where = f"steering by {_push(used, place)}"
        positions = ", ".join(map(str, used.positions)) or "none"
        constants: Values = {"norm of the direction": used.norm}
        if used.residual_norm is not None:
            constants["residual norm"] = used.residual_norm
        yield (1, 1, place, 0), Fact("steered prompt tokens", where, "text", {"": positions})
        yield (1, 1, place, 1), Fact("", where, "constant", constants)
    for arm, how in enumerate(start.arms):
        yield (1, 2, arm), Fact("alpha", _arm(start, arm), "constant", {"": how.alpha})


def _of_prompt(start: Start, frame: Prompt) -> OrderedFacts:
    for pos, odds in enumerate(frame.odds, 1):
        yield (2, 0, pos), Fact("", f"prompt token {pos}", "nats", _odds(odds))
    fvu: Values = {
        used.id: value for used, value in zip(start.dictionaries, frame.fvu, strict=True) if value is not None
    }
    yield (2, 1), Fact("fraction of variance unexplained by", "the prompt", "share", fvu)
    for arm, reading in enumerate(frame.arms):
        yield from _of_prompt_reading(start, arm, reading)


def _of_prompt_reading(start: Start, arm: int, reading: PromptReading) -> OrderedFacts:
    where, watched = _arm(start, arm), _watched(start, len(reading.activations))
    for pos, read in enumerate(zip(*reading.activations, strict=True)):
        at = f"{where}, prompt token {pos}"
        yield (2, 2, arm, 0, pos), Fact("activation of", at, "activation", dict(zip(watched, read, strict=True)))
    for place, (used, measured) in enumerate(zip(_pushes(start, arm), reading.steered, strict=False)):
        values = _measured(measured, [f"at prompt token {pos}" for pos in used.positions])
        yield (2, 2, arm, 1, place), Fact("activation", f"{where}, {_push(used, place)}", "activation", values)
    yield (2, 2, arm, 2), Fact("log-odds of a refusal", where, "nats", {"": reading.refusal_logodds})
    logprobs = [math.log(max(token.prob, SMALLEST)) for token in reading.top]
    top: Values = {token.id: logprob for token, logprob in zip(reading.top, logprobs, strict=True)}
    what, least = "log-probability of the candidate with id", min(logprobs, default=None)
    yield (2, 2, arm, 3), Fact(what, f"{where}, answer token 0", "nats", top, unlisted=least)


def _of_token(start: Start, step: int, token: NewToken) -> OrderedFacts:
    where, order = _at(start, step, token.arm, token.sample), answer_token(step, token.arm, token.sample)
    yield order, Fact("answer token", where, "text", {"": f"{token.text!r} (id {token.id})"})
    yield (*order[:-1], 1), Fact("", where, "nats", _odds(token))
    if start.risk is not None:
        yield (*order[:-1], 5), Fact("risk", where, "risk", _risk(token))


def _of_reading(start: Start, place: int, reading: Reading) -> OrderedFacts:
    where, order = _at(start, place, reading.arm, reading.sample), answer_token(place, reading.arm, reading.sample)[:-1]
    watched = _watched(start, len(reading.activations))
    values: Values = dict(zip(watched, reading.activations, strict=True))
    yield (*order, 2), Fact("activation of", where, "activation", values)
    for nth, measured in enumerate(reading.steered):
        yield (*order, 3, nth), Fact("activation", f"{where}, push {nth}", "activation", _measured(measured, [""]))


def _of_latents(start: Start, frame: Latents) -> OrderedFacts:
    """An activation that is not listed is 0; or, where only the largest were asked for and there are as many, no more
    than the smallest of them."""
    place = [read.dictionary for read in start.request.read].index(frame.dictionary)
    top, n, raw = start.request.read[place].top, sum(frame.counts), base64.b64decode(frame.data)
    latents = struct.unpack_from(f"<{n}{'H' if frame.index_bytes == 2 else 'I'}", raw)
    activations = struct.unpack_from(f"<{n}f", raw, n * frame.index_bytes)
    n_prompt, begin = len(start.tokens), 0
    for pos, count in enumerate(frame.counts, frame.pos):
        own = slice(begin, begin + count)
        begin += count
        values: Values = dict(zip(latents[own], activations[own], strict=True))
        if pos < n_prompt:
            order: Order = (2, 3, frame.arm, place, pos)
            where = f"{_arm(start, frame.arm)}, prompt token {pos}"
        else:
            order = (*answer_token(pos - n_prompt, frame.arm, frame.sample)[:-1], 4, place)
            where = _at(start, pos - n_prompt, frame.arm, frame.sample)
        unlisted = min(activations[own]) if count and count == top else 0.0
        yield order, Fact(f"activation of {frame.dictionary}", where, "activation", values, unlisted)


def _of_verdict(start: Start, frame: Verdict) -> OrderedFacts:
    where = _answer(start, frame.arm, frame.sample)
    yield (4, frame.arm, frame.sample), Fact("", where, "text", {"answer": frame.text, "verdict": frame.outcome})


def _of_control(start: Start, frame: Control) -> OrderedFacts:
    arm = [(how.sweep, how.strength) for how in start.arms].index((frame.sweep, frame.strength))
    values: Values = dict(enumerate(frame.refusal_logodds))
    yield (5, arm), Fact("log-odds of a refusal under random direction", _arm(start, arm), "nats", values)


def _odds(odds: TokenOdds | NewToken) -> Values:
    """Older recordings know the log-probability alone."""
    found = {"log-probability": odds.logprob, "entropy": odds.entropy_nats, "margin": odds.margin_nats}
    return {name: value for name, value in found.items() if value is not None}


def _risk(token: NewToken) -> Values:
    return {} if token.risk is None else {"": token.risk}


def _measured(measured: Measured, places: Sequence[str]) -> Values:
    told: Values = {}
    for when, values in (("before steering", measured.before), ("after steering", measured.after)):
        told |= {f"{when} {place}".strip(): value for place, value in zip(places, values, strict=True)}
    return told


def _watched(start: Start, n: int) -> list[str]:
    """By name, as far as the recording gives names."""
    named = [f"{watched.target.dictionary} {watched.target.latent}" for watched in start.watched]
    return [named[place] if place < len(named) else f"watched latent {place}" for place in range(n)]


def _pushes(start: Start, arm: int) -> tuple[SteeringUsed, ...]:
    how = start.arms[arm]
    return (*(start.held if how.held else ()), *(() if how.sweep is None else (start.sweeps[how.sweep],)))


def _push(used: SteeringUsed, place: int) -> str:
    return used.label or f"push {place}"


def _arm(start: Start, arm: int) -> str:
    how = start.arms[arm]
    if how.sweep is None:
        return f"arm {arm} ({'what is held' if how.held else 'baseline'})"
    return f"arm {arm} ({_push(start.sweeps[how.sweep], how.sweep)}, strength {how.strength:g})"


def _answer(start: Start, arm: int, sample: int) -> str:
    return _arm(start, arm) + (f", sample {sample}" if start.request.sampling.n_samples > 1 else "")


def _at(start: Start, place: int, arm: int, sample: int) -> str:
    return f"{_answer(start, arm, sample)}, answer token {place}"
