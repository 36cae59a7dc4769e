"""A Success is written in a format: one table says which there are, and who takes what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import TypeAlias

from nbnodes.errors import FormatError
from nbnodes.formats import documents
from nbnodes.formats.jsonable import has_json, json_text, jsonable
from nbnodes.result import Success

Limit: TypeAlias = int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A way to write a Result.

    Attributes:
        name: What people call it.
        media_type: What HTTP calls it.
        suffix: How the name of a file ends, with the dot.
        write: Writes a Result; a FormatError if it has no such form, or more elements than the
            limit.
        takes: Tells whether it would write; looks at no more than is needed.
    """

    name: str
    media_type: str
    suffix: str
    write: Callable[[Success, Limit], str | bytes]
    takes: Callable[[Success, Limit], bool]

    @property
    def content_type(self) -> str:
        """The media type with the encoding of text."""
        is_text = self.media_type.startswith("text/")
        return f"{self.media_type}; charset=utf-8" if is_text else self.media_type


def render(result: Success, name: str, *, limit: int | None = None) -> str | bytes:
    """Write a Result in a format: bytes for pictures and tables for programs, text for the others.

    Args:
        result: The Result.
        name: The format's name.
        limit: How many elements a value may have that is written as JSON or CSV; None for no limit.

    Raises:
        FormatError: If the value has no such form; names the formats that it has.
    """
    format_ = format_named(name)
    try:
        return format_.write(result, limit)
    except FormatError as error:
        usable = ", ".join(formats_of(result, limit=limit))
        raise FormatError(f"{error}; it can be written as: {usable}") from None


def formats_of(result: Success, *, limit: int | None = None) -> tuple[str, ...]:
    """Return the formats that a Result can be written in. Writes none of them to find out."""
    return tuple(name for name, format_ in FORMATS.items() if format_.takes(result, limit))


def format_named(name: str) -> Format:
    """Return a format.

    Raises:
        FormatError: If there is none of that name; names those that there are.
    """
    found = FORMATS.get(name)
    if found is None:
        raise FormatError(f"there is no format {name!r}; there are: {', '.join(FORMATS)}")
    return found


def encoded(content: str | bytes) -> bytes:
    r"""Return what was written as bytes: UTF-8, and half a character (`\ud800`) as its escape."""
    return content if isinstance(content, bytes) else content.encode(errors="backslashreplace")


def _tables() -> ModuleType:
    """Load what few runs need: a command's start is felt."""
    from nbnodes.formats import tables

    return tables


def _pictures() -> ModuleType:
    from nbnodes.formats import pictures

    return pictures


_ALL = (
    Format(
        name="text",
        media_type="text/plain",
        suffix=".txt",
        write=lambda result, _: documents.text(result),
        takes=lambda _, __: True,
    ),
    Format(
        name="json",
        media_type="application/json",
        suffix=".json",
        write=lambda result, limit: json_text(jsonable(result.value, limit=limit)),
        takes=lambda result, limit: has_json(result.value, limit=limit),
    ),
    Format(
        name="html",
        media_type="text/html",
        suffix=".html",
        write=lambda result, _: documents.html_text(result),
        takes=lambda _, __: True,
    ),
    Format(
        name="csv",
        media_type="text/csv",
        suffix=".csv",
        write=lambda result, limit: str(_tables().csv(result, limit)),
        takes=lambda result, limit: bool(_tables().has_csv(result, limit)),
    ),
    Format(
        name="parquet",
        media_type="application/vnd.apache.parquet",
        suffix=".parquet",
        write=lambda result, _: bytes(_tables().parquet(result)),
        takes=lambda result, _: bool(_tables().has_parquet(result)),
    ),
    Format(
        name="arrow",
        media_type="application/vnd.apache.arrow.stream",
        suffix=".arrows",
        write=lambda result, _: bytes(_tables().arrow(result)),
        takes=lambda result, _: bool(_tables().has_arrow(result)),
    ),
    Format(
        name="png",
        media_type="image/png",
        suffix=".png",
        write=lambda result, _: bytes(_pictures().png(result)),
        takes=lambda result, _: bool(_pictures().has_png(result)),
    ),
    Format(
        name="svg",
        media_type="image/svg+xml",
        suffix=".svg",
        write=lambda result, _: str(_pictures().svg(result)),
        takes=lambda result, _: bool(_pictures().has_svg(result)),
    ),
    Format(
        name="ipynb",
        media_type="application/x-ipynb+json",
        suffix=".ipynb",
        write=lambda result, _: documents.notebook_text(result),
        takes=lambda result, _: documents.has_notebook(result),
    ),
)
FORMATS: Mapping[str, Format] = {format_.name: format_ for format_ in _ALL}
