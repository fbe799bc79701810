"""All runs in progress. Knows nothing about HTTP: who follows a run, and who leaves it, is told by `api`."""

import asyncio

from app import ids
from app.relay import LiveRun, Relay
from app.store import Store
from app.worker_client import WorkerClient
from protocol.refusal import Refusal, Refused
from protocol.requests import GenerateRequest

_STOPPED = Refusal(
    code="app_stopped",
    asked="The app was stopped before the answer was complete.",
    allowed="What came before this line still holds.",
    change="Run it again when the app is back.",
)


class Runs:
    """Begins runs, and sees to it that each ends in a state that is true."""

    def __init__(self, store: Store, worker: WorkerClient, *, max_recording_bytes: int) -> None:
        self._store = store
        self._worker = worker
        self._max_bytes = max_recording_bytes
        self._relays: dict[str, Relay] = {}
        self._closed = False

    async def begin(self, request: GenerateRequest) -> LiveRun:
        """A run that the worker has taken on. Raises Refused; then there is no run."""
        if self._closed:
            raise _stopped()
        relay = Relay(LiveRun(ids.new_run_id()), self._store, self._worker, self._max_bytes)
        self._relays[relay.run.id] = relay
        relay.start(request).add_done_callback(lambda _: self._relays.pop(relay.run.id))
        try:
            await asyncio.shield(relay.accepted)
        except asyncio.CancelledError:
            if relay.accepted.cancelled():
                raise _stopped() from None
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
            relay.cancel("cut", _STOPPED)
        await asyncio.gather(*(relay.task for relay in relays if relay.task), return_exceptions=True)


def _stopped() -> Refused:
    return Refused(503, _STOPPED.code, _STOPPED.asked, _STOPPED.allowed, _STOPPED.change)
