from __future__ import annotations

import threading

import prometheus_client
import pytest
from prometheus_client.parser import text_string_to_metric_families

from nbnodes.rest.metrics import OTHERS, Metrics


@pytest.fixture
def metrics() -> Metrics:
    return Metrics(
        queue=lambda: 3, running=lambda: 2, workers=lambda: 4, visits=lambda: 5, jobs=lambda: 6
    )


def _samples(metrics: Metrics) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    families = text_string_to_metric_families(metrics.text().decode())
    return {
        (one.name, frozenset(one.labels.items())): one.value
        for family in families
        for one in family.samples
    }


def _value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return _samples(metrics).get((name, frozenset(labels.items())))


def test_requests_are_counted_by_route_method_and_status(metrics: Metrics) -> None:
    for status in (200, 200, 404):
        metrics.request("/api/models/{name}", "GET", status, 0.002)
    counted = {"route": "/api/models/{name}", "method": "GET"}
    assert _value(metrics, "nbnodes_requests_total", **counted, status="200") == 2
    assert _value(metrics, "nbnodes_requests_total", **counted, status="404") == 1
    route = {"route": "/api/models/{name}"}
    assert _value(metrics, "nbnodes_request_seconds_count", **route) == 3
    assert _value(metrics, "nbnodes_request_seconds_sum", **route) == pytest.approx(0.006)


def test_runs_and_what_the_cache_was_asked_are_counted_by_model(metrics: Metrics) -> None:
    metrics.run("fib", "success", 0.5)
    metrics.run("fib", "failure", 0.25)
    metrics.run("fib", "cancelled", None)
    metrics.cache("fib", "hit")
    assert _value(metrics, "nbnodes_runs_total", model="fib", outcome="success") == 1
    assert _value(metrics, "nbnodes_runs_total", model="fib", outcome="cancelled") == 1
    assert _value(metrics, "nbnodes_run_seconds_count", model="fib") == 2
    assert _value(metrics, "nbnodes_cache_total", model="fib", outcome="hit") == 1


def test_gauges_tell_what_is_now(metrics: Metrics) -> None:
    names = ("queue", "running", "workers", "visits", "jobs")
    assert [_value(metrics, f"nbnodes_{name}") for name in names] == [3, 2, 4, 5, 6]


def test_the_median_is_of_the_latest_runs(metrics: Metrics) -> None:
    assert metrics.median_s("fib") is None
    for _ in range(1000):
        metrics.run("fib", "success", 100.0)
    for duration_s in (1.0, 2.0, 3.0) * 30:
        metrics.run("fib", "success", duration_s)
    assert metrics.median_s("fib") == 2.0


def test_names_without_number_make_no_labels_without_number(metrics: Metrics) -> None:
    for i in range(2000):
        metrics.run(f"model {i}", "success", 0.1)
        metrics.cache(f"model {i}", "miss")
        metrics.request("/", f"ODD{i}", 405, 0.1)
        metrics.request("/", "GET", 1000 + i, 0.1)
    text = metrics.text()
    assert text.count(b"nbnodes_runs_total{") <= 501
    assert text.count(b"nbnodes_requests_total{") == 2
    assert _value(metrics, "nbnodes_runs_total", model=OTHERS, outcome="success") == 1500
    assert _value(metrics, "nbnodes_requests_total", route="/", method=OTHERS, status="405") == 2000
    assert metrics.median_s("model 1999") is None


def test_no_count_is_lost_between_threads(metrics: Metrics) -> None:
    def count() -> None:
        for i in range(500):
            metrics.request("/", "GET", 200, 0.0)
            metrics.run(f"model {i % 7}", "success", 0.1)

    threads = [threading.Thread(target=count) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    samples = _samples(metrics)
    assert sum(v for (name, _), v in samples.items() if name == "nbnodes_runs_total") == 4000
    assert _value(metrics, "nbnodes_requests_total", route="/", method="GET", status="200") == 4000


def test_two_servers_in_one_process_count_apart(metrics: Metrics) -> None:
    other = Metrics(**dict.fromkeys(("queue", "running", "workers", "visits", "jobs"), lambda: 0))
    other.request("/", "GET", 200, 0.0)
    assert b"nbnodes_requests_total{" not in metrics.text()
    assert b"nbnodes" not in prometheus_client.generate_latest()


def test_the_text_is_prometheuss_own_format(metrics: Metrics) -> None:
    assert metrics.media_type.startswith("text/plain; version=")
    assert b"# TYPE nbnodes_request_seconds histogram" in metrics.text()
