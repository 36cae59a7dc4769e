"""An ordinary notebook becomes parts: groups of cells by what each reads and defines. Pure.

When in doubt cells stay together, and the part says why. A cell that does nothing but import,
define functions or set modules up is no part: every part that needs it repeats it.
"""

from __future__ import annotations

import ast
import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from types import MappingProxyType

from nbnodes.graph.analysis.assembly import Assembly, Part
from nbnodes.graph.analysis.declared import SplitParameter, declared_in, definitions_among
from nbnodes.graph.analysis.definitions import (
    Replayed,
    does_nothing_else,
    imported_names,
    replayed_in,
)
from nbnodes.graph.analysis.flow import flow_of
from nbnodes.graph.analysis.grouping import Groups
from nbnodes.graph.analysis.paths import may_meet
from nbnodes.graph.analysis.record import CellFlow
from nbnodes.graph.analysis.scopes import Context, binding_counts
from nbnodes.graph.analysis.step import traced
from nbnodes.graph.analysis.text import CellText, cell_text
from nbnodes.graph.analysis.versions import Join, Tracer, Unit
from nbnodes.notebook.document import PARAMETERS, RAISES, RETURN, Cell, Notebook

__all__ = ["Doubt", "Join", "Part", "Split", "SplitParameter", "names_read", "split"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """Something that the text of a cell does not tell.

    Attributes:
        cell: The cell's index in the notebook.
        line: The line in it, counted from 1.
        text: What is doubtful, in words for people.
    """

    cell: int
    line: int
    text: str

    def __str__(self) -> str:
        return f"cell {self.cell + 1}, line {self.line}: {self.text}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """A notebook in parts.

    Attributes:
        parts: The parts: each follows those that it reads from.
        parameters: What the graph gives, by name.
        doubts: What the text does not tell, in the notebook's order.
    """

    parts: tuple[Part, ...]
    parameters: Mapping[str, SplitParameter]
    doubts: tuple[Doubt, ...] = ()

    def part_of(self, cell: int) -> Part | None:
        """Return the part that a cell, by its index in the notebook, is in."""
        found = (p for p in self.parts if any(each.index == cell for each in p.cells))
        return next(found, None)


def split(notebook: Notebook, joins: Iterable[tuple[int, int]] = ()) -> Split:
    """Split a notebook.

    Args:
        notebook: The notebook.
        joins: Pairs of cells, by their indices in the notebook, that a run found to belong
            together.
    """
    cells = notebook.steps(parameterized=False)
    if not cells:
        return Split(parts=(), parameters={})
    if not notebook.is_python:
        return _whole(notebook, cells)
    return _Splitting(notebook, cells, tuple(joins)).split()


def names_read(notebook: Notebook) -> dict[int, frozenset[str]]:
    """Map each cell that runs, by its index, to the names of other cells that it may look up."""
    cells = notebook.steps(parameterized=False) if notebook.is_python else ()
    reaches = _Splitting(notebook, cells, ()).tracer().reaches
    return {c.index: frozenset(r.names) for c, r in zip(cells, reaches, strict=True)}


def _whole(notebook: Notebook, cells: Sequence[Cell]) -> Split:
    language = notebook.language or "a language that it does not name"
    part = Part(
        name=f"cell_{cells[0].index + 1}",
        cells=tuple(cells),
        reasons=(f"the notebook is in {language}: only Python is taken apart",),
        returns=notebook.return_cell is not None,
        markdown=tuple(cell for cell in notebook.cells if cell.kind == "markdown"),
    )
    return Split(parts=(part,), parameters={})


class _Splitting:
    """One notebook on its way to a Split."""

    def __init__(
        self, notebook: Notebook, cells: Sequence[Cell], joins: Sequence[tuple[int, int]]
    ) -> None:
        self._notebook = notebook
        self._cells = cells
        self._extra = joins
        self._texts = [cell_text(cell.source) for cell in cells]
        self._counts = Counter[str]()
        for text in self._texts:
            self._counts.update(binding_counts(text.tree.body))
        self._parameters: dict[str, SplitParameter] = {}

    def split(self) -> Split:
        """Split the notebook."""
        tracer = self.tracer()
        units = tracer.units
        groups = Groups(tracer.reaches, [unit.number for unit in units])
        joins = [*tracer.joins, *self._given_joins(), *_file_joins(tracer)]
        groups.settle([*joins, *_module_joins(tracer)])
        _join_opaque(groups, tracer)
        assembly = Assembly(
            notebook=self._notebook,
            cells=self._cells,
            texts=self._texts,
            units=units,
            reaches=tracer.reaches,
            groups=groups,
            parameters=self._parameters,
        )
        return Split(
            parts=assembly.parts(),
            parameters=MappingProxyType(dict(self._parameters)),
            doubts=tuple(self._doubts(tracer)),
        )

    def tracer(self) -> Tracer:
        """Follow the notebook's names."""
        context = self._context()
        self._take_parameters(context)
        context = replace(context, constants=self._constants(context))
        replayed = [replayed_in(text, context) for text in self._texts]
        flows = self._flows(replayed, context)
        definitions = definitions_among(self._texts, replayed, flows)
        kept = [_kept(each, definitions) for each in replayed]
        units = [
            Unit(
                number=cell.index + 1,
                flow=flow,
                replayed=found,
                is_repeated=does_nothing_else(text, found) and RETURN not in cell.tags,
            )
            for cell, flow, found, text in zip(self._cells, flows, kept, self._texts, strict=True)
        ]
        return traced(
            units, parameters=self._parameters, definitions=definitions, imports=context.imports
        )

    # ------------------------------------------------------------ before names are followed

    def _context(self) -> Context:
        trees = [text.tree for text in self._texts]
        imports = imported_names(trees)
        imported = Counter[str]()
        for tree in trees:
            for statement in tree.body:
                if isinstance(statement, ast.Import | ast.ImportFrom):
                    imported.update(binding_counts([statement]))
        alone = {n: target for n, target in imports.items() if self._counts[n] == imported[n]}
        stores = frozenset(name for text in self._texts for name in text.stores)
        return Context(imports=alone, defined=frozenset(self._counts) | stores)

    def _flows(self, replayed: Sequence[tuple[Replayed, ...]], context: Context) -> list[CellFlow]:
        return [
            flow_of(text, found, context, may_fail=RAISES in cell.tags)
            for text, found, cell in zip(self._texts, replayed, self._cells, strict=True)
        ]

    def _take_parameters(self, context: Context) -> None:
        """Take the parameters out of their cells."""
        tagged = [PARAMETERS in cell.tags for cell in self._cells]
        if any(tagged):
            counts = Counter[str]()
            for text, is_tagged in zip(self._texts, tagged, strict=True):
                counts.update(binding_counts(text.tree.body) if is_tagged else ())
        else:
            counts = self._never_changed(context)
        for i, text in enumerate(self._texts):
            if tagged[i] or not any(tagged):
                found, self._texts[i] = declared_in(
                    text, counts, context.imports, literal=not any(tagged)
                )
                self._parameters |= {each.name: each for each in found}

    def _never_changed(self, context: Context) -> Counter[str]:
        """Count the bindings of names that the notebook binds once and never changes."""
        replayed = [replayed_in(text, context) for text in self._texts]
        changed: set[str] = set()
        for flow in self._flows(replayed, context):
            changed |= flow.touches.keys() | flow.deletes
            for body in (body for bodies in flow.bodies.values() for body in bodies):
                changed |= body.mutates | body.assigns
        return Counter({n: c for n, c in self._counts.items() if n not in changed})

    def _constants(self, context: Context) -> dict[str, str]:
        """Map names that stand for one text, and for nothing else, to it."""
        from nbnodes.graph.analysis.paths import literal_path

        found: dict[str, str] = {}
        for statement in (s for text in self._texts for s in text.tree.body):
            match statement:
                case ast.Assign(targets=[ast.Name(id=name)], value=value) if (
                    self._counts[name] == 1 and name not in self._parameters
                ):
                    path = literal_path(value, context.imports, found)
                    if "*" not in path:
                        found[name] = path
                case _:
                    continue
        return found

    # ------------------------------------------------------------ afterwards

    def _given_joins(self) -> list[Join]:
        places = {cell.index: i for i, cell in enumerate(self._cells)}
        return [
            Join(places[a], places[b], f"a run found that cells {a + 1} and {b + 1} share more")
            for a, b in self._extra
            if a in places and b in places
        ]

    def _doubts(self, tracer: Tracer) -> list[Doubt]:
        found: list[Doubt] = []
        for i, (cell, reach) in enumerate(zip(self._cells, tracer.reaches, strict=True)):
            texts = {*reach.doubts, *reach.opaque}
            seeded = "random" in " ".join(str(j.reason) for j in tracer.joins if i == j.second)
            if seeded or tracer.units[i].flow.effects.seeds:
                texts = {each for each in texts if not each[1].startswith("random numbers")}
            texts |= _checks(self._texts[i])
            stars = any(unit.flow.stars for unit in tracer.units)
            for name in sorted(reach.free) if not stars else ():
                texts.add((_line_of(name, self._texts[i]), self._about_free(name, i)))
            found += [
                Doubt(cell=cell.index, line=line, text=_with_seed_hint(text))
                for line, text in sorted(texts)
            ]
        return found

    def _about_free(self, name: str, i: int) -> str:
        later = [
            cell.index + 1
            for cell, text in zip(self._cells[i:], self._texts[i:], strict=True)
            if name in binding_counts(text.tree.body)
        ]
        if later:
            return f"free name `{name}`: only cell {later[0]} defines it, which comes later"
        return f"free name `{name}`: nothing defines it; a typo?"


def _checks(text: CellText) -> set[tuple[int, str]]:
    """Say of a cell that checks something and binds nothing that others do not wait for it."""
    stops = [
        node.lineno
        for statement in text.tree.body
        for node in ast.walk(statement)
        if isinstance(node, ast.Raise | ast.Assert)
        and not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    ]
    if not stops or binding_counts(text.tree.body):
        return set()
    return {(stops[0], "may stop the notebook; parts that read nothing from it run all the same")}


def _with_seed_hint(text: str) -> str:
    return f"{text}, without a seed" if text.startswith("random numbers") else text


def _line_of(name: str, text: CellText) -> int:
    lines = (n.lineno for n in ast.walk(text.tree) if isinstance(n, ast.Name) and n.id == name)
    return min(lines, default=1)


def _kept(replayed: tuple[Replayed, ...], definitions: set[str]) -> tuple[Replayed, ...]:
    return tuple(
        each
        for each in replayed
        if (each.is_setting and each.reads <= definitions) or each.names & definitions
    )


def _file_joins(tracer: Tracer) -> list[Join]:
    """Join what writes a file with what else uses it."""
    found: list[Join] = []
    for i, j in combinations(range(len(tracer.units)), 2):
        pairs = (
            (a, b)
            for a in tracer.reaches[i].files
            for b in tracer.reaches[j].files
            if (a.writes or b.writes) and may_meet(a, b)
        )
        for a, b in pairs:
            known = next((use.path for use in (a, b) if "*" not in use.path), "")
            what = f"the file {known}" if known and a.path == b.path else "what may be one file"
            found.append(Join(i, j, f"{tracer.cell(i)} and {tracer.cell(j)} use {what}"))
            break
    return found


def _module_joins(tracer: Tracer) -> list[Join]:
    """Join a cell that writes a module's file with those that import it."""
    targets = {
        name: each.target.partition(".")[0]
        for unit in tracer.units
        for each in unit.replayed
        for name in each.names
    }
    found: list[Join] = []
    for i, reach in enumerate(tracer.reaches):
        paths = (use.path for use in reach.files if use.writes and use.path.endswith(".py"))
        for module in {os.path.basename(path).removesuffix(".py") for path in paths}:
            found += [
                Join(i, j, f"{tracer.cell(i)} writes the module `{module}`")
                for j, other in enumerate(tracer.reaches)
                for names in [other.needs | tracer.units[j].flow.defines]
                if i != j and module in {targets.get(name) for name in names}
            ]
    return found


def _join_opaque(groups: Groups, tracer: Tracer) -> None:
    """Join everything with a cell of which nobody can tell what it reads and changes."""
    for i, reach in enumerate(tracer.reaches):
        early = bool(tracer.units[i].flow.stars) and any(
            not unit.is_repeated for unit in tracer.units[:i]
        )
        if not reach.opaque and not early:
            continue
        why = reach.opaque[0][1] if reach.opaque else "`import *` may replace names"
        groups.settle(
            Join(i, other, f"{tracer.cell(i)}: {why}")
            for other in range(len(tracer.units))
            if other != i
        )
