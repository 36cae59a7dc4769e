"""`setup` cells: run once in a template of the notebook's own, and shared by all its calls.

Which cells can be shared is read from the code; whether what they made can be is seen after they
have run. Where not, a warning says why, and they run in each call like any other cell.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from nbnodes.engines.children.child_run import ChildRun, Message, Shown
from nbnodes.engines.children.nursery import Nursery
from nbnodes.engines.children.order import why_not_first
from nbnodes.engines.engine import RunRequest
from nbnodes.engines.said import said_in
from nbnodes.errors import NotBegunError, NotebookWarning, warn
from nbnodes.notebook.document import SETUP, Cell
from nbnodes.notebook.surroundings import Surveyor
from nbnodes.result import Failure, Result

_KEPT = 4  # notebooks whose templates are kept
_NOTHING: Shown = (0.0, [])  # what a cell has shown that is not to run


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """A notebook's own template.

    Attributes:
        nursery: Where its children come from.
        shown: What the shared cells showed, by index.
    """

    nursery: Nursery
    shown: Mapping[int, Shown]


@dataclass(slots=True)
class _Slot:
    """What is known of one notebook's cells.

    Attributes:
        is_being_made: Whether a run is finding out; others wait for it.
        is_decided: Whether one has.
        shared: The template, if the cells can be shared.
    """

    is_being_made: bool = False
    is_decided: bool = False
    shared: Shared | None = None

    def forget(self) -> None:
        """Know nothing any more; the template ends with the last run in it."""
        if self.shared:
            self.shared.nursery.retire()
        self.shared, self.is_decided = None, False


class Setups:
    """The templates of notebooks with `setup` cells, made when first needed. Thread-safe."""

    def __init__(self, spares: int) -> None:
        self._spares = spares
        self._surveyor = Surveyor()
        self._changed = threading.Condition()
        self._slots: OrderedDict[Hashable, _Slot] = OrderedDict()

    def shared(
        self, request: RunRequest, template: Nursery, local_names: frozenset[str]
    ) -> Shared | None:
        """Return the notebook's template; None if it has no `setup` cells, or they are not shared.

        Raises:
            EngineError: If the run is out of time, or cancelled.
        """
        cells = [cell for cell in request.steps if SETUP in cell.tags]
        if not cells:
            return None
        key = self._key(request, cells, template)
        with self._changed:
            slot = self._awaited(key, request)
            if slot.is_decided:
                return slot.shared
            slot.is_being_made = True
        try:
            slot.shared = self._made(request, template, local_names)
            slot.is_decided = True
        finally:
            self._settle(key, slot)
        return slot.shared

    def close(self) -> None:
        """End them all; one that is just being made ends when it is."""
        with self._changed:
            slots, self._slots = list(self._slots.values()), OrderedDict()
            self._changed.notify_all()
        for slot in slots:
            if slot.shared:
                slot.shared.nursery.close()

    def abandon(self) -> None:
        """In a process forked from the one that has them: let go of them."""
        for slot in self._slots.values():
            if slot.shared:
                slot.shared.nursery.abandon()

    def _awaited(self, key: Hashable, request: RunRequest) -> _Slot:
        """Return a slot that no other run is making."""
        is_woken = False
        while (slot := self._slots.setdefault(key, _Slot())).is_being_made:
            if not is_woken:
                request.cancel.on_cancel(self._wake)
                is_woken = True
            error = request.interruption()
            if error:
                raise error
            self._changed.wait(request.remaining_s)
        self._slots.move_to_end(key)
        if slot.shared and slot.shared.nursery.is_dead:
            slot.forget()
        return slot

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def _settle(self, key: Hashable, slot: _Slot) -> None:
        """Let others have the slot, and forget those that have not been used for long."""
        with self._changed:
            slot.is_being_made = False
            if self._slots.get(key) is slot:
                self._slots.move_to_end(key)
            else:  # all were ended meanwhile
                slot.forget()
            decided = [key for key, known in self._slots.items() if known.is_decided]
            for oldest in decided[:-_KEPT]:
                self._slots.pop(oldest).forget()
            self._changed.notify_all()

    def _key(self, request: RunRequest, cells: list[Cell], template: Nursery) -> Hashable:
        """Name all that the cells' state depends on: a changed module makes another template."""
        around = self._surveyor.survey(request.notebook, request.folder)
        files = (*around.modules.items(), *around.files.items(), *around.packages.items())
        return (
            id(template),
            request.folder,
            tuple((cell.index, cell.source) for cell in cells),
            files,
        )

    def _made(
        self, request: RunRequest, template: Nursery, local_names: frozenset[str]
    ) -> Shared | None:
        problem = why_not_first(request.steps)
        if problem:
            _warn(request, problem)
            return None
        child = template.lease(request.interruption, "setup")
        noting, messages = _noting(request)
        others = {cell.index: _NOTHING for cell in noting.steps if SETUP not in cell.tags}
        run = ChildRun(noting, child, local_names, shown=others, kind="setup")
        try:
            result = run.result()
        except BaseException:
            template.give_back(child, await_end=False)
            raise
        problem = _problem(result)
        if result is None or problem:
            exit_code = template.give_back(child, await_end=result is None)
            _warn(request, problem or _death(run, exit_code))
            return None
        template.disown(child)
        times = zip(noting.steps, result.cells, strict=True)
        return Shared(
            nursery=Nursery(child.hand_over(), self._spares, template.refused),
            shown={
                cell.index: (ran.duration_s, messages[cell.index])
                for cell, ran in times
                if cell.index not in others
            },
        )


def _warn(request: RunRequest, problem: str) -> None:
    text = f"{request.notebook.name}: its `setup` cells run in every call: {problem}"
    warn(text, NotebookWarning)


def _noting(request: RunRequest) -> tuple[RunRequest, Mapping[int, list[Message]]]:
    """Return the run without values, and where it notes what each cell shows."""
    messages: dict[int, list[Message]] = {cell.index: [] for cell in request.notebook.cells}

    def note(cell: Cell, message_type: str, content: Mapping[str, Any]) -> None:
        if said_in(content) is None:  # nobody waits for what has been done already
            messages[cell.index].append((message_type, content))

    noting = replace(request, values={}, on_output=note, on_progress=lambda _: None)
    return noting, messages


def _problem(result: Result | None) -> str:
    """Say why what the cells made cannot be shared; "" if it can, or if their process ended."""
    if isinstance(result, Failure):
        return f"cell {result.error.cell_index + 1} raises {result.error.ename}"
    return "" if result is None else result.value


def _death(run: ChildRun, exit_code: int | None) -> str:
    """Say how the process that ran the cells ended.

    Raises:
        NotBegunError: If none had begun: the run is made anew.
    """
    error = run.death(exit_code)
    if isinstance(error, NotBegunError):
        raise error
    return str(error)
