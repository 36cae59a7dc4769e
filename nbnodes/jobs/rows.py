"""A Job and its events become rows of the journal, and rows that are sound become them again."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, get_args

from nbnodes.jobs.job import EventKind, Job, JobEvent, JobProgress, JobState

Row = tuple[Any, ...]
_STATES, _KINDS = get_args(JobState), get_args(EventKind)


def row_of(job: Job) -> Row:
    """Return a Job in the order of `schema.COLUMNS`."""
    values, progress = as_text(job.values), as_text(job.progress.as_json())
    error = None if job.error is None else as_text(job.error)
    moments = (job.submitted_at, job.started_at, job.ended_at)
    cached = None if job.cached is None else int(job.cached)
    told = (cached, progress, error, int(job.has_value))
    return (job.id, job.endpoint, values, job.state, *moments, job.key, *told)


def job_of(row: Sequence[Any]) -> Job | None:
    """Return the Job in a row, or None if damage has made it unreadable."""
    id_, endpoint, values, state, submitted_at, started_at, ended_at, key, *told = row
    cached, progress, error, has_value = told[:4]
    try:
        if state not in _STATES:
            return None
        return Job(
            id=id_,
            endpoint=endpoint,
            values=json.loads(values),
            state=state,
            submitted_at=float(submitted_at),
            started_at=started_at,
            ended_at=ended_at,
            key=key,
            cached=None if cached is None else bool(cached),
            progress=JobProgress(**json.loads(progress)),
            error=None if error is None else json.loads(error),
            has_value=bool(has_value),
        )
    except (ValueError, TypeError):  # a flipped bit
        return None


def event_of(row: Sequence[Any]) -> JobEvent | None:
    """Return the event in a row, or None if damage has made it unreadable."""
    number, kind, data = row
    try:
        return JobEvent(number=number, kind=kind, data=json.loads(data)) if kind in _KINDS else None
    except (ValueError, TypeError):
        return None


def as_text(value: Mapping[str, Any]) -> str:
    """Return JSON of plain values; ASCII, so that any text has a row.

    Raises:
        TypeError: If JSON has no such value.
    """
    return json.dumps(value, separators=(",", ":"))


def are_same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two callers gave the same values: 1 is neither 1.0 nor true, order is nothing."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
