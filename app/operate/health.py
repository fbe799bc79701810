"""Whether a run would be answered now, and if not, why. Asks; remembers nothing."""

import logging
from typing import Literal

from app.runs.store import RunStore
from app.version import VERSION
from app.worker.client import WorkerClient
from protocol.base import Message
from protocol.refusal import Refused

log = logging.getLogger(__name__)


class Health(Message):
    """The answer of `GET /healthz`. `ready`: a run would be answered; `detail` says it in a sentence."""

    ready: bool
    worker: Literal["ready", "starting", "down"]
    detail: str
    model: str | None
    version: str = VERSION


class Readiness(Message):
    """What anybody may know."""

    ready: bool


async def health_of(worker: WorkerClient, store: RunStore) -> Health:
    state, detail, model = await _worker_state(worker)
    if not await _database_answers(store):
        return Health(ready=False, worker=state, detail="The database does not answer.", model=model)
    return Health(ready=state == "ready", worker=state, detail=detail, model=model)


async def _worker_state(worker: WorkerClient) -> tuple[Literal["ready", "starting", "down"], str, str | None]:
    if worker.where.url is None:
        return ("down" if worker.where.down else "starting"), worker.where.detail, None
    try:
        said = await worker.health()
    except Refused as refused:
        return "down", refused.refusal.asked, None
    if not said.authorized:
        return "down", "The worker does not know this app's token.", None
    if said.ready:
        return "ready", "The worker is ready.", said.model
    if said.failed is not None:
        return "down", "The worker could not load its model; its log says why.", said.model
    return "starting", "The worker is loading its model.", said.model


async def _database_answers(store: RunStore) -> bool:
    try:
        return await store.answers()
    except Exception:
        log.exception("the database does not answer")
        return False
