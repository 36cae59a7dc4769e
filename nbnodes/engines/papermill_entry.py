"""papermill's way in: `papermill --engine nbnodes` runs on `fork`; all else is papermill's.

papermill imports this module whenever it is imported itself, and in the middle of that: so nothing
of papermill, and nothing heavy, may be imported here before a notebook runs.
"""

from __future__ import annotations

import os
import platform
from functools import cache
from typing import TYPE_CHECKING, Any

from nbnodes.engines.registry import open_engine
from nbnodes.errors import KernelDiedError, RunCancelledError, RunTimeoutError

if TYPE_CHECKING:
    from nbnodes.engines.engine import Engine
    from nbnodes.engines.papermill_client import ToldClient
    from nbnodes.notebook.document import Notebook

_OPTIONS = {  # those of papermill's own engine, and of nbclient, that are kept here
    "allow_errors",
    "execution_timeout",
    "force_raise_errors",
    "input_path",
    "log_output",
    "output_path",
    "record_timing",
    "skip_cells_with_tag",
    "start_timeout",
    "stderr_file",
    "stdout_file",
    "store_widget_state",
    "timeout",
}


class PapermillEntry:
    """An engine as papermill calls one.

    See https://papermill.readthedocs.io/en/latest/extending-developing.html. It does not inherit
    from papermill's class, which may not exist yet when this module is imported.
    """

    @classmethod
    def execute_notebook(cls, nb: Any, kernel_name: str, **options: Any) -> Any:
        """Run a notebook as papermill's engines do, and return it."""
        from papermill.engines import Engine as PapermillsEngine

        return PapermillsEngine.execute_notebook.__func__(cls, nb, kernel_name, **options)

    @classmethod
    def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, **options: Any) -> None:
        """Run the cells; what needs a kernel, or a kernel's client, runs in papermill's own engine.

        Args:
            nb_man: papermill's NotebookExecutionManager: the notebook, and what keeps it current.
            kernel_name: The kernel that the notebook or the caller names.
            **options: As papermill's own engine has them.

        Raises:
            CellTimeoutError: If a cell took longer than `execution_timeout`.
            DeadKernelError: If the process died.
            NoSuchKernel: If no kernel of that name is installed.
        """
        from papermill.engines import NBClientEngine

        from nbnodes.engines.forkable import needs_kernel
        from nbnodes.engines.papermill_client import told_client

        if options.keys() <= _OPTIONS:
            client = told_client(nb_man, kernel_name, options)
            notebook = _as_run(nb_man.nb, client, kernel_name)
            if not needs_kernel(notebook, is_silent=True):  # its advice is for nbnodes' callers
                _run(client, notebook)
                return
        NBClientEngine.execute_managed_notebook(nb_man, kernel_name, **options)

    @classmethod
    def nb_kernel_name(cls, nb: Any, name: str | None = None) -> Any:
        """Return the kernel's name; the caller's, if there is one."""
        from papermill.utils import nb_kernel_name

        return nb_kernel_name(nb, name)

    @classmethod
    def nb_language(cls, nb: Any, language: str | None = None) -> Any:
        """Return the language; the caller's, if there is one."""
        from papermill.utils import nb_language

        return nb_language(nb, language)


def _run(client: ToldClient, notebook: Notebook) -> None:
    client.log.info("Executing notebook with kernel: %s", client.kernel_name)
    _run_cells(client, notebook)
    client.describe_language(_language_info())


def _run_cells(client: ToldClient, notebook: Notebook) -> None:
    from nbclient.exceptions import DeadKernelError

    from nbnodes.engines.engine import CancelToken, RunRequest
    from nbnodes.engines.papermill_record import Record

    cancel = CancelToken()
    record = Record(client, notebook, cancel)
    request = RunRequest(
        notebook=notebook,
        folder=os.getcwd(),  # papermill has gone to `cwd`
        cell_timeout_s=client.cell_timeout_s,
        output_size_bytes=0,  # of the Result, which nobody reads
        cancel=cancel,
        on_output=record.on_output,
        on_progress=record.on_progress,
    )
    try:
        record.begin()
        record.finish(_engine(os.getpid()).run(request))
    except RunCancelledError as error:
        raise record.problem or error from error
    except RunTimeoutError as error:
        raise record.timeout() from error
    except KernelDiedError as error:
        raise DeadKernelError(str(error)) from error
    finally:
        record.break_off()


def _as_run(nb: Any, client: ToldClient, kernel_name: str) -> Notebook:
    """Make the Notebook that engines run: of our tags, papermill knows `raises-exception` only."""
    from nbnodes.notebook.document import RAISES, parse

    cells = [
        {
            "cell_type": cell.cell_type,
            "source": cell.source if client.runs(cell) else "",
            "metadata": {"tags": [RAISES] if client.may_raise(cell) else []},
        }
        for cell in nb.cells
    ]
    kernel = {"name": kernel_name, "language": "python"}  # the name decides
    source = nb.metadata.papermill.get("input_path")
    name = os.path.basename(source) if isinstance(source, str) else "notebook"
    return parse({"cells": cells, "metadata": {"kernelspec": kernel}}, name=name)


def _language_info() -> dict[str, Any]:
    """Return what this interpreter's kernel would say of its language."""
    return {
        "codemirror_mode": {"name": "ipython", "version": 3},
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "name": "python",
        "nbconvert_exporter": "python",
        "pygments_lexer": "ipython3",
        "version": platform.python_version(),
    }


def _engine(pid: int) -> Engine:
    """Return the engine of a process's next run.

    The first run may be the only one, as a command's is: an interpreter started for it is ready
    before a template is. Children are not forked from this process itself, although that takes
    the least time: papermill has configured logging, has made a progress bar with a thread of its
    own and has imported hundreds of modules, and a notebook would see all of that.
    """
    name = "fork" if pid in _served else "spawn"
    _served.add(pid)
    return _opened(name, pid)


_served: set[int] = set()  # processes that have made a run


@cache
def _opened(name: str, pid: int) -> Engine:
    del pid  # tells a process forked from another, whose engine is none of its
    from nbnodes.engines.threads import at_exit

    engine = open_engine(name, lasting=name == "fork")
    at_exit(engine.close)
    return engine
