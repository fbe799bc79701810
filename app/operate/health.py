"""Whether a run would be answered now, and if not, why. Asks; remembers nothing."""

import logging
from typing import Literal

from app.runs.store import RunStore
from app.version import VERSION
from app.worker.client import NO_WORKER, WorkerClient
from protocol.base import Message
from protocol.refusal import Refused

log = logging.getLogger(__name__)

_HELD = "The database is held by another program; what has to be written waits for it, and answers go on."


class Health(Message):
    """The answer of `GET /healthz`. `ready`: a run would be answered; `detail` says it in a sentence. `answers`: a
    worker does, also one that is down since it can't be used. `database`: busy while something waits for another
    program that holds it."""

    ready: bool
    worker: Literal["ready", "starting", "down"]
    answers: bool = False
    database: Literal["ready", "busy", "down"] = "ready"
    detail: str
    model: str | None
    version: str = VERSION


class Readiness(Message):
    """What anybody may know."""

    ready: bool


async def health_of(worker: WorkerClient, store: RunStore) -> Health:
    health = await _worker_health(worker)
    if store.waits:  # whoever looked now would wait with it
        return health.model_copy(update={"database": "busy", "detail": _HELD})
    if await _database_answers(store):
        return health
    return health.model_copy(update={"ready": False, "database": "down", "detail": "The database does not answer."})


async def _worker_health(worker: WorkerClient) -> Health:
    if worker.where.url is None:
        state: Literal["starting", "down"] = "down" if worker.where.down else "starting"
        return Health(ready=False, worker=state, detail=worker.where.detail, model=None)
    try:
        said = await worker.health()
    except Refused as refused:
        answers = refused.refusal.code != NO_WORKER
        return Health(ready=False, worker="down", answers=answers, detail=refused.refusal.asked, model=None)
    told = Health(ready=said.ready, worker="ready", answers=True, detail="The worker is ready.", model=said.model)
    if not said.authorized:
        detail = "The worker does not know this app's token."
        return told.model_copy(update={"ready": False, "worker": "down", "detail": detail, "model": None})
    if said.ready:
        return told
    if said.failed is not None:
        why = said.refusal
        detail = "The worker could not load its model; its log says why."
        if why is not None:
            detail = f"The worker could not load its model. {why.asked} {why.allowed} {why.change}"
        return told.model_copy(update={"worker": "down", "detail": detail})
    doing = f": {said.doing}" if said.doing else ""
    return told.model_copy(update={"worker": "starting", "detail": f"The worker is loading its model{doing}."})


async def _database_answers(store: RunStore) -> bool:
    try:
        return await store.answers()
    except Exception:
        log.exception("the database does not answer")
        return False
