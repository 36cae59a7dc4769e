"""The `parameters` cells become Parameters: name, default, annotation, help. Pure.

`n: int = 15  # which` is read as `Parameter("n", default=15, annotation="int", help="which")`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from nbnodes.notebook.annotations import UnknownNameError, evaluate, imported_names
from nbnodes.notebook.document import Notebook
from nbnodes.notebook.python import parse_cell


class Code(str):
    """A default that only the notebook itself can compute, as source text."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


class Unknown:
    """Stands for a type that is not known: every value is accepted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """What a caller may set.

    Attributes:
        name: Its name.
        default: Its value when not given; `Code` where that is an expression.
        annotation: Its declared type as written; "" for none.
        help: The trailing comment; "" for none.
        required: Whether it has no default at all.
        type: The declared type, else the default's; `Unknown` where neither tells.
    """

    name: str
    default: Any = None
    annotation: str = ""
    help: str = ""
    required: bool = False
    type: Any = field(default=Unknown, repr=False)

    @property
    def type_name(self) -> str:
        """The type as people write it; "" where it is not known."""
        if self.annotation or self.type is Unknown:
            return self.annotation
        return str(getattr(self.type, "__name__", self.type))


def python_parameters(notebook: Notebook) -> dict[str, Parameter]:
    """Read the parameters from a Python notebook's `parameters` cells, by their syntax tree."""
    sources = [cell.source for cell in notebook.cells if cell.kind == "code"]
    parsed = (parse_cell(source) for source in sources if "import" in source)
    imports = imported_names(cell.tree for cell in parsed if cell)
    found: dict[str, Parameter] = {}
    for cell in notebook.parameters_cells:
        for parameter in _declared(cell.source, imports):
            earlier = found.get(parameter.name)
            found[parameter.name] = _merged(earlier, parameter) if earlier else parameter
    return found


def literal_defaults(cell_source: str) -> dict[str, Any]:
    """Return what a `parameters` cell assigns once, plainly, from a literal.

    Replacing such an assignment by its own value changes nothing, so the value can be taken out of
    the code: `f()` and `f(n=15)` then are one and the same run when 15 is the default.
    """
    cell = parse_cell(cell_source)
    if cell is None:
        return {}
    literals: dict[str, Any] = {}
    names = (node for node in ast.walk(cell.tree) if isinstance(node, ast.Name))
    assigned = [node.id for node in names if not isinstance(node.ctx, ast.Load)]
    for statement in cell.tree.body:
        match statement:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=value)
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
            ) if assigned.count(name) == 1:
                try:
                    literals[name] = ast.literal_eval(value)
                except (ValueError, TypeError, MemoryError, RecursionError):
                    continue
    return literals


def _merged(earlier: Parameter, later: Parameter) -> Parameter:
    """Join two declarations of one name: the later default, the first annotation and help."""
    known = earlier if earlier.annotation or not later.annotation else later
    annotation, kind = (known.annotation, known.type) if known.annotation else ("", later.type)
    return replace(later, annotation=annotation, type=kind, help=later.help or earlier.help)


def _declared(source: str, imports: Mapping[str, str]) -> Iterator[Parameter]:
    cell = parse_cell(source)
    if cell is None:
        return
    lines = source.split("\n")
    for statement in _statements(cell.tree.body):
        comment = _trailing_comment(statement, lines)
        for name, value, annotation in _assigned(statement):
            yield _parameter(name, value, annotation, comment, imports)


def _assigned(
    statement: ast.stmt,
) -> Iterator[tuple[str, ast.expr | None, ast.expr | None]]:
    """Yield each plain name that a statement assigns, with its value and annotation."""
    match statement:
        case ast.AnnAssign(target=ast.Name(id=name), value=value, annotation=annotation):
            yield name, value, annotation
        case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Tuple(elts=values)) if len(
            targets
        ) == len(values):
            pairs = zip(targets, values, strict=True)
            yield from ((t.id, value, None) for t, value in pairs if isinstance(t, ast.Name))
        case ast.Assign(targets=targets, value=value):
            yield from ((t.id, value, None) for t in targets if isinstance(t, ast.Name))
        case _:
            pass


def _statements(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield module-level statements, those inside `if`, `try` and `with` too."""
    for statement in body:
        yield statement
        if isinstance(statement, ast.If | ast.Try | ast.With):
            for block in ("body", "orelse", "finalbody"):
                yield from _statements(getattr(statement, block, []))


def _parameter(
    name: str,
    value: ast.expr | None,
    annotation: ast.expr | None,
    comment: str,
    imports: Mapping[str, str],
) -> Parameter:
    text, help_text = ast.unparse(annotation) if annotation else "", comment
    if not annotation and comment.startswith("type:"):  # PEP 484's comment, which papermill reads
        text, _, help_text = comment.removeprefix("type:").strip().partition(" ")
        annotation = _expression(text)
    default, default_type = _default(value, imports)
    kind = _evaluated(annotation, imports) if annotation else default_type
    return Parameter(
        name=name,
        default=default,
        annotation=text,
        help=help_text.strip().lstrip("#").strip(),
        required=value is None,
        type=kind,
    )


def _default(value: ast.expr | None, imports: Mapping[str, str]) -> tuple[Any, Any]:
    """Return a default and the type it suggests."""
    if value is None:
        return None, Unknown
    try:
        found = evaluate(value, imports)
    except UnknownNameError:
        return Code(ast.unparse(value)), Unknown
    if isinstance(found, type):  # a class is no parameter's value that could be written down
        return Code(ast.unparse(value)), Unknown
    return found, Unknown if found is None else type(found)


def _evaluated(annotation: ast.expr, imports: Mapping[str, str]) -> Any:
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        annotation = _expression(annotation.value) or annotation
    try:
        kind = evaluate(annotation, imports)
    except UnknownNameError:
        return Unknown
    return Unknown if kind is object else kind


def _expression(text: str) -> ast.expr | None:
    try:
        return ast.parse(text, mode="eval").body
    except SyntaxError:
        return None


def _trailing_comment(statement: ast.stmt, lines: list[str]) -> str:
    line = lines[(statement.end_lineno or 1) - 1].encode()
    rest = line[statement.end_col_offset or 0 :].decode().lstrip(" \t;")
    return rest[1:].strip() if rest.startswith("#") else ""
