"""`nbnodes run`: the value goes to standard output, and all the rest to standard error."""

from __future__ import annotations

import os
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from nbnodes.cache.schema import FILE_NAME
from nbnodes.cli import shortcut
from nbnodes.cli.answer import explain, print_value, write_executed
from nbnodes.cli.arguments import RunArguments
from nbnodes.cli.bar import progress_bar
from nbnodes.engines.engine import Progress
from nbnodes.engines.kernels.kernelspec import kernelspec_files
from nbnodes.notebook.surroundings import local_roots
from nbnodes.project import Project
from nbnodes.result import Failure, Result, Success
from nbnodes.scheduler.options import RunOptions
from nbnodes.session import Model, Session


def run_notebook(arguments: RunArguments, words: Sequence[str] = ()) -> int:
    """Run a notebook, or a node of a graph, and print its value; return the exit code.

    Args:
        arguments: The command.
        words: The words it was read from, to answer the same words sooner next time.

    Raises:
        NbnodesError: Wrong usage, or the machine's failure.
    """
    began_ns = time.time_ns()
    arguments.check()
    if arguments.is_of_graph:
        from nbnodes.cli.node import run_node

        return run_node(arguments)
    if arguments.quiet:
        warnings.simplefilter("ignore")
    project = Project.at(cache=arguments.cache, engine=arguments.engine)
    with project.session(lasting=False) as session:
        model = session.model(arguments.notebook)
        result, elapsed_s = _run(session, model, arguments)
        if arguments.output:
            write_executed(result, arguments.output)
        if isinstance(result, Failure):
            explain(result)
            return 1
        if arguments.verbose:
            sys.stderr.write(result.stdout + result.stderr)
        is_value = model.notebook.return_cell is not None
        printed = print_value(result, arguments, elapsed_s, is_value=is_value)
        if printed is not None:
            _lay_shortcut(session, model, result, words, printed, began_ns)
    return 0


def _run(session: Session, model: Model, arguments: RunArguments) -> tuple[Result, float]:
    use: bool | str = "refresh" if arguments.refresh else not arguments.no_cache
    started_at = time.monotonic()
    with progress_bar(model.name, "cells", quiet=arguments.quiet) as show:
        options = RunOptions(
            cache=use,
            timeout_s=arguments.timeout_s,
            cell_timeout_s=arguments.cell_timeout_s,
            cwd=arguments.cwd,
            on_progress=partial(_show, show),
        )
        result = session.run(model, arguments.values(), options)
    return result, time.monotonic() - started_at


def _show(show: Callable[..., None], progress: Progress) -> None:
    note = "" if progress.said is None else str(progress.said)
    show(progress.done, progress.total, note, part=progress.part)


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
