"""What is told of runs: a line when one begins and when it ends, and the counts. Knows nothing about how they go."""

import logging

from app.telemetry.metrics import Metrics
from protocol.app.runs import RunState
from protocol.worker.circuits import CircuitRequest
from protocol.worker.requests import Lane
from protocol.worker.studies import AwaitedRequest, RunRequest

log = logging.getLogger(__name__)


class RunLog:
    """with_prompts: the operator wants to read what people ask."""

    def __init__(self, metrics: Metrics, *, with_prompts: bool) -> None:
        self._metrics = metrics
        self._with_prompts = with_prompts

    def began(self, run_id: str, request: RunRequest, lane: Lane) -> None:
        self._metrics.run_began()
        told = {"run": run_id, "kind": request.kind, "model": request.model, "lane": lane}
        if self._with_prompts and isinstance(request, AwaitedRequest):
            told["prompt"] = request.prompt
            if isinstance(request, CircuitRequest) and request.beside:
                told["beside"] = request.beside.prompt
        log.info("run began", extra=told)

    def ended(self, run_id: str, state: RunState | None) -> None:
        """Once for each that began. None: it did not end here; it is queued again, or another app took it over."""
        self._metrics.run_ended(state)
        log.info(
            "run ended" if state else "run given away", extra={"run": run_id} | ({"state": state} if state else {})
        )
