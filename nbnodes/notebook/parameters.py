"""The `parameters` cells become Parameters: name, default, annotation, help. Pure.

`n: int = 15  # which` is read as `Parameter("n", default=15, annotation="int", help="which")`.
"""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import ModuleType
from typing import Annotated, Any, Final, Literal, Union, get_origin

from nbnodes.notebook.annotations import UnknownNameError, evaluate, imported_names, literal_enums
from nbnodes.notebook.binding import name_bound_by
from nbnodes.notebook.document import Notebook
from nbnodes.notebook.python import parse_cell

_PLAIN = frozenset({"builtins", "datetime", "decimal", "fractions", "pathlib", "uuid"})
_SPECIAL_FORMS = (Annotated, Final, Literal, Union)
_CLOCK = frozenset({"now", "today", "utcnow"})


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
    with_enums = (parse_cell(source) for source in sources if "Enum" in source)
    enums = literal_enums(cell.tree for cell in with_enums if cell)
    found: dict[str, Parameter] = {}
    for cell in notebook.parameters_cells:
        for parameter in _declared(cell.source, imports, enums):
            earlier = found.get(parameter.name)
            found[parameter.name] = _merged(earlier, parameter) if earlier else parameter
    return found


def unreadable_cells(notebook: Notebook) -> list[str]:
    """Say of each `parameters` cell of a Python notebook that is not Python where it breaks."""
    problems = []
    for cell in notebook.parameters_cells if notebook.is_python else ():
        if parse_cell(cell.source) is None:
            place = f"cell {cell.index + 1}, tagged `parameters`, cannot be read"
            problems.append(f"{place}: {_syntax_error(cell.source)}")
    return problems


def _syntax_error(source: str) -> str:
    try:
        compile(source, "", "exec", ast.PyCF_ONLY_AST)
    except SyntaxError as error:
        return f"{error.msg} (line {error.lineno})"
    except (ValueError, RecursionError, MemoryError) as error:
        return str(error) or type(error).__name__
    return "it is not Python"


def literal_defaults(*cell_sources: str) -> dict[str, Any]:
    """Return what the `parameters` cells, taken together, assign once, plainly, from a literal.

    Replacing such an assignment by its own value changes nothing, so the value can be taken out of
    the code: `f()` and `f(n=15)` then are one and the same run when 15 is the default. A name that
    any of the cells binds again is left out: `f()` ends with the later value, `f(n=15)` does not.
    """
    trees = [cell.tree for cell in map(parse_cell, cell_sources) if cell]
    literals: dict[str, Any] = {}
    assigned = [name_bound_by(node) for tree in trees for node in ast.walk(tree)]
    for statement in (statement for tree in trees for statement in tree.body):
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
    valued = earlier if later.required else later  # `n: int` alone unsets nothing
    return replace(
        later,
        default=valued.default,
        required=valued.required,
        annotation=annotation,
        type=kind,
        help=later.help or earlier.help,
    )


def _declared(
    source: str, imports: Mapping[str, str], enums: Mapping[str, Any]
) -> Iterator[Parameter]:
    cell = parse_cell(source)
    if cell is None:
        return
    lines = re.split(r"\r\n?|\n", source)
    for statement in _statements(cell.tree.body):
        comment = _trailing_comment(statement, lines)
        for name, value, annotation in _assigned(statement):
            parameter = _parameter(name, value, annotation, comment, imports)
            yield replace(parameter, type=enums.get(parameter.annotation, parameter.type))


def _assigned(
    statement: ast.stmt,
) -> Iterator[tuple[str, ast.expr | None, ast.expr | None]]:
    """Yield each plain name that a statement assigns, with its value and annotation."""
    match statement:
        case ast.AnnAssign(target=ast.Name(id=name), value=value, annotation=annotation):
            yield name, value, annotation
        case ast.AugAssign(target=ast.Name(id=name) as earlier, op=operator, value=value):
            yield name, ast.BinOp(left=earlier, op=operator, right=value), None
        case ast.Assign(targets=targets, value=value):
            for target in targets:
                yield from ((name, part, None) for name, part in _unpacked(target, value))
        case _:
            pass


