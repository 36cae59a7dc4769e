"""Names become Endpoints and Subjects: what is served, wherever it lies."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from typing import Protocol

from nbnodes.rest.endpoint import Endpoint
from nbnodes.rest.problem import ProblemError, refused
from nbnodes.rest.subject import Subject


class Catalogue(Protocol):
    """What is served. Asked on the event loop only."""

    @property
    def title(self) -> str:
        """What it is called as a whole."""

    @property
    def problems(self) -> Sequence[str]:
        """What could not be served, and why; for people."""

    async def endpoints(self) -> Sequence[Endpoint]:
        """Return all that can be called."""

    async def endpoint(self, name: str) -> Endpoint:
        """Return what has a name.

        Raises:
            ProblemError: If nothing has it.
        """

    async def subjects(self) -> Sequence[Subject]:
        """Return all that has a page."""

    async def subject(self, name: str) -> Subject:
        """Return what has a page of a name.

        Raises:
            ProblemError: If nothing has it.
        """


def unknown(kind: str, name: str, known: Iterable[str]) -> ProblemError:
    """Return the error that nothing has a name; it says which names were perhaps meant."""
    known = list(known)
    near = difflib.get_close_matches(name[:200], known, n=3, cutoff=0.4)
    hint = f"did you mean {' or '.join(near)}?" if near else f"there are {len(known)}"
    text = f"there is no {kind} {name[:200]!r}; {hint}"
    return refused(404, "Not found", text, suggestions=near)
