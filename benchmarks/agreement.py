"""Before anything is timed: do the peers say what ours says?

Two implementations differ in the last bits, so an answer may part where the two likeliest tokens are nearly level:
where it does, ours' margin there says whether that is all it was.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.jobs import sweep_rows, user_rows
from benchmarks.models import N_USERS, Subject
from benchmarks.ours import Ours, tokens_of
from benchmarks.peers import Hooked, InterpEngine
from protocol.worker.frames import NewToken
from tests.model_worker.driving import answers

PAD = 0  # fills the answers of a batch that ended before the longest


@dataclass(frozen=True)
class Agreement:
    """`n_active`: latents that the peer found active at the mean token. `parted`: of answers that differ, the place
    of the first difference and ours' margin there in nats."""

    what: str
    n_answers: int
    n_tokens: int
    n_active: float | None
    parted: tuple[tuple[int, float], ...] = ()

    def __str__(self) -> str:
        equal = self.n_answers - len(self.parted)
        line = f"{self.what}: {equal} of {self.n_answers} answers equal ours, {self.n_tokens} tokens"
        line += "" if self.n_active is None else f", {self.n_active:.0f} latents active at a token"
        parted = "; ".join(
            f"at token {place}, where ours has a margin of {margin:.2g} nats" for place, margin in self.parted
        )
        return line + (f"; parted {parted}" if parted else "")


def agreements(subject: Subject, ours: Ours, hooked: Hooked, engine: InterpEngine | None) -> list[Agreement]:
    n_prompt = len(sweep_rows(subject, ours)[0].ids)
    sweep = tokens_of(answers(ours.fresh, subject.request(subject.strengths, full=True))[0])
    rows = sweep_rows(subject, ours)
    said, read = hooked.generate(rows, full=True)
    n_read = sum(len(acts) for acts in read)
    n_active = sum(int((acts > 0).sum()) for acts in read) / n_read
    found = [_compared(f"{hooked.name}, sweep", sweep, said, n_active)]

    last = subject.strengths[-1:]
    asked = [subject.request(last, full=False, prompt=user) for user in range(N_USERS)]
    users = [tokens_of(own)[1] for own in answers(ours.fresh, *asked)]
    found.append(_compared(f"{hooked.name}, users", users, hooked.generate(user_rows(subject, ours), full=False)[0]))

    if engine is not None:
        some = range(0, len(rows), 10)
        told = [engine.generate(rows[row], full=True) for row in some]
        n_read = sum(n_prompt + len(one["tokens"]) - 1 for one in told)
        n_active = sum(one["n_active"] for one in told) / n_read
        found.append(
            _compared(f"{engine.name}, sweep", [sweep[row] for row in some], [one["tokens"] for one in told], n_active)
        )
    return found


def _compared(
    what: str, ours: Sequence[Sequence[NewToken]], theirs: Sequence[Sequence[int]], n_active: float | None = None
) -> Agreement:
    parted = []
    for mine, other in zip(ours, theirs, strict=True):
        padded = [*(token.id for token in mine), *[PAD] * (len(other) - len(mine))]
        different = [at for at, token in enumerate(padded) if at >= len(other) or token != other[at]]
        if different:
            at = min(different[0], len(mine) - 1)  # a peer that goes on where ours ended parted at the end
            parted.append((at, mine[at].margin_nats))
    return Agreement(what, len(ours), sum(map(len, ours)), n_active, tuple(parted))
