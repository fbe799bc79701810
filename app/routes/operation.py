"""What whoever runs the app asks of it: how it is, and what it counted."""

from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import Response

from app.door.entrance import Entrance
from app.door.operator import OperatorAccess
from app.operate.health import Health, Readiness, health_of
from app.routes.openapi import file_of, refusals
from app.services import Parts
from app.telemetry.metrics import Metrics
from protocol.refusal import Refused


def routes(parts: Parts, entrance: Entrance, operator: OperatorAccess, metrics: Metrics) -> APIRouter:
    router = APIRouter(tags=["operation"], responses=refusals(500))

    @router.get("/healthz")
    async def healthz(request: Request) -> Health | Readiness:
        """Always 200 while the app lives. Where there is a password, who does not send it is told `ready` only."""
        told = await health_of(parts.worker, parts.runs_kept)
        return told if entrance.knows(request) else Readiness(ready=told.ready)

    @router.get("/readyz", responses=refusals(503))
    async def readyz() -> Readiness:
        """200 while a run would be answered, and what is kept can be read."""
        if not (await health_of(parts.worker, parts.runs_kept)).ready:
            raise _not_ready()
        return Readiness(ready=True)

    @router.get(
        "/metrics",
        response_class=Response,
        responses=file_of("text/plain", "Prometheus' text format") | refusals(401, 403),
    )
    async def numbers(request: Request) -> Response:
        """What this process counted, and what the worker says of itself."""
        operator.require(request)
        try:
            worker = await parts.worker.health()
        except Refused:
            worker = None
        headers = {"Content-Type": CONTENT_TYPE_LATEST, "Cache-Control": "no-store"}
        return Response(metrics.text(worker), headers=headers)

    return router


def _not_ready() -> Refused:
    return Refused(
        503,
        "not_ready",
        "A run would not be answered now.",
        "Saved findings can be read as long as the database answers.",
        "See /healthz for what is missing, and try again.",
    )
