"""Who does what: every job of a subject, of ours and of each peer, with all latents read and without."""

import itertools
from collections.abc import Callable, Iterator, Sequence

from benchmarks.measure import Job, Key, timed
from benchmarks.models import N_ARMS, N_USERS, Subject
from benchmarks.ours import Ours, first_tokens, start_of
from benchmarks.peers import Hooked, InterpEngine, Row, rows_of
from tests.model_worker.driving import answers

OURS = "ours"
ONE = "one steered answer"  # ours: and the unsteered one, which every request of ours has
BARE = "the unsteered answer"  # alone, in one row
AGAIN = "one steered answer, prompt seen before"
DRAG = "first token, prompt seen before"
SWEEP = "21 answers of a sweep, one batch"
IN_TURN = "21 answers of a sweep, in turn"
USERS = "16 users, one batch"
USERS_BARE = "16 users unsteered, one batch"


def jobs_of(subject: Subject, ours: Ours, hooked: Hooked, engine: InterpEngine | None) -> dict[Key, Job]:
    jobs: dict[Key, Job] = {}
    for full in (False, True):
        jobs |= _ours(subject, ours, full)
        jobs |= _hooked(subject, ours, hooked, full)
        if engine is not None:
            jobs |= _engine(subject, ours, engine, full)
    return jobs


def sweep_rows(subject: Subject, ours: Ours) -> list[Row]:
    return rows_of(start_of(ours.kept, subject.request(subject.strengths, full=False)))


def user_rows(subject: Subject, ours: Ours) -> list[Row]:
    """The steered answer of each user."""
    return [
        rows_of(start_of(ours.kept, subject.request(subject.strengths[-1:], full=False, prompt=user)))[1]
        for user in range(N_USERS)
    ]


def _ours(subject: Subject, ours: Ours, full: bool) -> dict[Key, Job]:
    last = subject.strengths[-1:]
    one, bare = subject.request(last, full=full), subject.request((), full=full)
    sweep = subject.request(subject.strengths, full=full)
    users = [subject.request(last, full=full, prompt=user) for user in range(N_USERS)]
    bare_users = [subject.request((), full=full, prompt=user) for user in range(N_USERS)]
    drags = (subject.request((strength,), full=full) for strength in _drags(last[0]))
    answers(ours.kept, one)
    return {
        Key(OURS, ONE, full): timed(lambda: answers(ours.fresh, one)),
        Key(OURS, BARE, full): timed(lambda: answers(ours.fresh, bare)),
        Key(OURS, AGAIN, full): timed(lambda: answers(ours.kept, next(drags))),
        Key(OURS, DRAG, full): timed(lambda: first_tokens(ours.kept, next(drags))),
        Key(OURS, SWEEP, full): timed(lambda: answers(ours.fresh, sweep)),
        Key(OURS, USERS, full): timed(lambda: answers(ours.fresh, *users)),
        Key(OURS, USERS_BARE, full): timed(lambda: answers(ours.fresh, *bare_users)),
    }


def _hooked(subject: Subject, ours: Ours, hooked: Hooked, full: bool) -> dict[Key, Job]:
    rows, users = sweep_rows(subject, ours), user_rows(subject, ours)
    drags = _dragged(rows[-1])
    return {
        Key(hooked.name, ONE, full): timed(lambda: hooked.generate(rows[-1:], full=full)),
        Key(hooked.name, BARE, full): timed(lambda: hooked.generate(rows[:1], full=full)),
        Key(hooked.name, DRAG, full): timed(lambda: hooked.generate([next(drags)], full=full, n_new=1)),
        Key(hooked.name, IN_TURN, full): _in_turn(
            subject, rows, lambda row: timed(lambda: hooked.generate([row], full=full))()
        ),
        Key(hooked.name, SWEEP, full): timed(lambda: hooked.generate(rows, full=full)),
        Key(hooked.name, USERS, full): timed(lambda: hooked.generate(users, full=full)),
    }


def _engine(subject: Subject, ours: Ours, engine: InterpEngine, full: bool) -> dict[Key, Job]:
    rows = sweep_rows(subject, ours)
    drags = _dragged(rows[-1])
    return {
        Key(engine.name, ONE, full): lambda: engine.generate(rows[-1], full=full)["seconds"],
        Key(engine.name, BARE, full): lambda: engine.generate(rows[0], full=full)["seconds"],
        Key(engine.name, IN_TURN, full): _in_turn(
            subject, rows, lambda row: engine.generate(row, full=full)["seconds"]
        ),
        Key(engine.name, DRAG, full): lambda: engine.generate(next(drags), full=full, n_new=1)["seconds"],
    }


def _in_turn(subject: Subject, rows: Sequence[Row], seconds: Callable[[Row], float]) -> Job:
    """Every row where answers end by themselves; where all are equally long, one stands for all."""
    some = rows if subject.loaded.stop_ids else rows[-1:]
    return lambda: sum(map(seconds, some)) * N_ARMS / len(some)


def _drags(strength: float) -> Iterator[float]:
    """Strengths that were not asked before."""
    return (strength + 0.001 * k for k in itertools.count(1))


def _dragged(row: Row) -> Iterator[Row]:
    return (Row(row.ids, row.positions, alpha) for alpha in _drags(row.alpha))
