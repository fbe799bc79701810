"""All runs in progress. Knows nothing about HTTP: who follows a run, and who leaves it, is told by `api`."""

import asyncio

from app import ids
from app.relay import LiveRun, Relay
from app.run_store import RunStore
from app.worker_client import WorkerClient
from protocol.refusal import Refused
from protocol.requests import GenerateRequest


class Runs:
    """Begins runs, and sees to it that each ends in a state that is true."""

    def __init__(self, store: RunStore, worker: WorkerClient, *, max_recording_bytes: int) -> None:
        self._store = store
        self._worker = worker
        self._max_bytes = max_recording_bytes
        self._relays: dict[str, Relay] = {}
        self._newest: dict[str, Relay] = {}  # by page
        self._closed = False

    async def begin(self, request: GenerateRequest, page: str | None = None) -> LiveRun:
        """A run that the worker has taken on. Raises Refused; then there is no run.

        page: no part of the request. A run of the same page that is still under way ends at once.
        """
        if self._closed:
            raise _stopped()
        relay = Relay(LiveRun(ids.new_run_id()), self._store, self._worker, self._max_bytes)
        self._relays[relay.run.id] = relay
        if page is not None:
            if older := self._newest.get(page):
                older.cancel("cancelled", _superseded())
            self._newest[page] = relay
        relay.start(request, page).add_done_callback(lambda _: self._forget(relay, page))
        try:
            await asyncio.shield(relay.accepted)
        except asyncio.CancelledError:
            relay.cancel("cancelled", None)
            raise
        return relay.run

    def leave(self, run: LiveRun) -> None:
        """Nobody follows any more. Returns at once; a run that has ended stays as it is."""
        if relay := self._relays.get(run.id):
            relay.cancel("cancelled", None)

    async def close(self) -> None:
        """Ends what runs, waits until that is written down, and begins no more."""
        self._closed = True
        relays = list(self._relays.values())
        for relay in relays:
            relay.cancel("cut", _stopped())
        await asyncio.gather(*(relay.task for relay in relays if relay.task), return_exceptions=True)

    def _forget(self, relay: Relay, page: str | None) -> None:
        del self._relays[relay.run.id]
        if page is not None and self._newest.get(page) is relay:
            del self._newest[page]


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
