"""A Failure becomes HTML: where it happened, the line, what was raised, what to do. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from nbnodes.notebook.document import Notebook
from nbnodes.notebook.failing import failing_line
from nbnodes.page.drawing.plain import pre
from nbnodes.page.markup import tag
from nbnodes.page.markup import text as escaped
from nbnodes.result import CallError, CellError, Failure

_LONGEST = 4000
_AROUND = 2  # lines before and after the one that failed
_PATH = re.compile(
    r"(?<![\w./:~\\])(?:~|[A-Za-z]:(?=[\\/]))?(?:[\\/][^\s\\/:'\"<>|()]+)+[\\/](?=[^\s\\/])"
)
_ADVICE = "Change the parameters and run again, or mend the notebook."
_ADVICE_ON_FUNCTIONS = "Mend the function, or change what it is given."


def failure_html(failure: Failure, notebook: Notebook | None, *, debug: bool) -> str:
    """Write what is to be known of a Failure.

    Args:
        failure: What happened.
        notebook: Where; None for a function.
        debug: Whether to show the traceback, and paths of this machine.
    """
    error = failure.error
    is_call = isinstance(error, CallError)
    where = failure.name if is_call else f"{failure.name}, cell {error.cell_index + 1}"
    source = "" if notebook is None else _source(error, notebook)
    inner = [
        tag("p", escaped(where), class_="nb-error-place"),
        source,
        raised_html(error.ename, error.evalue, error.traceback, debug=debug),
        tag("p", _ADVICE if notebook is not None else _ADVICE_ON_FUNCTIONS),
    ]
    return tag("div", *inner, class_="nb-error", role="alert")


def raised_html(ename: str, evalue: str, traceback: Iterable[str], *, debug: bool) -> str:
    """Write an exception: its name and message, its traceback only for those who debug."""
    said = evalue if debug else _without_paths(evalue[:_LONGEST])
    title = f"{ename}: {said}" if said else ename
    more = "…" if len(evalue) > _LONGEST else ""
    shown = tag("p", escaped(title[: 2 * _LONGEST]) + more, class_="nb-error-title")
    lines = "\n".join(traceback) if debug else ""
    if not lines:
        return shown
    return shown + tag("details", tag("summary", "Traceback"), pre(lines, name="nb-traceback"))


def _source(error: CellError, notebook: Notebook) -> str:
    """Write the lines about the one that failed, which is marked."""
    line = failing_line(error, notebook)
    if line is None:
        return ""
    lines = notebook.cells[error.cell_index].source.splitlines()
    first = max(line.number - _AROUND, 1)
    shown = enumerate(lines[first - 1 : line.number + _AROUND], start=first)
    written = (_line(number, text, is_marked=number == line.number) for number, text in shown)
    return tag("pre", *written, class_="nb-source", tabindex=0)


def _line(number: int, text: str, *, is_marked: bool) -> str:
    told = escaped(f"{'→' if is_marked else ' '} {number:3}  {text[:300]}")
    return (tag("mark", told) if is_marked else told) + "\n"


def _without_paths(text: str) -> str:
    """Leave of every path of this machine only its last part."""
    return _PATH.sub("…/", text)
