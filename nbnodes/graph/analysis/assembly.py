"""Groups of units become Parts: named, with what each reads, gives, repeats and is told by."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from nbnodes.graph.analysis.declared import SplitParameter
from nbnodes.graph.analysis.definitions import Replayed, is_for_all, statement_source
from nbnodes.graph.analysis.grouping import Groups
from nbnodes.graph.analysis.paths import may_meet
from nbnodes.graph.analysis.scopes import binding_counts
from nbnodes.graph.analysis.text import CellText
from nbnodes.graph.analysis.versions import PARAMETER, Join, Reach, Unit
from nbnodes.graph.analysis.vocabulary import SYSTEM_MODULES
from nbnodes.notebook.document import RETURN, Cell, Notebook

_STANDARD = SYSTEM_MODULES | {"random", "time", "datetime", "math", "json", "re", "pathlib"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Cells that run together.

    Attributes:
        name: Its name, unique in the notebook.
        cells: Its cells; of a cell that also declares parameters only the rest.
        reads: Each name that it is given, with the name of the part that gives it.
        parameters: The graph's parameters that it uses.
        gives: The names that others read of it.
        defines: Those, and what else it certainly leaves bound.
        may_define: Those of them that it may leave unbound.
        prelude: The definitions and settings of other cells that it repeats, as source.
        files: Files that it reads and no cell writes.
        reasons: Why its cells are together.
        markdown: The markdown cells right before its cells.
        returns: Whether the notebook's `return` cell is in it.
    """

    name: str
    cells: tuple[Cell, ...]
    reads: Mapping[str, str] = field(default_factory=dict)
    parameters: tuple[str, ...] = ()
    gives: tuple[str, ...] = ()
    defines: tuple[str, ...] = ()
    may_define: tuple[str, ...] = ()
    prelude: str = ""
    files: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    markdown: tuple[Cell, ...] = ()
    returns: bool = False


