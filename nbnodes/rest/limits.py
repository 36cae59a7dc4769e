"""What a server allows: sizes, waits and numbers, in one place. A frozen value."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one server allows.

    Attributes:
        sync_timeout_s: For how long a caller waits for a run; then it goes on as a job.
        idle_s: For how long a connection may send nothing of a request, or its headers slowly.
        body_s: For how long a body may come.
        body_size_bytes: What the body of a request may have.
        waiting: How many runs may be under way or wait for a worker; more are refused (503).
        client_runs: How many of them one client may have, by address; more are refused (429).
        batch: How many sets of parameters one batch may have.
        visits: How many pages may be open at once.
        client_visits: How many of them one client may have open, by address.
        answers_size_bytes: What is kept of answers that were written before.
        elements: How many elements a value may have that is written as JSON.
    """

    sync_timeout_s: float = 30.0
    idle_s: float = 75.0
    body_s: float = 60.0
    body_size_bytes: int = 10_000_000
    waiting: int = 256
    client_runs: int = 128
    batch: int = 10_000
    visits: int = 1_000
    client_visits: int = 100
    answers_size_bytes: int = 64_000_000
    elements: int = 5_000_000
