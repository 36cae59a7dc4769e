"""A Job becomes what clients are told of it."""

from __future__ import annotations

from typing import Any

from nbnodes.jobs.job import Job


def job_json(job: Job, base_path: str, *, debug: bool = False) -> dict[str, Any]:
    """Write a Job, and where to ask on.

    Args:
        job: It.
        base_path: The path under which all routes stand.
        debug: Whether its traceback is told.
    """
    path = f"{base_path}api/jobs/{job.id}"
    told = job.as_json(is_debug=debug)
    told["model"] = told.pop("endpoint")
    told["parameters"] = told.pop("values")
    links = {"self": path, "events": f"{path}/events", "result": f"{path}/result"}
    return {**told, "links": links}