@dataclass(frozen=True, kw_only=True, eq=False)
class Assembly:
    """All that is known of a notebook when its groups are settled.

    Attributes:
        notebook: The notebook.
        cells: The cells that run.
        texts: Their texts, without parameters.
        units: Their units.
        reaches: What each gets.
        groups: Which are together.
        parameters: What the graph gives.
    """

    notebook: Notebook
    cells: Sequence[Cell]
    texts: Sequence[CellText]
    units: Sequence[Unit]
    reaches: Sequence[Reach]
    groups: Groups
    parameters: Mapping[str, SplitParameter]

    def parts(self) -> tuple[Part, ...]:
        """Make the parts."""
        self._join_straddled()
        members = self._members()
        order = [group for group in self.groups.order() if group in members]
        given = self._given(order)
        names: dict[int, str] = {}
        for group in order:
            name = self._name(members[group], given[group])
            names[group] = _unique(name, {*names.values()})
        return tuple(
            self._part(members[group], names, given[group], names[group]) for group in order
        )

    def _members(self) -> dict[int, list[int]]:
        """Return the groups that are parts: some cell in them does more than others repeat."""
        return {
            group: units
            for group, units in self.groups.members().items()
            if any(not self._is_repeated(unit) for unit in units)
        }

    def _is_repeated(self, unit: int) -> bool:
        """Whether a unit is nothing but what parts repeat, or are given."""
        text = self.texts[unit]
        if self.units[unit].is_repeated:
            return True
        does_more = text.files or text.opaque or text.is_foreign or text.words
        return not text.tree.body and not does_more and RETURN not in self.cells[unit].tags

    # ------------------------------------------------------------ settings

    def _join_straddled(self) -> None:
        """Put a cell that sets modules up between the cells of a part that it stands between."""
        changing = True
        while changing:
            changing = False
            for group, units in self._members().items():
                modules = self._modules(group)
                for i in range(units[0] + 1, units[-1]):
                    if self.groups.of(i) != group and any(
                        _concerns(each, modules) for each in self.units[i].replayed
                    ):
                        why = f"cell {self.units[i].number} sets up modules between cells of it"
                        self.groups.settle([Join(group, i, why)])
                        changing = True
                if changing:
                    break

    def _modules(self, group: int) -> set[str]:
        """Name the modules that a group uses, or that what it is given was made with."""
        givers: dict[int, set[int]] = {}
        for a, b in self.groups.edges():
            givers.setdefault(b, set()).add(a)
        found, waiting, seen = set[str](), [group], {group}
        members = self.groups.members()
        while waiting:
            each = waiting.pop()
            for unit in members[each]:
                found |= self._modules_of(unit)
            for giver in givers.get(each, set()) - seen:
                seen.add(giver)
                waiting.append(giver)
        return found

    def _modules_of(self, unit: int) -> set[str]:
        names = self.reaches[unit].needs | self.units[unit].flow.uses.keys()
        every = (each for u in self.units for each in u.replayed if each.target)
        own = (each.target for each in self.units[unit].replayed)
        used = {each.target for each in every if each.names & names}
        return {target.partition(".")[0] for target in {*used, *own} if target}

    # ------------------------------------------------------------ one part

    def _given(self, order: Iterable[int]) -> dict[int, list[str]]:
        """Name what each group gives to others, in the order of the cells that set it."""
        found: dict[int, dict[str, int]] = {group: {} for group in order}
        for unit, reach in enumerate(self.reaches):
            for name, versions in reach.reads.items():
                for version in versions:
                    if version.unit == PARAMETER:
                        continue
                    giver = self.groups.of(version.unit)
                    if giver in found and giver != self.groups.of(unit):
                        found[giver][name] = version.unit
        return {g: self._in_order(names, self.groups.members()[g]) for g, names in found.items()}

    def _in_order(self, names: Iterable[str], units: Sequence[int]) -> list[str]:
        """Sort names by where these units bind them last."""
        places: dict[str, tuple[int, int]] = {}
        for unit in units:
            for i, statement in enumerate(self.texts[unit].tree.body):
                for name in binding_counts([statement]):
                    places[name] = (unit, i)
        return sorted(names, key=lambda name: (places.get(name, (-1, -1)), name))

    def _name(self, units: Sequence[int], given: Sequence[str]) -> str:
        values = self._values(units)
        for names in (given, values):
            if names:
                return names[-1]
        return f"cell_{self.units[units[0]].number}"

    def _values(self, units: Sequence[int]) -> list[str]:
        """Name what these units certainly leave bound and that can be given to others."""
        bound: dict[str, bool] = {}
        for unit in units:
            flow = self.units[unit].flow
            repeated = {n for each in self.units[unit].replayed for n in each.names}
            bound |= dict.fromkeys(flow.deletes, False)
            bound |= {
                name: name not in self.reaches[unit].kept and name not in flow.bodies
                for name in flow.defines - repeated
            }
        return self._in_order([name for name, is_given in bound.items() if is_given], units)

    def _part(
        self, units: Sequence[int], names: Mapping[int, str], given: Sequence[str], name: str
    ) -> Part:
        reads, parameters = self._reads(units, names)
        values = self._values(units)
        sure = {n for unit in units for n in self.units[unit].flow.defines}
        cells = tuple(
            self._cell(unit)
            for unit in units
            if self.texts[unit].tree.body or not self._is_repeated(unit)
        )
        return Part(
            name=name,
            cells=cells,
            reads=reads,
            parameters=tuple(n for n in self.parameters if n in parameters),
            gives=tuple(given),
            defines=(*given, *(n for n in values if n not in given)),
            may_define=tuple(n for n in given if n not in sure and n not in reads),
            prelude=self._prelude(units),
            files=self._files(units),
            reasons=self._reasons(units),
            markdown=tuple(c for unit in units for c in self._markdown(self.cells[unit].index)),
            returns=any(RETURN in self.cells[unit].tags for unit in units),
        )

    def _cell(self, unit: int) -> Cell:
        """Return a unit's cell; of one that declares parameters, the rest."""
        cell, text = self.cells[unit], self.texts[unit]
        if not text.is_reduced:
            return cell
        left = "\n".join(statement_source(statement, text) for statement in text.tree.body)
        return replace(cell, source=left)

    def _reads(
        self, units: Sequence[int], names: Mapping[int, str]
    ) -> tuple[dict[str, str], set[str]]:
        group = self.groups.of(units[0])
        reads: dict[str, str] = {}
        parameters: set[str] = set()
        for unit in units:
            for name, versions in sorted(self.reaches[unit].reads.items()):
                for version in versions:
                    if version.unit == PARAMETER:
                        parameters.add(name)
                    elif self.groups.of(version.unit) != group:
                        reads[name] = names.get(self.groups.of(version.unit), "")
        return reads, parameters

    def _prelude(self, units: Sequence[int]) -> str:
        """Return what other cells define and set up, in the notebook's order."""
        needed = {name for unit in units for name in self.reaches[unit].needs}
        given = self._reads(units, {})[1]
        needed |= {name for each in given for name in self.parameters[each].reads}
        whole = [(i, each) for i, unit in enumerate(self.units) for each in unit.replayed]
        every = [(i, each) for i, each in whole if i not in units]
        modules = self._modules(self.groups.of(units[0]))
        taken = {
            (i, each)
            for i, each in every
            if each.is_setting and i < units[0] and _concerns(each, modules)
        }
        needed |= {name for _, each in taken for name in each.reads}
        while True:
            early = {name for _, each in taken for name in each.reads}
            new = {(i, e) for i, e in every if e.names & needed}
            new |= {(i, e) for i, e in whole if e.names & early}
            new -= taken
            if not new:
                break
            taken |= new
            needed |= {name for _, each in new for name in each.reads}
        stars = [(i, 0, text) for i, text in self._stars(units)]
        lines = {*stars, *((i, each.line, each.source) for i, each in taken)}
        return "\n".join(source for _, _, source in sorted(lines, key=_place))

    def _stars(self, units: Sequence[int]) -> list[tuple[int, str]]:
        """Return the `import *` and `from __future__` statements of the cells before a part."""
        return [
            (-1 if statement.module == "__future__" else i, ast.unparse(statement))
            for i in range(units[0])
            for statement in self.texts[i].tree.body
            if isinstance(statement, ast.ImportFrom) and is_for_all(statement)
        ]

    def _files(self, units: Sequence[int]) -> tuple[str, ...]:
        written = [use for reach in self.reaches for use in reach.files if use.writes]
        uses = (use for unit in units for use in self.reaches[unit].files)
        return tuple(
            dict.fromkeys(
                sorted(
                    use.path
                    for use in uses
                    if not use.writes
                    and "*" not in use.path
                    and not any(may_meet(use, other) for other in written)
                )
            )
        )

    def _reasons(self, units: Sequence[int]) -> tuple[str, ...]:
        inside = set(units)
        joins = (j for j in self.groups.reasons if {j.first, j.second} <= inside)
        return tuple(dict.fromkeys(join.reason for join in joins))

    def _markdown(self, index: int) -> list[Cell]:
        """Return the markdown cells right before a cell."""
        found: list[Cell] = []
        while index > 0 and self.notebook.cells[index - 1].kind == "markdown":
            index -= 1
            found.insert(0, self.notebook.cells[index])
        return found


def _concerns(setting: Replayed, modules: set[str]) -> bool:
    """Whether what a setting sets up is seen by code that uses these modules.

    Libraries build on each other: what is set up for one is seen through others.
    """
    module = setting.module.partition(".")[0]
    if not setting.is_setting:
        return False
    return module == "*" or module in _STANDARD or bool(modules - _STANDARD)


def _place(line: tuple[int, int, str]) -> tuple[int, int]:
    return line[0], line[1]


def _unique(name: str, taken: set[str]) -> str:
    number, unique = 1, name
    while unique in taken:
        number += 1
        unique = f"{name}_{number}"
    return unique
