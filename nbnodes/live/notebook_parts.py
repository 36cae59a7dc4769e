"""One ordinary notebook as nodes of its cells; what its text does not tell, runs find out."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from nbnodes.errors import NotebookWarning, warn
from nbnodes.graph.analysis.flow import cell_flow
from nbnodes.graph.node import Node
from nbnodes.graph.parts import VALUE, origins, part_notebook
from nbnodes.graph.split import Part, Split, split
from nbnodes.notebook.document import Cell, Notebook
from nbnodes.notebook.reader import Source, read
from nbnodes.result import CallError, Failure, Result

_UNBOUND = re.compile(r"name '(\w+)' is not defined")


@dataclass(frozen=True, slots=True, kw_only=True)
class Extra:
    """A name that a cell needs though its text does not tell.

    Attributes:
        name: The name.
        cell: The cell that binds it.
    """

    name: str
    cell: Cell


class NotebookParts:
    """A notebook's parts as nodes.

    A part is named by what it gives. Where a run finds that two parts belong together (one looks up
    a name that its text does not tell, or gives something that cannot be sent), they are joined.

    Args:
        source: A path, a URL, or an nbformat `NotebookNode`.

    Raises:
        NotebookError: If it cannot be read.

    Attributes:
        notebook: The notebook.
        split: Its parts.
    """

    def __init__(self, source: Source) -> None:
        self.notebook: Notebook = read(source)
        self.split: Split = split(self.notebook)
        self._joins: list[tuple[int, int]] = []
        self._found: list[str] = []
        self._extra: dict[int, list[Extra]] = {}  # what cells need besides what their text tells
        self._asked: set[str] = set()  # names that nobody reads, but somebody asked for
        self._places: dict[str, int] = {}  # of all nodes that were ever made

    def sibling(self) -> NotebookParts:
        """Return parts that are found to belong together apart from these."""
        made = copy.copy(self)
        made._joins, made._found = [*self._joins], [*self._found]  # noqa: SLF001  # it is one of us
        made._extra = {i: [*extra] for i, extra in self._extra.items()}  # noqa: SLF001  # as above
        made._asked, made._places = {*self._asked}, {**self._places}  # noqa: SLF001  # as above
        return made

    @property
    def doubts(self) -> tuple[str, ...]:
        """What the notebook's text does not tell, and what runs have found out."""
        return (*map(str, self.split.doubts), *self._found)

    def nodes(self) -> list[Node]:
        """Return the parts as nodes."""
        made: dict[str, Node] = {}
        for part in self.split.parts:
            self._places[part.name] = part.cells[0].index
            asked = self._asked & _bound(part)
            unsure = tuple(sorted(asked - set(part.defines)))
            full = replace(
                self._with_extra(part),
                defines=(*part.defines, *unsure),
                may_define=(*part.may_define, *unsure),
            )
            names = {*part.gives, part.name, *asked}
            made[part.name] = Node(
                _Cells(part_notebook(full, self.split, self.notebook, names)),
                {name: made[provider][name] for name, provider in part.reads.items()},
                name=part.name,
            )
        return list(made.values())

    def named(self, name: str) -> str | None:
        """Return the part that binds a variable last, or gives the `return` cell's value."""
        for part in reversed(self.split.parts):
            if name in _bound(part) or (name == VALUE and part.returns):
                return part.name
        return None

    def offers(self, name: str) -> bool:
        """Have a variable be given; return whether it already was."""
        is_offered = name in self._asked or any(
            name in (p.name, *p.gives) for p in self.split.parts
        )
        self._asked.add(name)
        return is_offered or name == VALUE

    def place(self, name: str) -> int:
        """Return where a part is, which stays when parts are joined."""
        return self._part(name).cells[0].index

    def at(self, place: int) -> str:
        """Return the part that is there."""
        return next(
            part.name
            for part in self.split.parts
            if any(cell.index == place for cell in part.cells)
        )

    def name_now(self, name: str) -> str:
        """Return what a node that was made once is called now: it may be part of another."""
        is_there = any(part.name == name for part in self.split.parts)
        return name if is_there or name not in self._places else self.at(self._places[name])

    def presented(self, name: str, result: Result) -> Result:
        """Return the variable that was asked for; of the `return` cell's part, its value."""
        if isinstance(result, Failure):
            return self._in_original(result)
        value = result.value
        if isinstance(value, dict) and self.notebook.is_python:
            chosen = next((one for one in (name, VALUE) if one in value), None)
            value = value if chosen is None else value[chosen]
        return replace(result, value=value)

    def mend(self, failure: Failure) -> bool:
        """Mend the split by what a run found out; return whether there is anything new."""
        undeclared = self._undeclared(failure)
        if undeclared is not None:
            self._tell(undeclared)
            return True
        pairs = [one for one in self._unsendable(failure) if one[0] not in self._joins]
        for pair, text in pairs:
            self._joins.append(pair)
            self._tell(text)
        if pairs:
            self.split = split(self.notebook, self._joins)
        return bool(pairs)

    def _tell(self, text: str) -> None:
        self._found.append(text)
        warn(f"{self.notebook.name}: {text}", NotebookWarning)

    def _undeclared(self, failure: Failure) -> str | None:
        """Give a part a name that one of its cells looked up in vain; return what to tell of it.

        A parameter and a definition are given to it, too; what another cell computes joins them.
        """
        found = _UNBOUND.search(failure.error.evalue)
        if failure.error.ename != "NameError" or found is None:
            return None
        name, part = found.group(1), self._part(failure.name)
        place = part.cells[0].index
        here = {cell.index for cell in part.cells}
        others = [c for c in self._running() if c.index not in here and name in _bound_in(c)]
        before = [cell for cell in others if cell.index < max(here)] or others
        if not before:
            return None
        provider = before[-1]
        extra = Extra(name=name, cell=provider)
        is_known = (provider.index, place) in self._joins or extra in self._extra.get(place, [])
        if is_known:
            return None
        reader = self._in_original(failure).error.cell_index + 1
        told = f"cell {reader} looked up {name!r} of cell {provider.index + 1}, which its text does"
        if name in self.split.parameters or self.split.part_of(provider.index) is None:
            self._extra.setdefault(place, []).append(extra)
            return f"{told} not tell: it is given that, too, now"
        self._joins.append((provider.index, place))
        self.split = split(self.notebook, self._joins)
        return f"{told} not tell: they are together now"

    def _with_extra(self, part: Part) -> Part:
        """Give a part what its cells turned out to need."""
        for extra in (one for cell in part.cells for one in self._extra.get(cell.index, [])):
            if extra.name in self.split.parameters:
                part = replace(part, parameters=(*part.parameters, extra.name))
            else:
                part = replace(part, prelude=f"{extra.cell.source}\n{part.prelude}")
        return part

    def _unsendable(self, failure: Failure) -> list[tuple[tuple[int, int], str]]:
        """Tell who reads what a part gives and cannot send."""
        if failure.error.ename != "UntransferableValue":
            return []
        part = self._part(failure.name)
        readers = [one for one in self.split.parts if part.name in one.reads.values()]
        first = part.cells[0].index
        found = []
        for reader in readers:
            second = reader.cells[0].index
            text = (
                f"cell {first + 1} has something for cell {second + 1} that cannot be sent to "
                "another process: they are together now"
            )
            found.append(((first, second), text))
        return found

    def _part(self, name: str) -> Part:
        return next(part for part in self.split.parts if part.name == name)

    def _running(self) -> Iterable[Cell]:
        return self.notebook.steps(parameterized=False)

    def _in_original(self, failure: Failure) -> Failure:
        """Have a failure name the cell as the notebook's file counts it."""
        if isinstance(failure.error, CallError) or failure.error.cell_index < 0:
            return failure
        places = origins(self._part(failure.name), self.split)
        index = places.get(failure.error.cell_index)
        if index is None:
            return failure
        return replace(
            failure, name=self.notebook.name, error=replace(failure.error, cell_index=index)
        )


class _Cells:
    """A notebook that was made of cells, not read: what a Node takes like a Model."""

    kind = "cell"

    def __init__(self, notebook: Notebook) -> None:
        self.notebook = notebook


def _bound(part: Part) -> frozenset[str]:
    return frozenset().union(*map(_bound_in, part.cells))


def _bound_in(cell: Cell) -> frozenset[str]:
    flow = cell_flow(cell.source)
    return flow.defines | flow.may_define
