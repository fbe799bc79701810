"""Background runs that wait, and who gets to make them. Knows nothing about how one is made.

1. a run is queued; it counts no attempt yet
2. the oldest is claimed by a conditional update: of several apps that see it, one gets it     attempt + 1
3. it ends, in its relay; or, where the worker would not have it or the app stops, it is put back as it was
4. or it is interrupted: then it is queued again, at most MAX_ATTEMPTS times. A generate run loses the frames that it
   had; a study keeps them and goes on, and only attempts that brought no frame count
5. a study can rest: it waits for nobody, with the frames that it has, until somebody lets it go on
"""

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app import ids
from app.clock import timestamp
from app.database.connection import Database
from app.database.tables import FrameChunk, Run
from app.refusals import unknown_run
from app.runs.store import CANCELLED, Claim, end, n_rows, new_run
from protocol.app.runs import ENDED
from protocol.refusal import Refusal, Refused
from protocol.worker.studies import RunRequest

MAX_ATTEMPTS = 3

_GAVE_UP = Refusal(
    code="given_up",
    asked=f"This run was begun {MAX_ATTEMPTS} times without getting on, and each time the worker or the app was lost.",
    allowed="That is how often a background run is begun; what came before this line still holds.",
    change="Ask for less at a time, or tell whoever runs this app.",
)


class RunQueue:
    """Queries. Each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, request: RunRequest, at_most: int) -> Run:
        """Raises Refused (503) where that many wait already. Several apps that ask at the same moment may each
        add one more: the limit is there to bound the queue, not to count it."""
        async with self._database.writing() as session:
            await _require_room(session, at_most)
            run = new_run(ids.new_run_id(), request, "background", state="queued", attempt=0)
            session.add(run)
            return run

    async def oldest(self) -> Run | None:
        async with self._database.reading() as session:
            waiting = select(Run).where(Run.state == "queued").order_by(Run.created, Run.id).limit(1)
            return (await session.scalars(waiting)).one_or_none()

    async def claim(self, claim: Claim) -> bool:
        """Whether the run is ours now: it still waited, and nobody had begun it since it was looked at."""
        waits = (Run.id == claim.run_id, Run.state == "queued", Run.attempt == claim.attempt - 1)
        async with self._database.writing() as session:
            values = {"state": "running", "owner": claim.owner, "attempt": claim.attempt}
            begun = update(Run).where(*waits).values(values | {"n_fruitless": Run.n_fruitless + 1})
            return n_rows(await session.execute(begun)) == 1

    async def put_back(self, claim: Claim) -> None:
        """For no fault of its own: it waits again, whatever its attempt; one that had not said a word was no attempt.
        Does nothing where the claim holds no longer."""
        async with self._database.writing() as session:
            if (run := await _claimed(session, claim)) is None:
                return
            if run.cancel:
                end(session, run, "cancelled", CANCELLED)
            else:
                run.attempt -= run.n_frames == 0
                run.n_fruitless = max(0, run.n_fruitless - 1)
                await _queue_again(session, run)

    async def abandon(self, claim: Claim) -> None:
        """It was interrupted. Does nothing where the claim holds no longer."""
        async with self._database.writing() as session:
            if (run := await _claimed(session, claim)) is not None:
                await interrupt(session, run)

    async def pause(self, run_id: str) -> Run:
        """Lets a study that waits rest, and asks the owner of one that is under way to. Raises Refused (404, 409)."""
        async with self._database.writing() as session:
            run = await _pausable(session, run_id)
            if run.state == "queued":
                _rest(run)
            elif run.state == "running":
                run.pause = True
            return run

    async def resume(self, run_id: str, at_most: int) -> Run:
        """It waits for its turn again. Raises Refused (404, 409; 503 where that many wait already)."""
        async with self._database.writing() as session:
            run = await _pausable(session, run_id)
            if run.state == "paused":
                await _require_room(session, at_most)
                run.state, run.stood, run.n_fruitless = "queued", None, 0
            run.pause = False
            return run

    async def refuse(self, run_id: str, why: Refusal) -> None:
        """It can't be made at all. Does nothing where it waits no longer."""
        waits = select(Run).where(Run.id == run_id, Run.state == "queued").with_for_update()
        async with self._database.writing() as session:
            if (run := (await session.scalars(waits)).one_or_none()) is not None:
                end(session, run, "error", why)


async def interrupt(session: AsyncSession, run: Run) -> None:
    """What becomes of a run whose worker or app is gone."""
    if run.cancel:
        end(session, run, "cancelled", CANCELLED)
    elif run.lane == "interactive":
        run.state, run.owner, run.stood = "cut", None, timestamp()
    elif (run.n_fruitless if run.is_study else run.attempt) >= MAX_ATTEMPTS:
        end(session, run, "error", _GAVE_UP)
    else:
        await _queue_again(session, run)


async def _claimed(session: AsyncSession, claim: Claim) -> Run | None:
    return (await session.scalars(select(Run).where(claim.holds).with_for_update())).one_or_none()


async def _queue_again(session: AsyncSession, run: Run) -> None:
    if run.pause:
        return _rest(run)
    run.state, run.owner = "queued", None
    if not run.is_study:
        await session.execute(delete(FrameChunk).where(FrameChunk.run_id == run.id))
        run.n_frames = run.size_bytes = run.n_whole = run.n_expected = 0


def _rest(run: Run) -> None:
    run.state, run.owner, run.pause, run.stood = "paused", None, False, timestamp()


async def _pausable(session: AsyncSession, run_id: str) -> Run:
    """A study that has not ended. Raises Refused (404, 409)."""
    if (run := await session.get(Run, run_id, with_for_update=True)) is None:
        raise unknown_run()
    if not run.is_study:
        raise Refused(
            409,
            "not_a_study",
            "To pause this run was asked, or to let it go on.",
            "Only studies can rest and go on from where they were; other runs take seconds.",
            "Let it run to its end, or cancel it and run it again.",
        )
    if run.state in ENDED:
        raise Refused(
            409,
            "run_ended",
            f"To pause this run was asked, or to let it go on; its state is {run.state}.",
            "A study can rest and go on until it has ended.",
            "Read what it found, or run the request again.",
        )
    return run


async def _require_room(session: AsyncSession, at_most: int) -> None:
    waiting = select(func.count()).select_from(Run).where(Run.state == "queued")
    if (await session.scalar(waiting) or 0) >= at_most:
        raise _full(at_most)


def _full(at_most: int) -> Refused:
    return Refused(
        503,
        "queue_full",
        "One more background run asked.",
        f"{at_most} may wait at a time.",
        "Ask again when some of them have ended.",
    )
