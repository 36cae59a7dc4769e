"""An IPython shell without terminal, kernel or history that feeds an OutputLog."""

from __future__ import annotations

import asyncio
import atexit
import base64
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from IPython.core.displayhook import DisplayHook  # noqa: TID253  # this module is imported lazily
from IPython.core.displaypub import DisplayPublisher  # noqa: TID253
from IPython.core.interactiveshell import InteractiveShell  # noqa: TID253
from traitlets.config import Config

from nbnodes.engines.loops import close_loop
from nbnodes.engines.outputs import INLINE_BACKEND, Feed
from nbnodes.engines.raised import RaisedError

_CONFIG = Config({"HistoryManager": {"enabled": False}, "InteractiveShell": {"autoindent": False}})


class _Publisher(DisplayPublisher):
    log: Feed

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
        content = {
            "data": _as_sent(data),
            "metadata": _as_sent(metadata or {}),
            "transient": transient or {},
        }
        self.log.feed(kind, content)

    def clear_output(self, wait: bool = False) -> None:
        self.log.feed("clear_output", {"wait": wait})


class _Hook(DisplayHook):
    log: Feed

    def start_displayhook(self) -> None:
        pass

    def write_output_prompt(self) -> None:
        pass

    def write_format_data(
        self, format_dict: dict[str, Any], md_dict: dict[str, Any] | None = None
    ) -> None:
        content = {"data": _as_sent(format_dict), "metadata": _as_sent(md_dict or {})}
        self.log.feed("execute_result", content)

    def finish_displayhook(self) -> None:
        pass


def _as_sent(bundle: dict[str, Any]) -> dict[str, Any]:
    """Return a mime bundle as the Jupyter protocol would carry it: JSON, pictures in base64."""
    return {mime: part if isinstance(part, str) else _part(part) for mime, part in bundle.items()}


def _part(part: Any) -> Any:
    if isinstance(part, bytes):
        return base64.b64encode(part).decode()
    return json.loads(json.dumps(part, default=str))


class NotebookShell(InteractiveShell):
    """The shell of one run.

    Attributes:
        raised: What the last cell raised; None if it ended well.
        exit_asked: Whether a cell called `exit()`.
        loop: The event loop of the run; tasks live on between cells.
    """

    raised: RaisedError | None = None
    exit_asked = False

    def __init__(self, log: Feed, loop: asyncio.AbstractEventLoop) -> None:
        module = ModuleType("__main__")
        super().__init__(  # type: ignore[no-untyped-call]
            config=_CONFIG,
            user_module=module,
            displayhook_class=_Hook,
            display_pub_class=_Publisher,
        )
        self._log = log
        self.loop = loop
        vars(self.displayhook)["log"] = vars(self.display_pub)["log"] = log

    def run_in_loop(self, source: str) -> None:
        """Run a cell while the run's event loop runs, as in a kernel; see `raised` afterwards."""
        self.raised = None
        self.loop.run_until_complete(self._run_in_loop(source))

    async def _run_in_loop(self, source: str) -> None:
        failed: tuple[Any, ...] | None = None
        try:
            transformed = self.transform_cell(source)  # type: ignore[no-untyped-call]
        except Exception:  # noqa: BLE001  # IPython shows it as the cell's own error
            transformed, failed = source, sys.exc_info()
        result = None
        try:
            result = await self.run_cell_async(
                source,
                store_history=True,
                transformed_cell=transformed,
                preprocessing_exc_tuple=failed,
            )
            if result.success:
                self.raised = None  # what was shown is how showing a value failed
        finally:
            self.events.trigger("post_execute")
            self.events.trigger("post_run_cell", result)

    def warm(self) -> None:
        """Run a cell that leaves no trace, so that the first one is as fast as the others."""
        before = dict(self.user_ns)
        self.run_in_loop("n = 1\nn;")
        if self.display_formatter:
            self.display_formatter.format("")
        self.user_ns.clear()
        self.user_ns.update(before)
        if self.history_manager:
            self.history_manager.reset()
        self.execution_count = 1

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
def open_shell(log: Feed) -> Iterator[NotebookShell]:
    """Make a shell the current one for a block, so that `display` and `get_ipython` find it."""
    loop = asyncio.new_event_loop()
    classes: tuple[Any, ...] = (NotebookShell, InteractiveShell)
    before = [cls._instance for cls in classes]
    shell = NotebookShell(log, loop)
    shell.loop_runner = loop.run_until_complete
    try:
        for cls in classes:
            cls._instance = shell
        with _figures_shown_by(shell):
            yield shell
    finally:
        for cls, instance in zip(classes, before, strict=True):
            cls._instance = instance
        atexit.unregister(shell.atexit_operations)
        shell.restore_sys_module_state()  # type: ignore[no-untyped-call]
        close_loop(loop)


@contextmanager
def _figures_shown_by(shell: NotebookShell) -> Iterator[None]:
    """Have figures shown at each cell's end, also where pyplot was imported before the run."""
    before = _inline_configuration()
    if "matplotlib.pyplot" in sys.modules:  # else its import will do it, as MPLBACKEND says
        from IPython.core.pylabtools import activate_matplotlib, select_figure_formats
        from matplotlib_inline.backend_inline import configure_inline_support
        from matplotlib_inline.config import InlineBackend

        InlineBackend._instance = None  # noqa: SLF001  # traitlets' singleton
        activate_matplotlib(INLINE_BACKEND)
        configure_inline_support(shell, INLINE_BACKEND)
        configured = InlineBackend.instance()
        formats, options = configured.figure_formats, configured.print_figure_kwargs
        select_figure_formats(shell, formats, **options)
    try:
        yield
    finally:
        if _inline_configuration() is not before:
            sys.modules["matplotlib_inline.config"].InlineBackend._instance = before  # noqa: SLF001


def _inline_configuration() -> Any:
    """Return the inline backend's settings, which belong to one shell; None if there are none."""
    module = sys.modules.get("matplotlib_inline.config")
    return module.InlineBackend._instance if module else None  # noqa: SLF001  # as above
