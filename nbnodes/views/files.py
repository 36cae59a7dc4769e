"""A Result becomes a file that a person saves; which formats are worth offering is quick to say."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from nbnodes.errors import FormatError
from nbnodes.formats.documents import has_notebook
from nbnodes.formats.formats import encoded, format_named, render
from nbnodes.formats.jsonable import json_text
from nbnodes.formats.pictures import has_png, has_svg
from nbnodes.result import Failure, Result, Success

_NOTEBOOK = "ipynb"


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file to save.

    Attributes:
        name: What it is called.
        mime: Its MIME type.
        content: What is in it.
    """

    name: str
    mime: str
    content: bytes = field(repr=False)


def offered(result: Result) -> list[str]:
    """Return the formats worth offering; whether the value has them all, saving will tell."""
    found = []
    if isinstance(result, Success):
        found += ["json"] if _may_be_json(result.value) else []
        found += ["csv"] if _may_be_table(result.value) else []
        found += ["png"] if has_png(result) else []
        found += ["svg"] if has_svg(result) else []
    if has_notebook(result):
        found.append(_NOTEBOOK)
    return found


def written(result: Result, stem: str, format_name: str) -> File:
    """Write a Result as a file.

    Args:
        result: The Result.
        stem: The file's name, without the format.
        format_name: One of those that are offered; it ends the name.

    Raises:
        FormatError: If the Result has no such form.
        LookupError: If it does not carry its notebook.
    """
    format_ = format_named(format_name)
    if format_name == _NOTEBOOK:
        content: str | bytes = json_text(result.notebook_json())
    elif isinstance(result, Failure):
        raise FormatError(f"{result.name} has failed: there is no value to save")
    else:
        content = render(result, format_name)
    return File(
        name=f"{stem}{format_.suffix}",
        mime=format_.media_type,
        content=encoded(content),
    )


def _may_be_json(value: Any) -> bool:
    library = type(value).__module__.partition(".")[0]
    return library in ("builtins", "datetime", "decimal", "numpy", "pandas", "uuid")


def _may_be_table(value: Any) -> bool:
    return hasattr(value, "to_csv") or (isinstance(value, list | tuple) and bool(value))
