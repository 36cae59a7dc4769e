"""An IPython shell without terminal, kernel or history that feeds an OutputLog."""

from __future__ import annotations

import asyncio
import atexit
import base64
import datetime as dt
import json
import numbers
import sys
from collections.abc import Awaitable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import copy_context
from types import ModuleType, TracebackType
from typing import Any

from IPython.core.compilerop import CachingCompiler  # noqa: TID253
from IPython.core.displayhook import DisplayHook  # noqa: TID253  # this module is imported lazily
from IPython.core.displaypub import DisplayPublisher  # noqa: TID253
from IPython.core.interactiveshell import InteractiveShell  # noqa: TID253
from traitlets.config import Config

from nbnodes.engines.cells.program import cell_file_name
from nbnodes.engines.loops import close_loop
from nbnodes.engines.outputs import INLINE_BACKEND, Feed
from nbnodes.engines.raised import RaisedError, text_of

_CONFIG = Config(
    {
        "HistoryManager": {"enabled": False},
        "InteractiveShell": {"autoindent": False},
        "IPKernelApp": {},  # libraries take this, and the shell's name, for a notebook's
    }
)


class _Publisher(DisplayPublisher):
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
        _feed(self.shell, kind, content)

    def clear_output(self, wait: bool = False) -> None:
        _feed(self.shell, "clear_output", {"wait": wait})


class _Hook(DisplayHook):
    def start_displayhook(self) -> None:
        pass

    def write_output_prompt(self) -> None:
        pass

    def write_format_data(
        self, format_dict: dict[str, Any], md_dict: dict[str, Any] | None = None
    ) -> None:
        content = {"data": _as_sent(format_dict), "metadata": _as_sent(md_dict or {})}
        _feed(self.shell, "execute_result", content)

    def finish_displayhook(self) -> None:
        pass


def _feed(shell: Any, message_type: str, content: Mapping[str, Any]) -> None:
    shell.feed.feed(message_type, content)


def _as_sent(bundle: dict[str, Any]) -> dict[str, Any]:
    """Return a mime bundle as the Jupyter protocol would carry it: JSON, pictures in base64.

    Raises:
        ValueError: For what JSON cannot carry.
    """
    return {str(mime): _part(part) for mime, part in bundle.items()}


def _part(part: Any) -> Any:
    if isinstance(part, str):
        return part
    return json.loads(json.dumps(part, default=_as_json))


def _as_json(part: Any) -> Any:
    """Make what JSON does not know into what it knows, as jupyter_client does."""
    if isinstance(part, bytes):
        return base64.b64encode(part).decode()
    if isinstance(part, dt.datetime):
        aware = part if part.tzinfo else part.astimezone()
        return aware.isoformat().replace("+00:00", "Z")
    if isinstance(part, dt.date):
        return part.isoformat()
    if isinstance(part, Iterable):
        return list(part)
    if isinstance(part, numbers.Real):
        return int(part) if isinstance(part, numbers.Integral) else float(part)
    raise ValueError(f"Can't clean for JSON: {part!r}")


class _Compiler(CachingCompiler):
    def get_code_name(self, raw_code: str, transformed_code: str, number: int) -> str:
        del transformed_code, number
        return cell_file_name(raw_code)


