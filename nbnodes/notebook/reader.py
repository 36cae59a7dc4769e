"""A path, URL, NotebookNode or JSON object becomes a Notebook. The only module that reads them."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any, TypeAlias

from nbnodes.errors import NotebookError
from nbnodes.notebook.document import Notebook, parse
from nbnodes.notebook.quiet import quietly

Source: TypeAlias = str | os.PathLike[str] | Mapping[str, Any] | Notebook
"""What can be read: a path, a URL, nbformat JSON (a `NotebookNode` is one), or what was read."""

_FORMAT = 4


def read(source: Source) -> Notebook:
    """Read a notebook.

    Files in nbformat 4 are read as plain JSON. Older formats go through nbformat, URLs through
    papermill's handlers (https://papermill.readthedocs.io/en/latest/reference/papermill-io.html),
    text notebooks (`.py`, `.md`, …) through jupytext.

    Raises:
        NotebookError: If there is no such file or it is not a notebook; says what is wrong where.
    """
    if isinstance(source, Notebook):
        return source
    if isinstance(source, Mapping):
        return parse(_current(source, "the notebook object"), name="notebook")
    location = os.fspath(source)
    name = os.path.basename(location) or location
    if "://" in location:
        return parse(_fetched(location), name=name, path=location)
    path = os.path.realpath(os.path.expanduser(location))
    document = _loads(_file_text(path, location), location, os.path.splitext(path)[1])
    return parse(_current(document, location), name=name, path=path)


def _file_text(path: str, location: str) -> str:
    try:
        with open(path, encoding="utf-8-sig") as file:
            return file.read()
    except FileNotFoundError:
        raise NotebookError(location, ["there is no such file" + _neighbours(path)]) from None
    except UnicodeDecodeError as error:
        raise NotebookError(location, [f"it is not UTF-8 text (byte {error.start})"]) from None
    except OSError as error:
        raise NotebookError(location, [str(error.strerror or error)]) from error


def _neighbours(path: str) -> str:
    """Name a notebook that the caller may have meant."""
    import difflib

    folder, wanted = os.path.split(path)
    try:
        names = [name for name in os.listdir(folder) if name.endswith(".ipynb")]
    except OSError:
        return ""
    near = difflib.get_close_matches(wanted, names, n=1, cutoff=0.75) or [
        n for n in names if n == f"{wanted}.ipynb"
    ]
    return f"; did you mean {near[0]}?" if near else ""


def _loads(text: str, location: str, suffix: str) -> Any:
    if suffix.lower() not in (".ipynb", ".json", ""):
        return _text_notebook(text, location, suffix)
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise NotebookError(location, [f"it is not JSON ({where}: {error.msg})"]) from None
    except RecursionError:
        raise NotebookError(location, ["its JSON is nested too deeply"]) from None
    except ValueError as error:  # an integer of more digits than Python converts
        raise NotebookError(location, [f"it is not a notebook's JSON ({error})"]) from None


def _text_notebook(text: str, location: str, suffix: str) -> Any:
    try:
        import jupytext
    except ImportError:
        hint = f"reading *{suffix} needs jupytext: pip install 'nbnodes[jupytext]'"
        raise NotebookError(location, [hint]) from None
    try:
        return jupytext.reads(text, fmt=suffix.lstrip("."))
    except Exception as error:
        # jupytext raises many kinds; all of them mean that this text is no notebook
        raise NotebookError(location, [f"jupytext: {error}"]) from error


def _fetched(location: str) -> Mapping[str, Any]:
    from papermill.exceptions import PapermillException
    from papermill.iorw import papermill_io

    try:
        text = papermill_io.read(location, extensions=[])
    except (PapermillException, ImportError, OSError) as error:
        raise NotebookError(location, [f"papermill: {error}"]) from error
    return _current(_loads(text.removeprefix("\ufeff"), location, ".ipynb"), location)


def _current(document: Any, location: str) -> Mapping[str, Any]:
    """Bring an older format to nbformat 4."""
    if not isinstance(document, Mapping):
        raise NotebookError(location, [f"expected a JSON object, found {type(document).__name__}"])
    major = document.get("nbformat", _FORMAT if "cells" in document else None)
    if major == _FORMAT:
        return document
    if not isinstance(major, int):
        found = "it has no" if major is None else f"{major!r} is no"
        raise NotebookError(location, [f"{found} `nbformat` number"])
    if major > _FORMAT:
        raise NotebookError(
            location, [f"nbformat {major} is newer than what this version reads (4)"]
        )
    import nbformat

    with quietly():  # nbformat warns of each thing that it mends
        try:
            upgraded: Mapping[str, Any] = nbformat.reads(json.dumps(document), as_version=_FORMAT)
        except Exception as error:
            # nbformat's converters raise whatever a malformed old file runs into
            raise NotebookError(location, [f"nbformat {major}: {error!r}"]) from error
    return upgraded
