"""`/healthz`, `/readyz`, `/metrics`: how the server is, for those who run it."""

from __future__ import annotations

from nbnodes.rest.problem import Problem, ProblemError
from nbnodes.rest.route import Route


class Health(Route):
    """`GET /healthz`: whether the server lives. Open to everybody."""

    template = "/healthz"
    is_open = True

    def get(self) -> None:
        """Say so."""
        self.write_json({"status": "ok"})


class Readiness(Route):
    """`GET /readyz`: whether it takes more runs. Open to everybody."""

    template = "/readyz"
    is_open = True

    def get(self) -> None:
        """Say so, or answer with 503."""
        admission, most = self.desk.admission, self.desk.limits.waiting
        if admission.is_closed or admission.count >= most:
            text = "the server is closing" if admission.is_closed else f"{most} runs wait"
            problem = Problem(status=503, title="Not ready", detail=text, retry_after_s=1)
            raise ProblemError(problem)
        self.write_json({"status": "ready", "waiting": admission.count})


class Metrics(Route):
    """`GET /metrics`: what is counted, as Prometheus reads it."""

    template = "/metrics"

    def get(self) -> None:
        """Write it."""
        self.set_header("Content-Type", self.desk.metrics.media_type)
        self.set_header("Cache-Control", "no-store")
        _ = self.finish(self.desk.metrics.text())
