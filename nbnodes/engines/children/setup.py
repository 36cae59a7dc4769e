"""`setup` cells: run once in a template of the notebook's own, and shared by all its calls.

Which cells can be shared is read from the code; whether what they made can be is seen after they
have run. Where not, a warning says why, and they run in each call like any other cell.
"""

from __future__ import annotations

import ast
import threading
from collections import OrderedDict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from nbnodes.engines.children.child import Child
from nbnodes.engines.children.child_run import ChildRun, Message, Shown
from nbnodes.engines.children.nursery import Nursery
from nbnodes.engines.engine import RunRequest
from nbnodes.errors import NotebookWarning, warn
from nbnodes.notebook.binding import name_bound_by
from nbnodes.notebook.document import PARAMETERS, RETURN, SETUP, Cell
from nbnodes.notebook.python import parse_cell
from nbnodes.notebook.surroundings import Surveyor
from nbnodes.result import Success

_KEPT = 4  # notebooks whose templates are kept


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
    lock: threading.Lock = field(default_factory=threading.Lock)
    is_decided: bool = False
    shared: Shared | None = None


class Setups:
    """The templates of notebooks with `setup` cells, made when first needed. Thread-safe."""

    def __init__(self, spares: int) -> None:
        self._spares = spares
        self._surveyor = Surveyor()
        self._lock = threading.Lock()
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
        slot = self._slot(self._key(request, cells, template))
        with slot.lock:
            if slot.shared and slot.shared.nursery.is_dead:
                slot.is_decided = False
            if not slot.is_decided:
                slot.shared = self._made(request, cells, template, local_names)
                slot.is_decided = True
            return slot.shared

    def close(self) -> None:
        """End them all."""
        with self._lock:
            slots, self._slots = list(self._slots.values()), OrderedDict()
        for slot in slots:
            with slot.lock:
                shared, slot.shared, slot.is_decided = slot.shared, None, False
            if shared:
                shared.nursery.close()

    def _slot(self, key: Hashable) -> _Slot:
        with self._lock:
            slot = self._slots.setdefault(key, _Slot())
            self._slots.move_to_end(key)
            oldest = self._slots.popitem(last=False)[1] if len(self._slots) > _KEPT else None
        if oldest and oldest.shared:
            oldest.shared.nursery.retire()
        return slot

    def _key(self, request: RunRequest, cells: list[Cell], template: Nursery) -> Hashable:
        """Name all that the cells' state depends on: a changed module makes another template."""
        around = self._surveyor.survey(request.notebook, request.folder)
        files = (*around.modules.items(), *around.files.items(), *around.packages.items())
        return id(template), request.folder, tuple(cell.source for cell in cells), files

    def _made(
        self,
        request: RunRequest,
        cells: list[Cell],
        template: Nursery,
        local_names: frozenset[str],
    ) -> Shared | None:
        problem = _unshareable(request.steps)
        if problem:
            _warn(request, problem)
            return None
        child = template.lease(request.interruption)
        try:
            shown, problem = _run(request, cells, child, local_names)
        except BaseException:
            template.give_back(child, await_end=False)
            raise
        if problem:
            template.give_back(child, await_end=False)
            _warn(request, problem)
            return None
        template.disown(child)
        return Shared(nursery=Nursery(child.hand_over(), self._spares), shown=shown)


def _warn(request: RunRequest, problem: str) -> None:
    text = f"{request.notebook.name}: its `setup` cells run in every call: {problem}"
    warn(text, NotebookWarning)


def _unshareable(steps: tuple[Cell, ...]) -> str:
    """Say why the `setup` cells cannot run before all others; "" if they can."""
    setters: dict[str, Cell] = {}
    for cell in steps:
        parsed = parse_cell(cell.source)
        if SETUP not in cell.tags:
            nodes = ast.walk(parsed.tree) if parsed else ()
            setters.update(dict.fromkeys(filter(None, map(name_bound_by, nodes)), cell))
            continue
        place = f"cell {cell.index + 1}"
        if parsed is None:
            return f"{place} is not Python"
        other = {PARAMETERS, RETURN} & set(cell.tags)
        if other:
            return f"{place} is tagged `{other.pop()}` too"
        for node in ast.walk(parsed.tree):
            if isinstance(node, ast.Name) and node.id in setters:
                return f"{place} uses {node.id!r}, which cell {setters[node.id].index + 1} sets"
    return ""


def _run(
    request: RunRequest, cells: list[Cell], child: Child, local_names: frozenset[str]
) -> tuple[dict[int, Shown], str]:
    """Run the cells in a child; return what each showed, and why they cannot be shared, or ""."""
    messages: dict[int, list[Message]] = {cell.index: [] for cell in cells}

    def note(cell: Cell, message_type: str, content: Mapping[str, Any]) -> None:
        messages[cell.index].append((message_type, content))

    only = replace(
        request,
        notebook=replace(request.notebook, cells=tuple(cells)),
        values={},
        on_output=note,
        on_progress=lambda _: None,
    )
    result = ChildRun(only, child, local_names, is_setup=True).result()
    if result is None:
        return {}, "the process that ran them ended"
    if not isinstance(result, Success):
        return {}, f"one raises {result.error.ename}"
    runs = zip(cells, result.cells, strict=True)
    return {cell.index: (run.duration_s, messages[cell.index]) for cell, run in runs}, result.value
