"""What happens on a server is counted here, and becomes the text that Prometheus reads."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from http import HTTPStatus
from statistics import median
from typing import Generic, TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from nbnodes.result import Failure, Result

OTHERS = "(others)"
"""The label of what comes when there are too many labels already."""

_MODELS = 500  # that are counted by name; each costs some 20 lines of text
_LATEST_RUNS = 31  # whose median counts: as a notebook behaves now
_METHODS = frozenset({"GET", "HEAD", "POST", "DELETE", "OPTIONS", "PUT", "PATCH"})
_STATUSES = {int(status): str(int(status)) for status in HTTPStatus} | {499: "499"}
_REQUEST_BOUNDS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_RUN_BOUNDS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800)


class Metrics:
    """Counts of one server, in a registry of its own. Safe from several threads.

    Args:
        queue: How many runs wait.
        running: How many are under way.
        workers: How many may be under way at once.
        visits: How many pages are open.
        jobs: How many jobs have not ended.

    Attributes:
        media_type: What `text` returns.
    """

    media_type = CONTENT_TYPE_LATEST

    def __init__(
        self,
        *,
        queue: Callable[[], float],
        running: Callable[[], float],
        workers: Callable[[], float],
        visits: Callable[[], float],
        jobs: Callable[[], float],
    ) -> None:
        registry = self._registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        for name, text, read in (
            ("nbnodes_queue", "Runs that wait for a worker.", queue),
            ("nbnodes_running", "Runs under way.", running),
            ("nbnodes_workers", "Runs that may be under way at once.", workers),
            ("nbnodes_visits", "Open pages.", visits),
            ("nbnodes_jobs", "Jobs that have not ended.", jobs),
        ):
            Gauge(name, text, registry=registry).set_function(read)
        labels = ("route", "method", "status")
        self._requests = _Children[Counter](
            Counter("nbnodes_requests", "Requests answered.", labels, registry=registry)
        )
        self._request_s = _Children[Histogram](
            Histogram(
                "nbnodes_request_seconds",
                "Seconds until a request was answered.",
                ("route",),
                registry=registry,
                buckets=_REQUEST_BOUNDS_S,
            )
        )
        self._models = _Models(registry)

    def request(self, route: str, method: str, status: int, elapsed_s: float) -> None:
        """Count a request.

        Args:
            route: Its template, such as "/api/models/{name}": one of few.
            method: As the client said it.
            status: Of the answer.
            elapsed_s: How long the answer took.
        """
        known = method if method in _METHODS else OTHERS
        self._requests.of(route, known, _STATUSES.get(status, OTHERS)).inc()
        self._request_s.of(route).observe(elapsed_s)

    def run(self, model: str, outcome: str, duration_s: float | None) -> None:
        """Count a run that has ended.

        Args:
            model: The name of its endpoint; of one that there is.
            outcome: "success", "failure", "cancelled" or "error".
            duration_s: How long it took; None where that means nothing.
        """
        self._models.run(model, outcome, duration_s)

    def cache(self, model: str, outcome: str) -> None:
        """Count a question of the cache: a "hit" or a "miss"."""
        self._models.cache(model, outcome)

    def result(self, model: str, result: Result) -> None:
        """Count a Result: of a run, or of the cache."""
        self.cache(model, "hit" if result.cached else "miss")
        if not result.cached:
            outcome = "failure" if isinstance(result, Failure) else "success"
            self.run(model, outcome, result.duration_s)

    def median_s(self, model: str) -> float | None:
        """Return the median duration of the latest runs of a model; None if it has not run."""
        return self._models.median_s(model)

    def text(self) -> bytes:
        """Write all, in Prometheus's text format."""
        return generate_latest(self._registry)


class _Models:
    """What is counted by model. There are only so many names; the others count as one."""

    def __init__(self, registry: CollectorRegistry) -> None:
        labels = ("model", "outcome")
        self._runs = _Children[Counter](
            Counter("nbnodes_runs", "Runs that ended.", labels, registry=registry)
        )
        self._cache = _Children[Counter](
            Counter(
                "nbnodes_cache", "Questions that the cache was asked.", labels, registry=registry
            )
        )
        self._run_s = _Children[Histogram](
            Histogram(
                "nbnodes_run_seconds",
                "Seconds that runs took.",
                ("model",),
                registry=registry,
                buckets=_RUN_BOUNDS_S,
            )
        )
        self._lock = threading.Lock()
        self._latest: dict[str, deque[float]] = {}

    def run(self, model: str, outcome: str, duration_s: float | None) -> None:
        latest = self._counted(model)
        label = OTHERS if latest is None else model
        self._runs.of(label, outcome).inc()
        if duration_s is None:
            return
        self._run_s.of(label).observe(duration_s)
        if latest is not None:
            latest.append(duration_s)

    def cache(self, model: str, outcome: str) -> None:
        self._cache.of(OTHERS if self._counted(model) is None else model, outcome).inc()

    def median_s(self, model: str) -> float | None:
        latest = self._latest.get(model)
        return median(latest.copy()) if latest else None

    def _counted(self, model: str) -> deque[float] | None:
        """Return the latest durations of a model that is counted by its name; else None."""
        found = self._latest.get(model)
        if found is None and len(self._latest) < _MODELS:
            with self._lock:
                if len(self._latest) < _MODELS:
                    found = self._latest.setdefault(model, deque(maxlen=_LATEST_RUNS))
        return found


C = TypeVar("C", Counter, Histogram)


class _Children(Generic[C]):
    """The children of a metric, by their labels: the metric's own look-up takes a lock."""

    def __init__(self, metric: C) -> None:
        self._metric: C = metric
        self._known: dict[tuple[str, ...], C] = {}

    def of(self, *labels: str) -> C:
        found = self._known.get(labels)
        if found is None:
            found = self._known[labels] = self._metric.labels(*labels)
        return found
