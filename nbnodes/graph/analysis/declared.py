"""The cells of a notebook tell which names the graph gives, and which every part defines again."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from nbnodes.graph.analysis.definitions import Replayed, statement_source
from nbnodes.graph.analysis.expressions import names_in, qualified
from nbnodes.graph.analysis.record import CellFlow
from nbnodes.graph.analysis.scopes import BUILTINS, binding_counts
from nbnodes.graph.analysis.text import CellText

_HARMLESS = {
    *("datetime.date", "datetime.datetime", "datetime.time", "datetime.timedelta"),
    *("decimal.Decimal", "fractions.Fraction", "pathlib.Path", "pathlib.PurePath", "uuid.UUID"),
    *("pydantic.Field",),
}
_COMPUTED = (
    *(ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.Await),
    *(ast.NamedExpr, ast.JoinedStr, ast.Yield, ast.YieldFrom),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitParameter:
    """A name that the graph gives.

    Attributes:
        name: The name.
        source: Its assignment, as written: `window: int = 12`.
        reads: The imported names in it.
    """

    name: str
    source: str
    reads: frozenset[str] = frozenset()


def declared_in(
    text: CellText, counts: Mapping[str, int], imports: Mapping[str, str], *, literal: bool
) -> tuple[list[SplitParameter], CellText]:
    """Take the parameters out of a cell; return them and what is left of it.

    Args:
        text: The cell.
        counts: How often the parameters' cells bind each name.
        imports: Names that are imported.
        literal: Whether every statement must be a literal's assignment, or none is a parameter.
    """
    found: list[SplitParameter] = []
    left: list[ast.stmt] = []
    for statement in text.tree.body:
        taken = _parameters(statement, text, imports)
        if taken and all(counts.get(each.name, 0) == 1 for each in taken):
            found += taken
        else:
            left.append(statement)
        if literal and not taken and not _is_text(statement):
            return [], text
    if all(_is_text(statement) for statement in left):
        left = []
    tree = ast.Module(body=left, type_ignores=[])
    return found, replace(text, tree=tree, is_reduced=True) if found else text


def definitions_among(
    texts: Sequence[CellText],
    replayed: Sequence[Sequence[Replayed]],
    flows: Sequence[CellFlow],
) -> set[str]:
    """Name what parts may define again: bound in one way, never changed, made of nothing else."""
    bound = Counter[str]()
    for text in texts:
        bound.update(binding_counts(text.tree.body))
        bound.update(text.stores)
    every = [each for unit in replayed for each in unit if not each.is_setting]
    repeated = Counter(name for each in every for name in each.names)
    targets: dict[str, set[str]] = {}
    for each in every:
        for name in each.names:
            targets.setdefault(name, set()).add(each.target)
    changed = _changed_names(flows) - {n for n, found in targets.items() if found != {""}}
    found = {
        name
        for name, kinds in targets.items()
        if bound[name] == repeated[name] and name not in changed
        if len(kinds) == 1 and (repeated[name] == 1 or kinds != {""})
    }
    return _standing_alone(found, every, flows)


def _standing_alone(
    found: set[str], every: Sequence[Replayed], flows: Sequence[CellFlow]
) -> set[str]:
    """Leave out what is made with anything that is not defined again, or by changing something."""
    active = {
        name
        for flow in flows
        for name, bodies in flow.bodies.items()
        if any(
            b.mutates
            or b.assigns
            or b.passes
            or b.effects.draws
            or b.effects.files
            or b.effects.opaque
            for b in bodies
        )
    }
    while True:
        bad = {
            name
            for each in every
            for name in each.names & found
            if each.reads - found or each.reads & active
        }
        if not bad:
            return found
        found = found - bad


def _changed_names(flows: Iterable[CellFlow]) -> set[str]:
    changed: set[str] = set()
    for flow in flows:
        changed |= flow.touches.keys() | flow.deletes
        for bodies in flow.bodies.values():
            for body in bodies:
                changed |= body.mutates | body.assigns
    return changed


def _parameters(
    statement: ast.stmt, text: CellText, imports: Mapping[str, str]
) -> list[SplitParameter]:
    """Return what a statement declares; nothing if that is not all that it does."""
    match statement:
        case ast.AnnAssign(target=ast.Name(id=name), value=value, annotation=annotation):
            parts = [annotation] if value is None else [annotation, value]
            if not all(_is_plain(part, imports) for part in parts):
                return []
            reads = frozenset(n for part in parts for n in names_in(part)) - BUILTINS
            return [SplitParameter(name=name, source=_with_comment(statement, text), reads=reads)]
        case ast.Assign(targets=targets, value=value) if _is_plain(value, imports):
            reads = frozenset(names_in(value)) - BUILTINS
            if len(targets) == 1 and isinstance(targets[0], ast.Name):
                source = _with_comment(statement, text)
                return [SplitParameter(name=targets[0].id, source=source, reads=reads)]
            return _several(targets, value, reads)
        case _:
            return []


def _several(
    targets: list[ast.expr], value: ast.expr, reads: frozenset[str]
) -> list[SplitParameter]:
    """Return what `a = b = 1` and `a, b = 1, 2` declare, each by itself."""
    found: list[SplitParameter] = []
    for target in targets:
        if isinstance(target, ast.Name):
            if not isinstance(value, ast.Constant):
                return []  # two names for one object
            source = f"{target.id} = {ast.unparse(value)}"
            found.append(SplitParameter(name=target.id, source=source, reads=reads))
        elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            pairs = list(zip(target.elts, value.elts, strict=False))
            if len(target.elts) != len(value.elts) or not all(
                isinstance(part, ast.Name) for part in target.elts
            ):
                return []
            for part, part_value in pairs:
                found += _several([part], part_value, reads) or [
                    SplitParameter(
                        name=ast.unparse(part),
                        reads=reads,
                        source=f"{ast.unparse(part)} = {ast.unparse(part_value)}",
                    )
                ]
        else:
            return []
    return found


def _is_plain(node: ast.expr, imports: Mapping[str, str]) -> bool:
    """Whether an expression gives the same in every part: literals, types, dates, paths."""
    return all(_is_plain_part(each, imports) for each in ast.walk(node))


def _is_plain_part(node: ast.AST, imports: Mapping[str, str]) -> bool:
    if isinstance(node, ast.Call):
        name = qualified(node.func, imports)
        if name.endswith((".now", ".today", ".utcnow", ".cwd", ".home")):
            return False
        return name in _HARMLESS or name.rpartition(".")[0] in _HARMLESS
    if isinstance(node, ast.Name):
        return node.id in imports or node.id in BUILTINS
    return not isinstance(node, _COMPUTED)


def _with_comment(statement: ast.stmt, text: CellText) -> str:
    """Return a statement with the comment behind it, if nothing else stands on its lines."""
    source = statement_source(statement, text)
    end = text.lines[(statement.end_lineno or 1) - 1].encode()[statement.end_col_offset or 0 :]
    rest = end.decode(errors="replace")
    return f"{source}{rest}" if rest.strip().startswith("#") else source


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
