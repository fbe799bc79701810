"""What is counted, for Prometheus. Each app has a registry of its own and counts for its own process.

Knows how the numbers are named, and nothing about where they are read. No label holds what a client made up.
"""

from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from app.worker.client import WorkerHealth
from protocol.app.runs import ENDED, RunState

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
_ELSEWHERE = "given_away"  # queued again, or another app took it over
_FINDINGS = {
    ("POST", "/api/findings", 201): "saved",
    ("DELETE", "/api/findings/{slug}", 204): "deleted",
    ("POST", "/api/findings/{slug}/verify", 200): "verified",
}


class Metrics:
    """Told by whoever sees something happen. n_restarts: how often the app started its worker again so far."""

    def __init__(self, n_restarts: Callable[[], int]) -> None:
        self._registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self._worker = _WorkerSaid(n_restarts)
        registry.register(self._worker)
        request = ("method", "route")
        self._requests = Counter(
            "hallucinoscope_requests", "Requests that were answered", (*request, "status"), registry=registry
        )
        self._seconds = Histogram(
            "hallucinoscope_request_seconds",
            "From the request to the last byte of its answer; a run's stream lasts as long as the run",
            request,
            buckets=_SECONDS,
            registry=registry,
        )
        self._bytes = Counter("hallucinoscope_answer_bytes", "Bytes of answers", request, registry=registry)
        self._streams = Gauge("hallucinoscope_streams", "Streams of frames that are being read now", registry=registry)
        self._going = Gauge("hallucinoscope_runs_going", "Runs under way in this app", registry=registry)
        self._runs = Counter("hallucinoscope_runs", "Runs that ended, by how", ("state",), registry=registry)
        self._findings = Counter("hallucinoscope_findings", "What was done to findings", ("what",), registry=registry)
        self._database = Counter(
            "hallucinoscope_database_errors", "Statements that the database did not carry out", registry=registry
        )
        for state in (*ENDED, _ELSEWHERE):
            self._runs.labels(state)
        for what in _FINDINGS.values():
            self._findings.labels(what)

    def answered(self, method: str, route: str, status: int, seconds: float, n_bytes: int) -> None:
        self._requests.labels(method, route, status).inc()
        self._seconds.labels(method, route).observe(seconds)
        self._bytes.labels(method, route).inc(n_bytes)
        if what := _FINDINGS.get((method, route, status)):
            self._findings.labels(what).inc()

    def stream_began(self) -> None:
        self._streams.inc()

    def stream_ended(self) -> None:
        self._streams.dec()

    def run_began(self) -> None:
        self._going.inc()

    def run_ended(self, state: RunState | None) -> None:
        """None: here only."""
        self._going.dec()
        self._runs.labels(state or _ELSEWHERE).inc()

    def database_failed(self) -> None:
        self._database.inc()

    def text(self, worker: WorkerHealth | None) -> bytes:
        """All of it, in Prometheus' text format. `worker`: what it says now, None if it says nothing."""
        self._worker.said = worker
        return generate_latest(self._registry)


class _WorkerSaid(Collector):
    """A worker's own numbers as it says them: its counters begin again when it does."""

    def __init__(self, n_restarts: Callable[[], int]) -> None:
        self.said: WorkerHealth | None = None
        self._n_restarts = n_restarts

    def collect(self) -> Iterator[Metric]:
        ready = self.said is not None and self.said.ready and self.said.authorized
        yield GaugeMetricFamily("hallucinoscope_worker_up", "1: the worker would answer a run", value=ready)
        yield CounterMetricFamily(
            "hallucinoscope_worker_restarts", "How often this app started its worker again", value=self._n_restarts()
        )
        if self.said is None:
            return
        yield GaugeMetricFamily("hallucinoscope_worker_runs", "Runs on the worker", value=self.said.running)
        for name, (kind, meaning) in _ENGINE.items():
            if name in self.said.engine:
                yield kind(f"hallucinoscope_worker_{name}", meaning, value=self.said.engine[name])


_ENGINE: dict[str, tuple[type[GaugeMetricFamily | CounterMetricFamily], str]] = {
    "rows": (GaugeMetricFamily, "Answers that are being decoded together"),
    "queued": (GaugeMetricFamily, "Runs that wait for memory"),
    "tokens": (CounterMetricFamily, "Tokens that were chosen"),
    "kv_bytes": (GaugeMetricFamily, "Memory for keys and values of answers"),
    "prompts": (GaugeMetricFamily, "Prompts that are kept read"),
    "prompt_bytes": (GaugeMetricFamily, "Memory for prompts that are kept read"),
    "sample_bytes": (GaugeMetricFamily, "Memory for the sample of text that latents are read on"),
    "prompt_hits": (CounterMetricFamily, "Runs whose prompt had been read before"),
    "prompt_misses": (CounterMetricFamily, "Runs whose prompt had to be read"),
}
"""What of a worker's /health is passed on. Another worker may say more, or less."""
