"""A shell that is made when somebody asks for it: importing IPython takes longer than most runs."""

from __future__ import annotations

import builtins
import importlib
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import TYPE_CHECKING, Any

from nbnodes.engines.outputs import Feed

if TYPE_CHECKING:
    from nbnodes.engines.cells.shell import NotebookShell

_HOME = "IPython.core.interactiveshell"  # the module that knows the current shell


class LazyShell:
    """The shell of one run, if the run comes to need one.

    Args:
        feed: Takes what is shown.
        main: The module that cells run in.
        unbroken: Lets a block end whatever interrupts the run: an import that is broken off may
            leave modules that cannot be imported any more.

    Attributes:
        made: The shell; None until it is made.
    """

    def __init__(
        self,
        feed: Feed,
        main: ModuleType,
        unbroken: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        self._feed = feed
        self._main = main
        self._unbroken = unbroken
        self.made: NotebookShell | None = None

    def get(self) -> NotebookShell:
        """Return the shell, made now if need be."""
        if self.made is None:
            with self._unbroken():
                self.made = self._make()
        return self.made

    def _make(self) -> NotebookShell:
        from nbnodes.engines.cells.shell import NotebookShell, make_current

        shell = NotebookShell(self._feed, self._main)
        make_current(shell)
        shell.builtin_trap.activate()
        return shell

    @contextmanager
    def offered(self) -> Iterator[None]:
        """Have whoever asks IPython, in a block, for the current shell get this one."""
        vars(builtins).update(get_ipython=lambda: _Stand(self), display=_display)
        if _HOME in sys.modules:
            with self._kept():
                yield
            return
        watch = _Watch(self._stand_in)
        sys.meta_path.insert(0, watch)
        try:
            yield
        finally:
            if watch in sys.meta_path:
                sys.meta_path.remove(watch)
            self._retire()
            if _HOME in sys.modules:
                from nbnodes.engines.cells.shell import forget_current

                forget_current()

    @contextmanager
    def _kept(self) -> Iterator[None]:
        from nbnodes.engines.cells.shell import current_shell_kept

        with current_shell_kept():
            self._stand_in()
            try:
                yield
            finally:
                self._retire()

    def _stand_in(self) -> None:
        sys.modules[_HOME].InteractiveShell._instance = _Stand(self)  # noqa: SLF001  # traitlets' singleton

    def _retire(self) -> None:
        if self.made:
            from nbnodes.engines.cells.shell import retire

            self.made.builtin_trap.deactivate()
            retire(self.made)


class _Stand:
    """Stands for a shell until somebody wants something of it."""

    def __init__(self, lazy: LazyShell) -> None:
        self.__dict__["_lazy"] = lazy

    @property  # type: ignore[misc]  # a type here, any attribute to others
    def __class__(self) -> Any:
        """What IPython looks for: a stand is an instance of it."""
        home = importlib.import_module("nbnodes.engines.cells.shell")
        # while it is being loaded itself, what it will be an instance of has to do
        return getattr(home, "NotebookShell", sys.modules[_HOME].InteractiveShell)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__dict__["_lazy"].get(), name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self.__dict__["_lazy"].get(), name, value)


_Stand.__name__ = _Stand.__qualname__ = "ZMQInteractiveShell"  # as `NotebookShell` is called


def _display(*values: Any, **options: Any) -> Any:
    from IPython.display import display

    return display(*values, **options)


class _Watch:
    """A finder for `sys.meta_path` that calls back once IPython has been imported."""

    def __init__(self, on_import: Any) -> None:
        self._on_import = on_import

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """See `importlib.abc.MetaPathFinder`, whose import would be felt."""
        del path, target
        if name != _HOME:
            return None
        from importlib.util import find_spec

        sys.meta_path.remove(self)
        spec = find_spec(name)
        if spec and spec.loader:
            execute = spec.loader.exec_module

            def exec_module(module: ModuleType) -> None:
                execute(module)
                self._on_import()

            vars(spec.loader)["exec_module"] = exec_module
        return spec
