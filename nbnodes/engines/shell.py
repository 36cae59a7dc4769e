"""An IPython shell without terminal, kernel or history that feeds an OutputLog."""

from __future__ import annotations

import asyncio
import atexit
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from IPython.core.displayhook import DisplayHook  # noqa: TID253  # this module is imported lazily
from IPython.core.displaypub import DisplayPublisher  # noqa: TID253
from IPython.core.interactiveshell import InteractiveShell  # noqa: TID253
from traitlets.config import Config

from nbnodes.engines.collect import RaisedError
from nbnodes.engines.outputs import OutputLog

_CONFIG = Config({"HistoryManager": {"enabled": False}, "InteractiveShell": {"autoindent": False}})


class _Publisher(DisplayPublisher):
    log: OutputLog

    def publish(  # type: ignore[override]
        self,
        data: dict[str, Any],
        metadata: dict[str, Any] | None = None,
        *,
        transient: dict[str, Any] | None = None,
        update: bool = False,
        **_: Any,
    ) -> None:
        kind = "update_display_data" if update else "display_data"
        content = {"data": data, "metadata": metadata or {}, "transient": transient or {}}
        self.log.feed(kind, content)

    def clear_output(self, wait: bool = False) -> None:
        self.log.feed("clear_output", {"wait": wait})


class _Hook(DisplayHook):
    log: OutputLog

    def start_displayhook(self) -> None:
        pass

    def write_output_prompt(self) -> None:
        pass

    def write_format_data(
        self, format_dict: dict[str, Any], md_dict: dict[str, Any] | None = None
    ) -> None:
        self.log.feed("execute_result", {"data": format_dict, "metadata": md_dict or {}})

    def finish_displayhook(self) -> None:
        pass


class NotebookShell(InteractiveShell):
    """The shell of one run.

    Attributes:
        raised: What the last cell raised; None if it ended well.
        exit_asked: Whether a cell called `exit()`.
    """

    raised: RaisedError | None = None
    exit_asked = False

    def __init__(self, log: OutputLog) -> None:
        module = ModuleType("__main__")
        super().__init__(  # type: ignore[no-untyped-call]
            config=_CONFIG,
            user_module=module,
            displayhook_class=_Hook,
            display_pub_class=_Publisher,
        )
        self._log = log
        vars(self.displayhook)["log"] = vars(self.display_pub)["log"] = log

    def run_cell(self, raw_cell: str, *args: Any, **kwargs: Any) -> Any:
        """Run a cell; what it raised is in `raised` afterwards."""
        self.raised = None
        return super().run_cell(raw_cell, *args, **kwargs)  # type: ignore[no-untyped-call]

    def ask_exit(self) -> None:
        """End the notebook after this cell."""
        self.exit_asked = True

    def enable_gui(self, gui: str | None = None) -> None:
        """Start no event loop of a window system."""

    def init_virtualenv(self) -> None:
        """Leave `sys.path` alone: this interpreter is the right one."""

    def _showtraceback(self, etype: type[BaseException], evalue: object, stb: list[str]) -> None:
        self.raised = RaisedError(ename=etype.__name__, evalue=str(evalue), traceback=tuple(stb))
        content = {"ename": etype.__name__, "evalue": str(evalue), "traceback": list(stb)}
        self._log.feed("error", content)


@contextmanager
def open_shell(log: OutputLog) -> Iterator[NotebookShell]:
    """Make a shell the current one for a block, so that `display` and `get_ipython` find it."""
    loop = asyncio.new_event_loop()  # one for the whole run: tasks live on between cells
    classes: tuple[Any, ...] = (NotebookShell, InteractiveShell)
    before = [cls._instance for cls in classes]
    shell = NotebookShell(log)
    shell.loop_runner = loop.run_until_complete
    try:
        for cls in classes:
            cls._instance = shell
        _connect_figures(shell)
        yield shell
    finally:
        for cls, instance in zip(classes, before, strict=True):
            cls._instance = instance
        atexit.unregister(shell.atexit_operations)
        shell.restore_sys_module_state()  # type: ignore[no-untyped-call]
        loop.close()


def _connect_figures(shell: NotebookShell) -> None:
    """Have figures shown at each cell's end, also if an earlier run loaded the inline backend."""
    if "matplotlib_inline.backend_inline" in sys.modules:
        from matplotlib_inline.backend_inline import configure_inline_support

        if "matplotlib.pyplot" in sys.modules:
            import matplotlib.pyplot as plt

            plt.switch_backend("module://matplotlib_inline.backend_inline")
        configure_inline_support(shell, "module://matplotlib_inline.backend_inline")
