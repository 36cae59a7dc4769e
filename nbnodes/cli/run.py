"""`nbnodes run`: the value goes to standard output, and all the rest to standard error."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from nbnodes.cache.schema import FILE_NAME
from nbnodes.cli import shortcut
from nbnodes.cli.arguments import RunArguments
from nbnodes.engines.engine import Progress
from nbnodes.engines.kernels.kernelspec import kernelspec_files
from nbnodes.errors import FormatError, UsageError
from nbnodes.formats import formats_of, json_text, jsonable, render
from nbnodes.notebook.surroundings import local_roots
from nbnodes.project import Project
from nbnodes.result import Failure, Result, Success
from nbnodes.scheduler.options import RunOptions
from nbnodes.session import Model, Session

_TICK_S = 0.5  # how often a bar's clock is redrawn


def run_notebook(arguments: RunArguments, words: Sequence[str] = ()) -> int:
    """Run a notebook and print its value; return the exit code.

    Args:
        arguments: The command.
        words: The words it was read from, to answer the same words sooner next time.

    Raises:
        NbnodesError: Wrong usage, or the machine's failure.
    """
    began_ns = time.time_ns()
    _check(arguments)
    if arguments.quiet:
        warnings.simplefilter("ignore")
    project = Project.at(cache=arguments.cache, engine=arguments.engine)
    with project.session(lasting=False) as session:
        model = session.model(arguments.notebook)
        result, elapsed_s = _run(session, model, arguments)
        if arguments.output:
            _write_notebook(result, arguments.output)
        if isinstance(result, Failure):
            _explain(result)
            return 1
        if arguments.verbose:
            sys.stderr.write(result.stdout + result.stderr)
        printed = _print_value(result, model, arguments, elapsed_s)
        if printed is not None:
            _lay_shortcut(session, model, result, words, printed, began_ns)
    return 0


def _check(arguments: RunArguments) -> None:
    if arguments.no_cache and arguments.refresh:
        raise UsageError("--no-cache and --refresh exclude each other")
    if arguments.as_json and arguments.format not in ("text", "json"):
        raise UsageError(f"--json and --format {arguments.format} exclude each other")
    for option, limit_s in (
        ("--timeout", arguments.timeout_s),
        ("--cell-timeout", arguments.cell_timeout_s),
    ):
        if limit_s is not None and not limit_s >= 0:
            raise UsageError(f"{option} {limit_s:g}: expected 0 (no limit) or more seconds")
    if arguments.cwd is not None and not os.path.isdir(arguments.cwd):
        raise UsageError(f"--cwd {arguments.cwd}: there is no such folder")


def _run(session: Session, model: Model, arguments: RunArguments) -> tuple[Result, float]:
    use: bool | str = "refresh" if arguments.refresh else not arguments.no_cache
    started_at = time.monotonic()
    with _progress_bar(model, quiet=arguments.quiet) as on_progress:
        options = RunOptions(
            cache=use,
            timeout_s=arguments.timeout_s,
            cell_timeout_s=arguments.cell_timeout_s,
            cwd=arguments.cwd,
            on_progress=on_progress,
        )
        result = session.run(model, arguments.values(), options)
    return result, time.monotonic() - started_at


@contextmanager
def _progress_bar(model: Model, *, quiet: bool) -> Iterator[Callable[[Progress], None]]:
    """Show cells done and time elapsed on a terminal; elsewhere nothing."""
    if quiet or not sys.stderr.isatty():
        yield lambda _: None
        return
    with ExitStack() as stack:
        bar: list[Any] = []

        def advance(progress: Progress) -> None:
            if not bar:
                bar.append(stack.enter_context(_open_bar(model.name, progress.total)))
            bar[0].update(progress.done - bar[0].n)

        yield advance


@contextmanager
def _open_bar(name: str, total: int) -> Iterator[Any]:
    """Open a bar whose clock goes on while a cell takes its time."""
    from tqdm import tqdm

    shape = "{desc}: {n_fmt}/{total_fmt} cells |{bar}| {elapsed}"
    ended = threading.Event()
    with tqdm(
        desc=name,
        total=total,
        leave=False,
        bar_format=shape,
        mininterval=0,
        miniters=1,
        ncols=72,
        nrows=2,  # some terminals say that they have none, and would show nothing
    ) as bar:

        def tick() -> None:
            while not ended.wait(_TICK_S):
                bar.refresh()

        ticker = threading.Thread(target=tick, name="nbnodes-progress", daemon=True)
        ticker.start()
        try:
            yield bar
        finally:
            ended.set()
            ticker.join()


def _print_value(
    result: Success, model: Model, arguments: RunArguments, elapsed_s: float
) -> str | bytes | dict[str, Any] | None:
    """Print the value; return what was printed, None for nothing."""
    if arguments.as_json:
        envelope = _envelope(result, elapsed_s)
        print(json_text(envelope), flush=True)  # noqa: T201
        return envelope
    content = render(result, arguments.format)
    if isinstance(content, bytes):
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
        return content
    if model.notebook.return_cell is None and arguments.format == "text":
        return None
    content = content.rstrip("\n")
    print(content, flush=True)  # noqa: T201  # at exit a reader that left is an error
    return content


def _lay_shortcut(  # what was asked, when, and what was answered
    session: Session,
    model: Model,
    result: Success,
    words: Sequence[str],
    printed: str | bytes | dict[str, Any],
    began_ns: int,
) -> None:
    """Have the same words answered sooner, where the run is kept on disk."""
    notebook = model.notebook
    kept = result.key is not None and session.store is not None and bool(words)
    if not kept or notebook.path is None or not notebook.parameters_cells:
        return
    index = os.path.join(session.store.location, FILE_NAME) if session.store else ""
    folder = notebook.folder
    surroundings = session.survey(model)
    named = [os.path.join(folder, name) for name in (*surroundings.modules, *surroundings.files)]
    is_direct = notebook.path in {os.path.abspath(os.path.expanduser(word)) for word in words}
    if surroundings.packages or not is_direct:  # a link may come to lead elsewhere
        return
    named += kernelspec_files(notebook.kernel_name)
    roots = {folder, *(os.path.dirname(path) for path in named), *local_roots()}
    files = {notebook.path, *named, *roots}
    key = str(result.key)
    shortcut.remember(words, printed, index=index, key=key, files=files, began_ns=began_ns)


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


def _write_notebook(result: Result, path: str) -> None:
    """Write the executed notebook, a failed one too: what ran before the error is worth reading."""
    text = json.dumps(result.notebook_json(), indent=1, ensure_ascii=False)
    part = f"{path}.part"
    try:
        with open(part, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text + "\n")
        os.replace(part, path)
    except OSError as error:
        raise UsageError(f"-o {path}: {error.strerror or error}") from error


def _explain(failure: Failure) -> None:
    lines = "\n".join(failure.error.traceback)
    if not sys.stderr.isatty():
        import re

        lines = re.sub(r"\x1b\[[0-9;]*m", "", lines)
    sys.stderr.write(f"{lines}\n" if lines else "")
    sys.stderr.write(f"nbnodes: {failure.name} failed in {failure.error}\n")