class NotebookShell(InteractiveShell):
    """The shell of one run.

    Args:
        feed: Takes what cells show.
        main: The module that cells run in; default: a new one.

    Attributes:
        feed: Takes what cells show; may be another one later.
        raised: What the last cell raised; None if it ended well.
        exit_asked: Whether a cell called `exit()`.
    """

    feed: Feed
    raised: RaisedError | None = None
    exit_asked = False

    def __init__(self, feed: Feed, main: ModuleType | None = None) -> None:
        self.__dict__["feed"] = feed
        self._context = copy_context()
        super().__init__(  # type: ignore[no-untyped-call]
            config=_CONFIG,
            compiler_class=_Compiler,
            user_module=main or ModuleType("__main__"),
            displayhook_class=_Hook,
            display_pub_class=_Publisher,
        )
        self._loop: asyncio.AbstractEventLoop | None = None
        self.loop_runner = self._run_until_complete

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The event loop of the run; tasks live on between cells."""
        self._loop = self._loop or asyncio.new_event_loop()
        return self._loop

    @property
    def kernel(self) -> Any:
        """There is none.

        Raises:
            AttributeError: Saying which engine has one.
        """
        raise AttributeError(
            "this notebook wants its Jupyter kernel (get_ipython().kernel): run it with "
            "engine='kernel' (--engine kernel)"
        )

    def run_in_loop(self, source: str) -> None:
        """Run a cell while the run's event loop runs, as in a kernel; see `raised` afterwards."""
        self._forget_raised()
        task = self.loop.create_task(self._run_in_loop(source), context=self._context)
        self.loop.run_until_complete(task)

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
            elif self.raised is None:  # a wrong use of a magic is printed, not shown as an error
                error = result.error_before_exec or result.error_in_exec
                self.raised = RaisedError(ename=type(error).__name__, evalue=text_of(error))
        except (Exception, SystemExit) as error:  # noqa: BLE001  # what IPython did not expect
            self.show_error(error, error.__traceback__)
        finally:
            self.flush(result)

    def _run_until_complete(self, awaitable: Awaitable[Any]) -> Any:
        return self.loop.run_until_complete(awaitable)

    def flush(self, result: Any = None) -> None:
        """Do what follows each cell: figures are shown."""
        self.events.trigger("post_execute")
        self.events.trigger("post_run_cell", result)

    def show_error(self, error: BaseException, frames: TracebackType | None) -> RaisedError:
        """Show an error as if a cell had raised it.

        Args:
            error: The error.
            frames: Its traceback, from the cell's own frame on.
        """
        self._forget_raised()
        told = (type(error), error, frames)
        self.showtraceback(told, tb_offset=0, exception_only=isinstance(error, SystemExit))
        # a group of exceptions is printed, and not shown as an error
        self.raised = self.raised or RaisedError(ename=type(error).__name__, evalue=text_of(error))
        return self.raised

    def showtraceback(self, exc_tuple: Any = None, *args: Any, **options: Any) -> None:
        """Show an error, in the plainest way if it fails: showing it runs its class's own code."""
        told = sys.exc_info() if exc_tuple is None else exc_tuple
        try:
            super().showtraceback(exc_tuple, *args, **options)
        except BaseException:  # noqa: BLE001  # it may fail in any way it likes, `SystemExit` too
            kind, error = told[0] or BaseException, told[1]
            self._showtraceback(kind, error, [f"{kind.__name__}: {text_of(error)}"])

    def _format_exception_for_storage(self, exception: BaseException, *_: Any) -> dict[str, Any]:
        """Keep no errors for `%notebook`: to format them takes long, and may fail as above."""
        return {"ename": type(exception).__name__, "evalue": text_of(exception), "traceback": []}

    def _forget_raised(self) -> None:
        self.raised = None

    def warm(self) -> None:
        """Run cells that leave no trace, so that the first ones are as fast as the others."""
        before = dict(self.user_ns)
        self.run_in_loop("1 / 0")  # what shows errors is loaded when the first one is shown
        for name in ("last_type", "last_value", "last_traceback", "last_exc"):
            vars(sys).pop(name, None)
        self.run_in_loop("n = 1\nn;")
        if self.display_formatter:
            self.display_formatter.format("")
        self.user_ns.clear()
        self.user_ns.update(before)
        if self.history_manager:
            self.history_manager.reset()
        self.execution_count = 1
        self.close_loop()

    def close_loop(self) -> None:
        """Cancel what still waits on the event loop, and close it."""
        if self._loop is not None:
            close_loop(self._loop)
            self._loop = None

    def show_figures(self) -> None:
        """Have figures shown at each cell's end, also where pyplot was imported before."""
        if "matplotlib.pyplot" not in sys.modules:  # its import will do it, as MPLBACKEND says
            return
        from IPython.core.pylabtools import activate_matplotlib, select_figure_formats
        from matplotlib_inline.backend_inline import configure_inline_support
        from matplotlib_inline.config import InlineBackend

        InlineBackend._instance = None  # noqa: SLF001  # traitlets' singleton
        activate_matplotlib(INLINE_BACKEND)
        configure_inline_support(self, INLINE_BACKEND)
        configured = InlineBackend.instance()
        formats, options = configured.figure_formats, configured.print_figure_kwargs
        select_figure_formats(self, formats, **options)

    def init_hooks(self) -> None:
        """Let `name?` show nothing: there is no pager."""
        super().init_hooks()  # type: ignore[no-untyped-call]
        self.set_hook("show_in_pager", _show_nothing, 99)  # type: ignore[no-untyped-call]

    def ask_exit(self) -> None:
        """End the notebook after this cell."""
        self.exit_asked = True

    def enable_gui(self, gui: str | None = None) -> None:
        """Start no event loop of a window system."""

    def init_virtualenv(self) -> None:
        """Leave `sys.path` alone: this interpreter is the right one."""

    def _showtraceback(
        self, etype: type[BaseException], evalue: BaseException | None, stb: list[str]
    ) -> None:
        text = text_of(evalue)
        self.raised = RaisedError(ename=etype.__name__, evalue=text, traceback=tuple(stb))
        content = {"ename": etype.__name__, "evalue": text, "traceback": list(stb)}
        self.feed.feed("error", content)


