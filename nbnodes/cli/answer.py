"""A Result becomes what `run` leaves: the value on standard output, a failure on standard error."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from typing import Any

from nbnodes.cli.arguments import RunArguments
from nbnodes.errors import FormatError, UsageError
from nbnodes.formats import formats_of, json_text, jsonable, render
from nbnodes.notebook.failing import bare
from nbnodes.result import Failure, Result, Success


def print_value(
    result: Success,
    arguments: RunArguments,
    elapsed_s: float,
    *,
    is_value: bool,
    about: Mapping[str, Any] | None = None,
) -> str | bytes | dict[str, Any] | None:
    """Print the value; return what was printed, None for nothing.

    Args:
        result: What the notebook gave.
        arguments: The command.
        elapsed_s: How long the caller waited.
        is_value: Whether the notebook says what its value is.
        about: What else the JSON object tells.
    """
    if arguments.as_json:
        envelope = {**_envelope(result, elapsed_s), **(about or {})}
        print(json_text(envelope), flush=True)  # noqa: T201
        return envelope
    content = render(result, arguments.format)
    if isinstance(content, bytes):
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
        return content
    if not is_value and arguments.format == "text":
        return None
    content = content.rstrip("\n")
    print(content, flush=True)  # noqa: T201  # at exit a reader that left is an error
    return content


def write_executed(result: Result, path: str) -> None:
    """Write the executed notebook, a failed one too: what ran before the error is worth reading."""
    text = json.dumps(result.notebook_json(), indent=1, ensure_ascii=False)
    part = f"{path}.part"
    try:
        with open(part, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text + "\n")
        os.replace(part, path)
    except OSError as error:
        raise UsageError(f"-o {path}: {error.strerror or error}") from error


def explain(failure: Failure) -> None:
    """Write why a notebook failed, with its traceback."""
    lines = "\n".join(failure.error.traceback)
    if not sys.stderr.isatty():
        lines = bare(lines)
    sys.stderr.write(f"{lines}\n" if lines else "")
    sys.stderr.write(f"nbnodes: {failure.name} failed in {failure.error}\n")


def _envelope(result: Success, elapsed_s: float) -> dict[str, Any]:
    described: dict[str, Any] = {
        "cached": result.cached,
        "key": result.key,
        "engine": result.engine,
        "duration_s": round(elapsed_s, 6),
        "notebook": result.name,
    }
    try:
        return {"value": jsonable(result.value), **described}
    except FormatError:
        text = render(result, "text")
        return {"value": None, **described, "text": text, "formats": formats_of(result)}
