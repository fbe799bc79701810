"""The one rule that turns figures into a claim's sentence, whichever way it falls.

    reads        the lower end of the AUROC within one attribute, by fits that never saw what is answered, is above .5,
                 and the AUROC above every random set's
    adds         the interval of (entropy and it) less entropy, on the same draws, is above 0
    steers       the slope's interval excludes 0, and the slope lies beyond all of the random sets'
    carries      the interval of the AUROC on other types than it was fitted on is above .5

Else the sentence says that it isn't told from chance, from entropy or from random neurons, on how many questions, and
what would have been seen: 2.8 standard errors, which is a power of .8 at a level of .05. A null stands in the same
place as a finding. Numbers in, sentences out.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from model_worker.studies.shared.statistics import Interval, Z
from protocol.amounts import MINUS
from protocol.enough import is_beyond

POWER = 2.8
"""Standard errors that are seen four times of five."""


FEWEST_PROMPTS = 9
"""Of which none changing sides leaves room for one in three."""


@dataclass(frozen=True)
class NeuronClaim:
    """what: reads, adds, steers or carries. holds None: it wasn't asked, or couldn't be."""

    what: str
    holds: bool | None
    sentence: str
    value: float | None = None
    interval: Interval | None = None
    n: int = 0


def seen_from(interval: Interval | None) -> float | None:
    """The smallest effect that would have been seen."""
    return None if interval is None else POWER * (interval[1] - interval[0]) / (2 * Z)


@dataclass(frozen=True)
class ReadIn:
    """What neurons read in one view. random: AUROCs of matched sets there."""

    auroc: float | None
    interval: Interval | None
    random: Sequence[float]

    @property
    def most(self) -> float:
        return max(self.random, default=0.5)

    @property
    def holds(self) -> bool:
        return self.auroc is not None and self.interval is not None and self.interval[0] > 0.5 < self.auroc > self.most

    @property
    def words(self) -> str:
        assert self.auroc is not None and self.interval is not None
        return f"AUROC {self.auroc:.2f} ({_ends(self.interval)}), random neurons up to {self.most:.2f}"


def reads_claim(what: str, within: ReadIn, kept_out: ReadIn, n: int) -> NeuronClaim:
    """within: one attribute. kept_out: and scored by fits that never saw what is answered; it decides."""
    value, interval = kept_out.auroc, kept_out.interval
    if value is None or interval is None:
        return NeuronClaim("reads", None, f"Whether {what} read errors could not be asked: no attribute has both.", n=n)
    told = f"{kept_out.words}, {n:,} questions"
    if kept_out.holds:
        sentence = f"{_cap(what)} read errors within one attribute, answers kept out of the fit: {told}."
        return NeuronClaim("reads", True, sentence, value, interval, n)
    beside = "chance" if interval[0] <= 0.5 else "random neurons"
    power = f"; {0.5 + (seen_from(interval) or 0):.2f} would have been seen"
    sentence = (
        f"{_cap(what)} are not told from {beside} within one attribute, answers kept out of the fit: {told}{power}."
    )
    if within.holds:
        sentence += f" With answers let in, {within.words}: what is said may be all that they read."
    return NeuronClaim("reads", False, sentence, value, interval, n)


def adds_claim(what: str, value: float | None, interval: Interval | None, n: int) -> NeuronClaim:
    if value is None or interval is None:
        return NeuronClaim("adds", None, f"What {what} add to entropy could not be asked.", n=n)
    told = f"{_signed(value)} ({_ends(interval, 3)}) on {n:,} questions"
    if interval[0] > 0:
        return NeuronClaim("adds", True, f"They add to entropy at the value: {told}.", value, interval, n)
    if interval[1] < 0:
        return NeuronClaim("adds", False, f"With them, entropy tells errors worse: {told}.", value, interval, n)
    power = f"; {seen_from(interval) or 0:.3f} would have been seen"
    return NeuronClaim("adds", False, f"They add nothing told from entropy alone: {told}{power}.", value, interval, n)


def steers_claim(
    what: str, outcome: str, value: float | None, interval: Interval | None, random: Sequence[float], n: int
) -> NeuronClaim:
    """value: of the share of this outcome, per unit of the factor."""
    if value is None or interval is None or not random:
        return NeuronClaim("steers", None, f"Whether {what} move {outcome} could not be asked.", n=n)
    if n < FEWEST_PROMPTS:
        sentence = f"Whether {what} move {outcome} is not told by {n} prompts; it takes {FEWEST_PROMPTS}."
        return NeuronClaim("steers", None, sentence, value, interval, n)
    low, high = min(random), max(random)
    if interval == (0.0, 0.0):
        sentence = (
            f"{_cap(what)} don't move {outcome}: of {n:,} prompts none changed sides; 1 in {max(1, n // 3)} would "
        )
        sentence += f"have been seen (random neurons {_signed(low)} to {_signed(high)} a unit of the factor)."
        return NeuronClaim("steers", False, sentence, value, interval, n)
    told = f"{_signed(value)} a unit of the factor ({_ends(interval, 3)}), "
    told += f"random neurons {_signed(low)} to {_signed(high)}, {n:,} prompts"
    if (interval[0] > 0 or interval[1] < 0) and is_beyond(value, low, high):
        return NeuronClaim("steers", True, f"{_cap(what)} move {outcome}: {told}.", value, interval, n)
    beside = "chance" if interval[0] <= 0 <= interval[1] else "random neurons"
    power = f"; {seen_from(interval) or 0:.3f} would have been seen"
    return NeuronClaim(
        "steers", False, f"{_cap(what)} don't move {outcome} more than {beside}: {told}{power}.", value, interval, n
    )


def carries_claim(what: str, value: float | None, interval: Interval | None, n: int) -> NeuronClaim:
    if value is None or interval is None:
        return NeuronClaim("carries", None, f"Whether {what} carry over to other types could not be asked.", n=n)
    told = f"AUROC {value:.2f} ({_ends(interval)}) on types that they were not fitted on, {n:,} questions"
    if interval[0] > 0.5:
        return NeuronClaim("carries", True, f"They carry over: {told}.", value, interval, n)
    power = f"; {0.5 + (seen_from(interval) or 0):.2f} would have been seen"
    return NeuronClaim(
        "carries", False, f"They don't carry over, as far as is told: {told}{power}.", value, interval, n
    )


def _ends(interval: Interval, digits: int = 2) -> str:
    return f"{interval[0]:.{digits}f} to {interval[1]:.{digits}f}".replace("-", MINUS)


def _signed(value: float) -> str:
    return f"{value:+.3f}".replace("-", MINUS)


def _cap(words: str) -> str:
    return words[:1].upper() + words[1:]
