"""What is remembered of runs. Knows nothing about HTTP, workers or findings; who may write into a run is a `Claim`,
and who gets one is `app.runs.queue`'s affair.

Frames go in and come out as the bytes that arrived.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

from sqlalchemy import BigInteger, ColumnElement, CursorResult, Result, and_, delete, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import timestamp
from app.database.connection import Database
from app.database.tables import FrameChunk, RecordingRow, Run
from app.refusals import unknown_run
from app.runs.progress import RunProgress
from protocol.app.runs import ENDED, RunState
from protocol.canonical import canonical_json, sha256
from protocol.refusal import Refusal
from protocol.worker.frames import Error
from protocol.worker.requests import Lane
from protocol.worker.studies import RunRequest

_CHUNKS_AT_ONCE = 8  # some seconds of a stream
_RUNS_AT_ONCE = 100

CANCELLED = Refusal(
    code="cancelled",
    asked="Somebody cancelled this run before the answer was complete.",
    allowed="What came before this line still holds.",
    change="Run it again if it was not meant to end.",
)


@dataclass(frozen=True)
class Claim:
    """The right to write into a run that is under way, for as long as its row says the same."""

    run_id: str
    owner: str
    attempt: int = 1

    @property
    def holds(self) -> ColumnElement[bool]:
        mine = and_(Run.owner == self.owner, Run.attempt == self.attempt)
        return and_(Run.id == self.run_id, mine, Run.state == "running")


class TakenOver(Exception):
    """The claim holds no longer: the run has ended, or others thought its owner dead."""


@dataclass(frozen=True)
class UnderWay:
    """What a run's owner has to look at. `cancel`: somebody wants it to end; `pause`: to rest."""

    run_id: str
    attempt: int
    cancel: bool
    pause: bool


@dataclass(frozen=True)
class Stretch:
    """Some lines of a run and how it stood when they were read. `whole`: there were no more."""

    telling: int
    state: RunState
    lines: list[bytes]
    whole: bool


