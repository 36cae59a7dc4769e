"""A run that outlives its caller, as values: a Job, how far it is, and what happened to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal, TypeAlias

JobState: TypeAlias = Literal["queued", "running", "done", "failed", "cancelled", "lost"]
EventKind: TypeAlias = Literal["state", "progress", "node", "end"]

ENDED: frozenset[JobState] = frozenset({"done", "failed", "cancelled", "lost"})
"""The states that no Job leaves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobProgress:
    """How far a Job is.

    Attributes:
        done: Cells that have ended.
        total: Cells that will run; 0 while unknown.
        part: How much of the present cell is done, from 0 to 1, if it says so.
        cell: What the present cell says it is at; "" for nothing.
        nodes: The states of a graph's nodes, by name.
    """

    done: int = 0
    total: int = 0
    part: float = 0.0
    cell: str = ""
    nodes: Mapping[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return _shallow(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What was asked for, and what has become of it.

    Attributes:
        id: Names it; 32 hexadecimal digits.
        endpoint: What it runs.
        values: The parameters as the caller gave them, as JSON has them.
        state: Where it is. "lost": its server ended, or gave it up, before it had ended.
        submitted_at: Epoch seconds, as are all moments here.
        started_at: When its run began; None for one that has not, or that the cache answered.
        ended_at: When it ended.
        key: The cache key of its Result; None if there is none.
        cached: Whether the cache gave its Result; None without one.
        progress: How far it is.
        error: Why it has not ended well: `kind` ("notebook", "machine", "cancelled" or "lost") and
            `reason`; of a notebook or a machine also `ename` and `evalue`; of a notebook also
            `cell_index`, `tags` and `traceback`.
        has_value: Whether it ended well, and with a value other than None.
    """

    id: str
    endpoint: str
    values: Mapping[str, Any]
    state: JobState = "queued"
    submitted_at: float
    started_at: float | None = None
    ended_at: float | None = None
    key: str | None = None
    cached: bool | None = None
    progress: JobProgress = field(default_factory=JobProgress)
    error: Mapping[str, Any] | None = None
    has_value: bool = False

    @property
    def is_ended(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in ENDED

    def as_json(self, *, is_debug: bool = False) -> dict[str, Any]:
        """Return it as JSON has it; without its traceback, unless `is_debug`."""
        error = told_error(self.error, is_debug=is_debug)
        return _shallow(self) | {"progress": self.progress.as_json(), "error": error}


@dataclass(frozen=True, slots=True, kw_only=True)
class JobEvent:
    """Something that happened to a Job.

    Attributes:
        number: 1 for a Job's first, and so on without a gap.
        kind: "state" is of the states "queued" and "running"; "end", the last, of all others.
        data: By kind. "state": `state`, `at`. "progress": the fields of `JobProgress` but `nodes`.
            "node": `name`, `state`. "end": `state`, `at`, `key`, `cached`, `has_value`, and `error`
            as a Job has it, without its traceback.
    """

    number: int
    kind: EventKind
    data: Mapping[str, Any]


def begun(job: Job, at: float) -> Job:
    """Return a queued Job as running; any other as it is."""
    return replace(job, state="running", started_at=at) if job.state == "queued" else job


def ended(job: Job, outcome: Mapping[str, Any], at: float) -> Job:
    """Return a Job as ended with this `outcome`, which are fields of it; one that is, as it is."""
    return job if job.is_ended else replace(job, ended_at=at, **outcome)


def state_event(job: Job, at: float) -> tuple[EventKind, dict[str, Any]]:
    """Return what tells of the state that a Job is in since `at`."""
    told: dict[str, Any] = {"state": job.state, "at": at}
    if not job.is_ended:
        return "state", told
    told |= {"key": job.key, "cached": job.cached, "has_value": job.has_value}
    return "end", told | {"error": told_error(job.error)}


def told_error(error: Mapping[str, Any] | None, *, is_debug: bool = False) -> dict[str, Any] | None:
    """Return a Job's error for anybody: with its traceback only if `is_debug`."""
    if error is None:
        return None
    return {name: told for name, told in error.items() if is_debug or name != "traceback"}


def _shallow(one: Job | JobProgress) -> dict[str, Any]:
    """Return its attributes by name; unlike `asdict`, which copies values however deep they are."""
    return {each.name: getattr(one, each.name) for each in fields(one)}