def _show_nothing(*_: object, **__: object) -> None:
    pass


NotebookShell.__name__ = NotebookShell.__qualname__ = "ZMQInteractiveShell"


def make_current(shell: NotebookShell) -> None:
    """Have `display`, `get_ipython` and figures find a shell."""
    classes: tuple[Any, ...] = (NotebookShell, InteractiveShell)
    for cls in classes:
        cls._instance = shell  # traitlets' singleton
    shell.show_figures()


def forget_current() -> None:
    """Leave no shell to be found, as before IPython was imported."""
    classes: tuple[Any, ...] = (NotebookShell, InteractiveShell)
    for cls in classes:
        cls._instance = None  # traitlets' singleton
    inline = sys.modules.get("matplotlib_inline.config")
    if inline:
        inline.InlineBackend._instance = None  # noqa: SLF001  # as above


@contextmanager
def current_shell_kept() -> Iterator[None]:
    """Put the shell that is current now back when a block ends, and the figures' settings."""
    classes: tuple[Any, ...] = (NotebookShell, InteractiveShell)
    before, figures_before = [cls._instance for cls in classes], _inline_configuration()
    try:
        yield
    finally:
        for cls, instance in zip(classes, before, strict=True):
            cls._instance = instance
        if _inline_configuration() is not figures_before:
            configuration = sys.modules["matplotlib_inline.config"].InlineBackend
            configuration._instance = figures_before  # noqa: SLF001  # as above


@contextmanager
def open_shell(feed: Feed) -> Iterator[NotebookShell]:
    """Make a shell the current one for a block."""
    with current_shell_kept():
        shell = NotebookShell(feed)
        try:
            make_current(shell)
            yield shell
        finally:
            retire(shell)


def retire(shell: NotebookShell) -> None:
    """Give back what a shell holds of the interpreter."""
    atexit.unregister(shell.atexit_operations)
    shell.restore_sys_module_state()  # type: ignore[no-untyped-call]
    shell.close_loop()


def _inline_configuration() -> Any:
    """Return the inline backend's settings, which belong to one shell; None if there are none."""
    module = sys.modules.get("matplotlib_inline.config")
    return module.InlineBackend._instance if module else None  # noqa: SLF001  # as above