class RunStore:
    """Queries. Each method is one transaction, but for those of retention, which are some."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @property
    def waits(self) -> bool:
        """Whether something waits for another program that holds the database."""
        return self._database.waits

    async def answers(self) -> bool:
        """Whether the database can be read right now."""
        async with self._database.reading() as session:
            return bool(await session.scalar(text("select 1")))

    async def add(self, claim: Claim, request: RunRequest) -> None:
        """An interactive run that the worker has just taken on."""
        async with self._database.writing() as session:
            session.add(new_run(claim.run_id, request, "interactive", state="running", owner=claim.owner))

    async def append(
        self, claim: Claim, lines: list[bytes], *, first: int, progress: RunProgress, state: RunState = "running"
    ) -> None:
        """Adds `lines` after the `first` that are there already, and says how the run stands now. Raises TakenOver."""
        data = b"".join(lines)
        values: dict[str, Any] = {
            "state": state,
            "n_frames": first + len(lines),
            "size_bytes": Run.size_bytes + len(data),
            "n_whole": progress.n_whole,
            "n_expected": progress.n_expected,
            "owner": None if state in ENDED else claim.owner,
            "stood": timestamp() if state in ENDED else None,
        } | ({"n_fruitless": 0} if lines else {})
        async with self._database.writing() as session:
            written = await session.execute(update(Run).where(claim.holds).values(values))
            if n_rows(written) == 0:
                raise TakenOver(claim.run_id)
            if lines:
                session.add(FrameChunk(run_id=claim.run_id, first=first, data=data))

    async def run(self, run_id: str) -> Run:
        """Raises Refused (404)."""
        async with self._database.reading() as session:
            if (run := await session.get(Run, run_id)) is None:
                raise unknown_run()
            return run

    async def recorded(self, run_id: str) -> tuple[list[bytes], RunProgress]:
        """All lines that a run has so far, and how far it had come with them."""
        async with self._database.reading() as session:
            run = await session.get_one(Run, run_id)
            chunks = select(FrameChunk.data).where(FrameChunk.run_id == run_id).order_by(FrameChunk.first)
            data = b"".join(await session.scalars(chunks))
        return [line + b"\n" for line in data.split(b"\n")[:-1]], RunProgress(run.n_whole, run.n_expected)

    async def lines(self, run_id: str, since: int) -> Stretch | None:
        """Those that have at least `since` lines before them, not too many at once; None for an unknown run."""
        async with self._database.reading() as session:
            if (run := await session.get(Run, run_id)) is None:
                return None
            if run.recording_sha256 is not None:
                recording = select(RecordingRow.data).where(RecordingRow.sha256 == run.recording_sha256)
                first, data, whole = 0, (await session.execute(recording)).scalar_one(), True
            else:
                chunks = await _chunks(session, run_id, since)
                first, data = chunks[0].first if chunks else 0, b"".join(chunk.data for chunk in chunks)
                whole = len(chunks) < _CHUNKS_AT_ONCE
        lines = [line + b"\n" for line in data.split(b"\n")[:-1]]
        return Stretch(run.telling, run.state, lines[since - first :], whole)

    async def cancel(self, run_id: str) -> Run | None:
        """Ends a run that waits, and asks the owner of one that is under way to end it. One that has ended is
        forgotten, and None. Raises Refused (404)."""
        async with self._database.writing() as session:
            if (run := await session.get(Run, run_id, with_for_update=True)) is None:
                raise unknown_run()
            if run.state in ("queued", "paused"):
                end(session, run, "cancelled", CANCELLED)
            elif run.state == "running":
                run.cancel = True
            else:
                await session.delete(run)
                return None
            return run

    async def under_way(self, owner: str) -> list[UnderWay]:
        """Those that this app's worker is said to run."""
        async with self._database.reading() as session:
            mine = select(Run.id, Run.attempt, Run.cancel, Run.pause).where(Run.state == "running", Run.owner == owner)
            return [UnderWay(*row) for row in await session.execute(mine)]

    async def forget_older(self, than: timedelta) -> int:
        """Runs that ended or rest since then and that nobody saved; says how many went."""
        stands = Run.state.in_((*ENDED, "paused"))
        return await self._forget(and_(stands, func.coalesce(Run.stood, Run.created) < timestamp(than)))

    async def forget_beyond(self, max_bytes: int) -> int:
        """As many of the oldest runs that ended and that nobody saved as make the rest of the unsaved ones fit."""
        newest_first = (Run.state.in_(ENDED), Run.created.desc(), Run.id)
        together = func.sum(Run.size_bytes, type_=BigInteger).over(order_by=newest_first)
        unsaved = select(Run.id, together.label("bytes")).where(Run.recording_sha256.is_(None)).subquery()
        beyond = select(unsaved.c.id).where(unsaved.c.bytes > max_bytes)
        return await self._forget(and_(Run.state.in_(ENDED), Run.id.in_(beyond)))

    async def _forget(self, which: ColumnElement[bool]) -> int:
        """Some at a time, so that other writers need not wait for all of them."""
        unsaved = Run.recording_sha256.is_(None)
        n_forgotten = 0
        while True:
            async with self._database.writing() as session:
                some = select(Run.id).where(unsaved, which).order_by(Run.created).limit(_RUNS_AT_ONCE)
                # one that is held is being saved, or another app forgets it
                ids = list(await session.scalars(some.with_for_update(skip_locked=True)))
                await session.execute(delete(Run).where(Run.id.in_(ids)))
            n_forgotten += len(ids)
            if len(ids) < _RUNS_AT_ONCE:
                return n_forgotten


async def _chunks(session: AsyncSession, run_id: str, since: int) -> list[FrameChunk]:
    """From the one on that holds the line with `since` lines before it."""
    of_run = FrameChunk.run_id == run_id
    begins = select(func.max(FrameChunk.first)).where(of_run, FrameChunk.first <= since).scalar_subquery()
    chunks = select(FrameChunk).where(of_run, FrameChunk.first >= begins).order_by(FrameChunk.first)
    return list(await session.scalars(chunks.limit(_CHUNKS_AT_ONCE)))


def new_run(run_id: str, request: RunRequest, lane: Lane, **columns: Any) -> Run:
    return Run(
        id=run_id,
        lane=lane,
        created=timestamp(),
        request=canonical_json(request).decode(),
        request_sha256=sha256(request),
        kind=request.kind,
        model=request.model,
        **columns,
    )


def end(session: AsyncSession, run: Run, state: RunState, why: Refusal) -> None:
    """Closes a run that nobody relays, with an `error` frame."""
    line = closing_line(run.n_frames, why)
    session.add(FrameChunk(run_id=run.id, first=run.n_frames, data=line))
    run.state, run.owner, run.stood = state, None, timestamp()
    run.n_frames, run.size_bytes = run.n_frames + 1, run.size_bytes + len(line)


def closing_line(seq: int, why: Refusal) -> bytes:
    return Error(seq=seq, refusal=why).model_dump_json().encode() + b"\n"


def n_rows(result: Result[Any]) -> int:
    return cast(CursorResult[Any], result).rowcount
