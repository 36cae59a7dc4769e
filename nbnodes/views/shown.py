"""A Result becomes what an `Output` widget shows: nbformat's outputs, an error as a card."""

from __future__ import annotations

import html
from typing import Any, TypeAlias

from nbnodes.live.drawn import drawn
from nbnodes.notebook.failing import bare
from nbnodes.result import CallError, CellError, Failure, Output, Result

Outputs: TypeAlias = tuple[Output, ...]

_LAST_LINES = 12  # of a traceback


def shown(result: Result) -> Outputs:
    """Return what to show of a Result.

    Of a notebook its value; where it has none, all that it displayed. Of a function what it printed
    and displayed, then its value.
    """
    if isinstance(result, Failure):
        card = _display({"text/html": _card(result), "text/plain": str(result.error)})
        return (*_printed(result), card)
    found = result.displayed_value
    displayed = None if found is None else _plain(found)
    if is_function_result(result):
        value = (displayed,) if displayed is not None else _shown_value(result.value)
        return (*_printed(result), *value)
    if displayed is not None:
        return (displayed,)
    if result.outputs:
        return tuple(_plain(output) for output in result.outputs)
    return _shown_value(result.value)


def undrawable(result: Result, error: BaseException) -> Outputs:
    """Return what to show in the place of a Result that cannot be drawn."""
    text = f"{result.name} has a value that cannot be drawn: {type(error).__name__}: {error}"
    card = f'<div class="nbnodes-error" role="alert">{html.escape(text)}</div>'
    return (_display({"text/html": card, "text/plain": text}),)


def is_function_result(result: Result) -> bool:
    """Whether a function gave it: it comes with no notebook."""
    return result.document is None and result.executed is None


def shown_object(value: Any) -> Output:
    """Return how Jupyter shows an object; text as text."""
    if isinstance(value, str):
        return {"output_type": "stream", "name": "stdout", "text": value}
    return _display(*drawn(value))


def _printed(result: Result) -> Outputs:
    """Return what a function printed and displayed besides its value."""
    if not is_function_result(result):
        return ()
    kinds = ("stream", "display_data")
    return tuple(_plain(one) for one in result.outputs if one["output_type"] in kinds)


def _shown_value(value: Any) -> Outputs:
    is_empty = value is None or (isinstance(value, str) and not value)
    return () if is_empty else (shown_object(value),)


def _plain(output: Output) -> Output:
    """Return an output of a cell as one that any cell could show."""
    if output["output_type"] == "execute_result":
        return _display(dict(output["data"]), dict(output.get("metadata", {})))
    return dict(output)


def _display(data: dict[str, Any], metadata: dict[str, Any] | None = None) -> Output:
    return {"output_type": "display_data", "data": data, "metadata": metadata or {}}


def _card(failure: Failure) -> str:
    """Draw a failure: where it happened, what was said, the last lines of the traceback."""
    error = failure.error
    title = html.escape(f"{error.ename}: {error.evalue}" if error.evalue else error.ename)
    lines = bare("\n".join(error.traceback)).rstrip().splitlines()
    traced = html.escape("\n".join(lines[-_LAST_LINES:]))
    trace = f'<pre class="nbnodes-traceback">{traced}</pre>' if traced else ""
    return (
        f'<div class="nbnodes-error" role="alert"><p class="nbnodes-error-place">'
        f"{html.escape(_place(failure.name, error))}</p>"
        f'<p class="nbnodes-error-title">{title}</p>{trace}</div>'
    )


def _place(name: str, error: CellError) -> str:
    return name if isinstance(error, CallError) else f"{name}, cell {error.cell_index + 1}"