def _unpacked(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    """Yield each plain name in a target, with the expression for its part of the value."""
    match target:
        case ast.Name(id=name):
            yield name, value
        case ast.Starred(value=inner):
            yield from _unpacked(inner, value)
        case ast.Tuple(elts=targets) | ast.List(elts=targets):
            for part, part_value in zip(targets, _parts(value, targets), strict=True):
                yield from _unpacked(part, part_value)
        case _:
            pass


def _parts(value: ast.expr, targets: list[ast.expr]) -> list[ast.expr]:
    """Return what each target takes: an element as written, else by its place: `value[0]`."""
    written = value.elts if isinstance(value, ast.Tuple | ast.List) else []
    stars = [isinstance(part, ast.Starred) for part in targets]
    if len(written) == len(targets) and not any(
        isinstance(e, ast.Starred) for e in [*written, *targets]
    ):
        return written
    places: list[ast.expr] = []
    for i, from_end in enumerate(range(-len(targets), 0)):
        if stars[i]:
            end = ast.Constant(from_end + 1) if from_end < -1 else None
            places.append(ast.Slice(lower=ast.Constant(i), upper=end))
        else:
            places.append(ast.Constant(from_end if any(stars[:i]) else i))
    return [ast.Subscript(value=value, slice=place, ctx=ast.Load()) for place in places]


def _statements(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield module-level statements, those inside `if`, `try` and `with` too."""
    for statement in body:
        yield statement
        if isinstance(statement, ast.If | ast.Try | ast.With):
            handlers = [inner for h in getattr(statement, "handlers", []) for inner in h.body]
            yield from _statements([*statement.body, *handlers])
            for block in ("orelse", "finalbody"):
                yield from _statements(getattr(statement, block, []))


def _parameter(
    name: str,
    value: ast.expr | None,
    annotation: ast.expr | None,
    comment: str,
    imports: Mapping[str, str],
) -> Parameter:
    text, help_text = _written(annotation) if annotation else "", comment
    if not annotation and comment.startswith("type:"):  # PEP 484's comment, which papermill reads
        text, help_text = _type_comment(comment)
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
        return Code(_written(value)), Unknown
    if not _is_plain(found):
        return Code(_written(value)), Unknown
    if any(isinstance(node, ast.Attribute) and node.attr in _CLOCK for node in ast.walk(value)):
        return Code(_written(value)), type(found)  # another value tomorrow
    if not _is_writable(found):
        return Code(_written(value)), type(found)
    return found, Unknown if found in (None, ...) else type(found)


def _written(expression: ast.expr) -> str:
    """Write an expression as source; integers too long for Python to write, as hexadecimal."""
    try:
        return ast.unparse(expression)
    except ValueError:
        return ast.unparse(_Hexadecimal().visit(copy.deepcopy(expression)))


class _Hexadecimal(ast.NodeTransformer):
    """Writes long integers so that no limit of their length holds."""

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        value = node.value
        if type(value) is int and not _is_writable(value):
            return ast.Name(id=hex(value))
        return node


def _is_writable(value: Any) -> bool:
    """Tell whether a value has a text: an integer beyond some thousand digits has none."""
    try:
        repr(value)
    except (ValueError, RecursionError):
        return False
    return True


def _is_plain(value: Any) -> bool:
    """Tell a value that can be written down from a class, a function, a module, a type."""
    module = type(value).__module__.partition(".")[0]
    return module in _PLAIN and not callable(value) and not isinstance(value, ModuleType)


def _evaluated(annotation: ast.expr, imports: Mapping[str, str]) -> Any:
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        annotation = _expression(annotation.value) or annotation
    try:
        kind = evaluate(annotation, imports)
    except UnknownNameError:
        return Unknown
    origin = get_origin(kind)
    is_type = kind is None or isinstance(origin or kind, type) or origin in _SPECIAL_FORMS
    return kind if is_type and kind not in (object, Any) else Unknown


def _type_comment(comment: str) -> tuple[str, str]:
    """Split `type: dict[str, int] by name` into the type and the help after it."""
    words = comment.removeprefix("type:").split()
    for count in range(1, len(words) + 1):
        text, rest = " ".join(words[:count]), words[count:]
        if _expression(text) and rest[:1] != ["|"]:
            is_ignore = text.startswith(
                "ignore"
            )  # PEP 484's other comment: no type, nothing to read
            return ("", "") if is_ignore else (text, " ".join(rest))
    return "", comment


def _expression(text: str) -> ast.expr | None:
    try:
        return ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError):
        return None


def _trailing_comment(statement: ast.stmt, lines: list[str]) -> str:
    line = lines[(statement.end_lineno or 1) - 1].encode()
    # a line of IPython's has other columns in the tree: the cut may fall inside a character
    rest = line[statement.end_col_offset or 0 :].decode(errors="replace").lstrip(" \t;")
    return rest[1:].strip() if rest.startswith("#") else ""
