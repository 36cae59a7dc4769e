"""A Success becomes what a person reads: text, HTML as Jupyter shows it, the executed notebook."""

from __future__ import annotations

from typing import Any

from nbnodes.errors import FormatError
from nbnodes.formats.integers import int_text, of_any_length
from nbnodes.formats.jsonable import json_text, jsonable
from nbnodes.result import Result, Success


def text(result: Success) -> str:
    """Write the value as text: a text as it is, others as the `return` cell showed them."""
    value = result.value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int):
        return int_text(value)
    bundle = _shown(result)
    return joined(bundle["text/plain"]) if "text/plain" in bundle else plain_text(value)


def html_text(result: Success) -> str:
    """Write what the `return` cell showed, as HTML; where that is no picture, its text."""
    import html

    bundle = _shown(result)
    if "text/html" in bundle:
        return joined(bundle["text/html"])
    if "image/svg+xml" in bundle:
        return joined(bundle["image/svg+xml"])
    if "image/png" in bundle:
        picture = f"data:image/png;base64,{joined(bundle['image/png'])}"
        return f'<img alt="{html.escape(result.name)}" src="{picture}">'
    return f"<pre>{html.escape(text(result))}</pre>"


def notebook_text(result: Success) -> str:
    """Write the executed notebook.

    Raises:
        FormatError: If the Result was made without its notebook.
    """
    try:
        return json_text(jsonable(result.notebook_json()))
    except LookupError as error:
        raise FormatError(str(error)) from None


def has_notebook(result: Result) -> bool:
    """Tell whether a Result carries its notebook."""
    return result.executed is not None or result.document is not None


def plain_text(value: Any) -> str:
    """Return a value's text, whatever it is; of one whose own text fails, what it is."""
    try:
        return of_any_length(lambda: repr(value))
    except Exception as error:  # noqa: BLE001  # the notebook's own code, whatever it raises
        kind = type(value)
        return f"<{kind.__module__}.{kind.__qualname__}, no text: {type(error).__name__}>"


def joined(text: str | list[str]) -> str:
    """Return a text that nbformat may keep in lines."""
    return text if isinstance(text, str) else "".join(text)


def _shown(result: Success) -> dict[str, Any]:
    output = result.displayed_value
    return {} if output is None else dict(output["data"])
