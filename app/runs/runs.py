"""All runs in progress here. Knows nothing about HTTP: who follows a run, and who leaves it, is told by its routes.

A run's row is the truth about it, and other apps may write there: `watch` looks twice a second.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable

from pydantic import ValidationError

from app import ids
from app.database.connection import DatabaseBusy
from app.database.tables import Run
from app.runs.live_run import LiveRun
from app.runs.log import RunLog
from app.runs.presence import Presence
from app.runs.queue import RunQueue
from app.runs.recorder import patient
from app.runs.relay import Relay
from app.runs.store import CANCELLED, Claim, RunStore
from app.worker.client import WorkerClient
from protocol.refusal import Refused, from_validation
from protocol.worker.requests import Lane
from protocol.worker.studies import RUN, AwaitedRequest, RunRequest

log = logging.getLogger(__name__)

_LOOK_EVERY_S = 0.5
_END_S = 5.0


class Runs:
    """Begins runs, and sees to it that each ends in a state that is true."""

    def __init__(
        self,
        store: RunStore,
        queue: RunQueue,
        presence: Presence,
        worker: WorkerClient,
        told: RunLog,
        *,
        max_recording_bytes: int,
        max_study_bytes: int,
        max_queued: int,
    ) -> None:
        self.stopping = asyncio.Event()
        self._store = store
        self._queue = queue
        self._presence = presence
        self._worker = worker
        self._told = told
        self._max_recording_bytes = max_recording_bytes
        self._max_study_bytes = max_study_bytes
        self._max_queued = max_queued
        self._relays: dict[str, Relay] = {}
        self._newest: dict[str, Relay] = {}  # by page

    async def begin(self, request: AwaitedRequest, page: str | None = None) -> LiveRun:
        """An interactive run that the worker has taken on. Raises Refused; then there is no run.

        page: no part of the request. A run of the same page that is still under way ends at once.
        """
        relay = self._new(Claim(ids.new_run_id(), self._presence.id), "interactive", request)
        if page is not None:
            if older := self._newest.get(page):
                older.cancel(_superseded())
            self._newest[page] = relay
        relay.start(page).add_done_callback(lambda _: self._forget(relay, page))
        try:
            await asyncio.shield(relay.accepted)
        except asyncio.CancelledError:
            relay.cancel(None)
            raise
        return relay.run

    async def enqueue(self, request: RunRequest) -> Run:
        """A background run, which waits for an app that makes it. Raises Refused (503) where too many wait."""
        return await patient(lambda: self._queue.add(request, self._max_queued))

    async def make(self, waiting: Run) -> bool:
        """Claims a background run and sees it to its end here. False where another app was faster to claim it.
        Raises Refused (503) where the worker is away or busy, and nothing has come of it."""
        claim = Claim(waiting.id, self._presence.id, waiting.attempt + 1)
        if claim.run_id in self._relays:
            return False
        try:
            request = RUN.validate_json(waiting.request)
        except ValidationError as error:  # an app queued it that spoke another protocol
            await self._queue.refuse(waiting.id, from_validation(error).refusal)
            return True
        relay = self._new(claim, "background", request)  # before its row says that it is ours: see `watch`
        try:
            if not await self._queue.claim(claim):
                return False
            if self.stopping.is_set():
                await self._queue.put_back(claim)
                return False
            if waiting.is_study:
                relay.begin_behind(*await self._store.recorded(claim.run_id))
            await asyncio.wait({relay.start()})
        finally:
            self._forget(relay)
        if relay.refused and relay.refused.status == 503:
            raise relay.refused
        return True

    def live(self, run_id: str) -> LiveRun | None:
        """A run that this app's worker has taken on and that is under way."""
        relay = self._relays.get(run_id)
        return relay.run if relay and relay.accepted.done() and relay.recorder.has_row else None

    def leave(self, run: LiveRun) -> None:
        """Nobody follows any more. Returns at once; a run that has ended stays as it is."""
        if relay := self._relays.get(run.id):
            relay.cancel(None)

    async def cancel(self, run_id: str) -> Run | None:
        """How the run stands then: one that another app makes may take a second more. None for one that had ended: it
        is forgotten. Raises Refused (404)."""
        run = await self._store.cancel(run_id)
        return run and await self._tell(run, lambda relay: relay.cancel(_cancelled()))

    async def pause(self, run_id: str) -> Run:
        """As `cancel`: a study rests then, with the frames that it has. Raises Refused (404, 409)."""
        return await self._tell(await self._queue.pause(run_id), Relay.pause)

    async def resume(self, run_id: str) -> Run:
        """A study that rests waits for its turn again. Raises Refused (404, 409, 503)."""
        return await self._queue.resume(run_id, self._max_queued)

    async def _tell(self, run: Run, what: Callable[[Relay], None]) -> Run:
        """Where the run is under way here, at once; another app sees it in its row."""
        relay = self._relays.get(run.id)
        if run.state != "running" or relay is None or relay.task is None:
            return run
        what(relay)
        await asyncio.wait({relay.task}, timeout=_END_S)
        return await self._store.run(run.id)

    async def watch(self) -> None:
        """Never returns. Ends runs that somebody wants cancelled, lets rest those that are to, lets go of those that
        others took over, and gives up those that are ours by their row and that nobody here relays: what they ended
        with could not be written."""
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            try:
                await self._look()
            except DatabaseBusy:
                log.warning("the runs under way could not be looked at: the database is held")
            except Exception:
                log.exception("the runs under way could not be looked at")

    async def stops_within(self, seconds: float) -> bool:
        """Waits that long, or until this app stops: then True."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.stopping.wait(), seconds)
        return self.stopping.is_set()

    async def close(self) -> None:
        """Ends what runs, waits until that is written down, and begins no more."""
        self.stopping.set()
        relays = [relay for relay in self._relays.values() if relay.task]
        for relay in relays:
            relay.interrupt(_stopped())
        await asyncio.gather(*(relay.task for relay in relays if relay.task), return_exceptions=True)

    async def _look(self) -> None:
        relays = [relay for relay in self._relays.values() if relay.recorder.has_row]
        ours = {run.run_id: run for run in await self._store.under_way(self._presence.id)}
        for relay in relays:
            run = ours.get(relay.run.id)
            if run is None or run.attempt != relay.claim.attempt:
                relay.let_go()
            elif run.cancel:
                relay.cancel(_cancelled())
            elif run.pause:
                relay.pause()
        if strays := ours.keys() - self._relays.keys():
            await self._presence.disown(strays)

    def _new(self, claim: Claim, lane: Lane, request: RunRequest) -> Relay:
        if self.stopping.is_set():
            raise _stopped()
        max_bytes = self._max_recording_bytes if isinstance(request, AwaitedRequest) else self._max_study_bytes
        relay = Relay(claim, request, lane, self._store, self._queue, self._worker, max_bytes)

        def tell(accepted: asyncio.Future[None]) -> None:
            if _came_true(accepted):
                self._told.began(claim.run_id, request, lane)

        relay.accepted.add_done_callback(tell)
        self._relays[claim.run_id] = relay
        return relay

    def _forget(self, relay: Relay, page: str | None = None) -> None:
        del self._relays[relay.run.id]
        if page is not None and self._newest.get(page) is relay:
            del self._newest[page]
        if _came_true(relay.accepted):
            self._told.ended(relay.run.id, relay.ended_as)


def _came_true(accepted: asyncio.Future[None]) -> bool:
    return accepted.done() and not accepted.cancelled() and accepted.exception() is None


def _stopped() -> Refused:
    return Refused(
        503,
        "app_stopped",
        "The app was stopped before the answer was complete.",
        "What came before this line still holds.",
        "Run it again when the app is back.",
    )


def _superseded() -> Refused:
    return Refused(
        409,
        "superseded",
        "This page asked again before the answer was complete.",
        "A page has one run at a time, the newest; what came before this line still holds.",
        "Read the newer run, or ask from another tab.",
    )


def _cancelled() -> Refused:
    return Refused.of(409, CANCELLED)
