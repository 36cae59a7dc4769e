"""A notebook is run whole, and part by part with copies of what the parts give each other."""

from __future__ import annotations

import ast
import contextlib
import io
import os
import warnings
from collections.abc import Callable
from typing import Any, TypeVar

import cloudpickle

from nbnodes.graph.parts import origins, part_notebook
from nbnodes.graph.split import Part, Split, split
from nbnodes.notebook.binding import bind_parameters, name_bound_by
from nbnodes.notebook.document import PARAMETERS, RETURN, Notebook

_T = TypeVar("_T")
Given = dict[str, Any]
Values = dict[str, dict[str, Any]]
Ran = tuple[Any, dict[int, str]]


class PlainRun:
    """Cells run one after the other in one namespace, like a kernel's.

    Attributes:
        names: The namespace.
        printed: What each cell printed, by its index.
    """

    def __init__(self) -> None:
        self.names: dict[str, Any] = {"__name__": "__main__"}
        self.printed: dict[int, str] = {}

    def cell(self, index: int, source: str) -> Any:
        """Run a cell; return the value of its last expression."""
        tree = ast.parse(source)
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        with contextlib.redirect_stdout(io.StringIO()) as stream:
            exec(_compiled(tree, "exec"), self.names)
            value = None
            if isinstance(last, ast.Expr):
                value = eval(_compiled(ast.Expression(last.value), "eval"), self.names)
        self.printed[index] = stream.getvalue()
        return value


def run_whole(made: Notebook, given: Given) -> PlainRun:
    """Run all cells; where none is tagged `parameters`, what is given is set in each cell."""
    plain = PlainRun()
    is_tagged = bool(made.parameters_cells)
    for cell in made.steps(parameterized=False):
        tree = ast.parse(cell.source)
        if PARAMETERS in cell.tags or not is_tagged:
            plain.names["__nbnodes_values__"] = given
            tree = bind_parameters(tree, frozenset(given))
        plain.cell(cell.index, ast.unparse(tree))
    return plain


def run_part(part: Part, made: Notebook, found: Split, values: Values, given: Given) -> PlainRun:
    """Run a part's own notebook in a new namespace; its value stands in `names` as `value`."""
    plain, places = PlainRun(), origins(part, found)
    wanted = {name: copied(values[giver])[name] for name, giver in part.reads.items()}
    wanted |= {name: value for name, value in given.items() if name in part.parameters}
    for cell in part_notebook(part, found, made).cells:
        if PARAMETERS in cell.tags:
            plain.names["__nbnodes_values__"] = wanted
            tree = bind_parameters(ast.parse(cell.source), frozenset(wanted))
            plain.cell(-1, ast.unparse(tree))
        else:
            value = plain.cell(places.get(cell.index, -1), cell.source)
            if RETURN in cell.tags:
                plain.names["value"] = value
    return plain


def run_parts(
    made: Notebook,
    found: Split,
    given: Given,
    earlier: Values | None = None,
    changed: str = "",
    *,
    how: Callable[[Callable[[], Ran]], Ran] = lambda function: function(),
) -> Ran:
    """Run the parts in order; with earlier values, only those that a changed parameter reaches.

    Args:
        made: The notebook.
        found: Its parts.
        given: The parameters.
        earlier: What the parts gave before.
        changed: The parameter that is not what it was then.
        how: What each part is run by; `apart`, say.

    Returns:
        What each part gives, and what each cell that ran printed.
    """
    values, printed, reached = dict(earlier or {}), dict[int, str](), set[str]()
    for part in found.parts:
        if earlier and changed not in part.parameters and not reached & {*part.reads.values()}:
            continue
        reached.add(part.name)
        values[part.name], prints = how(_running(part, made, found, values, given))
        printed |= prints
    printed.pop(-1, None)
    return values, printed


def _running(
    part: Part, made: Notebook, found: Split, values: Values, given: Given
) -> Callable[[], Ran]:
    def run() -> Ran:
        plain = run_part(part, made, found, values, given)
        return plain.names["value"], plain.printed

    return run


def apart(function: Callable[[], _T]) -> _T:
    """Call a function in a process of its own; what it does to modules stays there."""
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a process with threads is not to be forked, usually
        child = os.fork()
    if not child:
        with contextlib.suppress(BaseException), open(writing, "wb") as pipe:
            warnings.simplefilter("ignore")
            pipe.write(cloudpickle.dumps(_outcome(function)))
        os._exit(0)
    os.close(writing)
    with open(reading, "rb") as pipe:
        sent = pipe.read()
    os.waitpid(child, 0)
    is_error, value = cloudpickle.loads(sent)
    if is_error:
        raise AssertionError(value)
    result: _T = value
    return result


def final(found: Split, values: Values) -> dict[str, Any]:
    """Return what each name stands for in the end, of those that their last part gives."""
    names: dict[str, Any] = {}
    last: dict[str, str] = {}
    places = [(cell.index, part.name, cell) for part in found.parts for cell in part.cells]
    for _, part_name, cell in sorted(places, key=lambda place: place[0]):
        bound = map(name_bound_by, ast.walk(ast.parse(cell.source)))
        last |= {name: part_name for name in bound if name}
    for part in found.parts:
        given = values[part.name].items()
        names |= {name: value for name, value in given if last.get(name) == part.name}
    return names


def comparable(names: dict[str, Any]) -> dict[str, Any]:
    """Keep the names whose values can be compared."""
    plain = (bool, int, float, str, list, dict, set, tuple, type(None))
    return {
        n: repr(v) for n, v in names.items() if isinstance(v, plain) and " at 0x" not in repr(v)
    }


def assert_agreement(made: Notebook, changes: Given) -> None:
    """Check what parts print and give, as they stand and after each change by itself."""
    found = split(made)
    values, printed = run_parts(made, found, {}, how=apart)
    _assert_agrees(made, found, (values, printed), {})
    for parameter, value in changes.items():
        given = {parameter: value}
        again, prints = run_parts(made, found, given, values, parameter, how=apart)
        _assert_agrees(made, found, (again, printed | prints), given)


def _assert_agrees(made: Notebook, found: Split, ran: Ran, given: Given) -> None:
    values, printed = ran
    names, prints = apart(lambda: _whole_ran(made, given))
    assert printed == {i: text for i, text in prints.items() if text or i in printed}
    got = comparable(final(found, values))
    assert got == {name: names.get(name, text) for name, text in got.items()}


def _whole_ran(made: Notebook, given: Given) -> Ran:
    plain = run_whole(made, given)
    return comparable(plain.names), plain.printed


def copied(values: dict[str, Any]) -> dict[str, Any]:
    """Return what arrives of values that are sent elsewhere."""
    sent: dict[str, Any] = cloudpickle.loads(cloudpickle.dumps(values))
    return sent


def _outcome(function: Callable[[], Any]) -> tuple[bool, Any]:
    try:
        return False, function()
    except BaseException as error:  # noqa: BLE001  # it is told to the other process
        return True, repr(error)


def _compiled(tree: Any, mode: str) -> Any:
    return compile(ast.fix_missing_locations(tree), "<cell>", mode, dont_inherit=True)
