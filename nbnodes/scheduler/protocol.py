"""What the scheduler is told (Events) and what it says (Instructions), as plain values.

The driver performs instructions and tells of their outcome as events; nothing else passes between
the two. `Recall` and `Locate` are questions, answered by `Recalled` and by `Located` or `Refused`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

State: TypeAlias = Literal["fresh", "stale", "queued", "running", "failed", "blocked", "cancelled"]
WHOLE = ""
"""Names the whole value among the parts of an Answer."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a node gave: the key of its Result, and the digests of what feeds others."""

    key: str
    digests: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a node stands, and why, in words for people."""

    state: State
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """What the scheduler knows of a node's options.

    Attributes:
        is_manual: Whether it runs only when told to.
        is_volatile: Whether it may give another value each time, so that nothing is remembered.
        is_tolerant: Whether its value may stand for another close to it; what follows from it then
            depends on what was shown before.
        retries: How often a run that failed is tried again.
        priority: Those with the highest go first.
    """

    is_manual: bool = False
    is_volatile: bool = False
    is_tolerant: bool = False
    retries: int = 0
    priority: int = 0


# ---------------------------------------------------------------- events


@dataclass(frozen=True, slots=True)
class Changed:
    """Inputs changed, all at once: the new tokens of nodes, and what changed, in words."""

    tokens: Mapping[str, str]
    reasons: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Somebody looks at these nodes."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unwanted:
    """Somebody does not look at these nodes any more."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Recalled:
    """What is remembered under a node's deep key, if anything."""

    name: str
    deep: str
    answer: Answer | None


@dataclass(frozen=True, slots=True)
class Located:
    """The content key of a node, and what is remembered under it, if anything."""

    name: str
    deep: str
    key: str
    answer: Answer | None


@dataclass(frozen=True, slots=True)
class Refused:
    """A node cannot run with the values that it gets."""

    name: str
    deep: str
    reason: str


@dataclass(frozen=True, slots=True)
class Ran:
    """A run has ended well."""

    key: str
    answer: Answer
    reason: str = "computed"


@dataclass(frozen=True, slots=True)
class RanBadly:
    """A run has failed."""

    key: str
    reason: str


@dataclass(frozen=True, slots=True)
class Stopped:
    """A run has ended because it was interrupted."""

    key: str


@dataclass(frozen=True, slots=True)
class Lost:
    """Values that were remembered are kept no more; the run that needed them, if any, has ended."""

    names: tuple[str, ...]
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Cancelled:
    """A person stops nodes; None: all that is not settled."""

    names: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Retried:
    """A person has nodes brought up to date: manual ones, and those that failed or were stopped."""

    names: tuple[str, ...]


Event: TypeAlias = (
    Changed
    | Wanted
    | Unwanted
    | Recalled
    | Located
    | Refused
    | Ran
    | RanBadly
    | Stopped
    | Lost
    | Cancelled
    | Retried
)

# ---------------------------------------------------------------- instructions


@dataclass(frozen=True, slots=True)
class Recall:
    """Look up a node's deep key: code, parameters and ancestors together."""

    name: str
    deep: str


@dataclass(frozen=True, slots=True)
class Locate:
    """Find a node's content key for these answers of its parents, and look it up."""

    name: str
    deep: str
    parents: Mapping[str, Answer]


@dataclass(frozen=True, slots=True)
class Run:
    """Run a node; exactly one of Ran, RanBadly, Stopped and Lost follows."""

    name: str
    key: str


@dataclass(frozen=True, slots=True)
class Interrupt:
    """Interrupt a run that nobody wants."""

    key: str


@dataclass(frozen=True, slots=True)
class Publish:
    """All that is looked at is settled at this revision: show it."""

    revision: int


Instruction: TypeAlias = Recall | Locate | Run | Interrupt | Publish
