"""Answers and Jobs are written: what every route shares that gives values."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import quote

from nbnodes.jobs.job import Job
from nbnodes.rest.answer import Answer
from nbnodes.rest.calling import Call, answered, preferences
from nbnodes.rest.job_json import job_json
from nbnodes.rest.route import Route


class Answering(Route):
    """A route that gives values."""

    async def answer(self, call: Call) -> None:
        """Answer a call: with its value, or with the Job that it becomes."""
        with self.desk.waiting():  # also for a large value to be written
            answer = await answered(self, call)
            if isinstance(answer, Job):
                self.write_job(answer)
            else:
                self.write_answer(answer)

    def write_answer(self, answer: Answer) -> None:
        """Answer with a value, or with 304 where the client has it."""
        self.set_header("Vary", "Accept, Origin")
        self.set_header("X-Cache", "hit" if answer.cached else "miss")
        timing = f'cache;desc="{"hit" if answer.cached else "miss"}"'
        self.set_header("Server-Timing", f"{timing}, run;dur={answer.run_s * 1000:.3f}")
        if answer.etag:
            self.set_header("ETag", answer.etag)
            self.set_header("Cache-Control", "private, no-cache")
            is_safe = self.request.method in ("GET", "HEAD")  # RFC 9110, 13.1.2
            if is_safe and _matches(self.request.headers.get("If-None-Match", ""), answer.etag):
                self.set_status(304)
                _ = self.finish()
                return
        else:
            self.set_header("Cache-Control", "no-store")
        self.set_header("Content-Type", answer.media_type)
        if answer.file_name:
            named = _disposition(answer.file_name, is_attached=answer.is_attached)
            self.set_header("Content-Disposition", named)
        if answer.media_type.startswith(("text/html", "image/svg")):  # the notebook's own HTML
            self.set_header("Content-Security-Policy", _APART)
        _ = self.finish(answer.body)

    def write_job(self, job: Job) -> None:
        """Answer with a Job: the run goes on, and this is where to ask."""
        self.set_header("Location", f"{self.base_path}api/jobs/{job.id}")
        if "respond-async" in preferences(self):
            self.set_header("Preference-Applied", "respond-async")
        self.set_header("Retry-After", "1")
        self.write_json(job_json(job, self.base_path), status=202)


_APART = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"
"""What a notebook's HTML may do that is opened by itself: be looked at."""


def _matches(header: str, etag: str) -> bool:
    """Whether an If-None-Match header names an entity tag (RFC 9110, 13.1.2)."""
    given = [one.strip().removeprefix("W/") for one in header.split(",")]
    return etag in given or given == ["*"]


@lru_cache(maxsize=256)
def _disposition(name: str, *, is_attached: bool) -> str:
    """Say what the file is called, and whether it is to be looked at (RFC 6266)."""
    how = "attachment" if is_attached else "inline"
    plain = "".join(one if one.isascii() and one.isprintable() else "_" for one in name)
    plain = plain.replace('"', "_").replace("\\", "_")
    return f"{how}; filename=\"{plain}\"; filename*=UTF-8''{quote(name)}"
