"""Inside an IPython shell: parameters are bound, and the `return` cell's value is delivered.

Sent as text into kernels, together with `nbnodes.notebook.binding`, so that a kernel needs no
nbnodes: standard library and IPython only. The in-process engine calls the same `install`.
"""

from __future__ import annotations

import ast
import enum
import io
import os
import pickle
import sys
import warnings
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any


def install(
    shell: Any,
    binding: Mapping[str, Any],
    values: dict[str, Any],
    roles: list[str],
    deliver: Callable[[Any], None],
) -> None:
    """Prepare a shell for one run.

    Args:
        shell: The IPython `InteractiveShell`.
        binding: The names of the module `nbnodes.notebook.binding`.
        values: The given parameters.
        roles: For each cell that will run, in order: "parameters", "return", both or neither.
        deliver: Called with the value once the `return` cell has ended well.
    """
    hooks = _Hooks(binding, values, roles, deliver)

    hidden = hidden_names(binding, values, shell.user_ns)
    hidden[binding["RETURN"]] = hooks.capture
    shell.user_ns.update(hidden)
    shell.user_ns_hidden.update(hidden)
    if not any("parameters" in role for role in roles):
        shell.user_ns.update(values)
    warnings.filterwarnings("ignore", message="To exit: use 'exit'")  # `sys.exit` is an ending here
    shell.should_run_async = partial(_is_to_be_awaited, shell)
    shell.set_custom_exc((RecursionError,), _show)  # as IPython does not when it parses a cell
    shell.ast_transformers.append(hooks)
    shell.events.register("pre_run_cell", hooks.before_cell)
    shell.events.register("post_run_cell", hooks.after_cell)


def _is_to_be_awaited(shell: Any, *args: Any, **options: Any) -> bool:
    """Whether a cell is; one that is nested too deeply to be parsed is not, and will say so.

    ipykernel does not expect that this fails: it would never reply.
    """
    try:
        return bool(type(shell).should_run_async(shell, *args, **options))
    except RecursionError:
        return False


def _show(shell: Any, kind: Any, error: Any, frames: Any, tb_offset: int | None = None) -> None:
    """Show an error; see `InteractiveShell.set_custom_exc`."""
    shell.showtraceback((kind, error, frames), tb_offset=tb_offset)


def hidden_names(
    binding: Mapping[str, Any], values: dict[str, Any], names: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what bound cells look values up in.

    Args:
        binding: The names of the module `nbnodes.notebook.binding`.
        values: The given parameters.
        names: The namespace that the cells run in.
    """

    def as_declared(kind_name: str, name: str) -> Any:
        """Return a value, made a member where it is declared to be of an enum of the notebook's."""
        kind = names.get(kind_name)
        if isinstance(kind, enum.EnumMeta) and not isinstance(values[name], kind):
            values[name] = kind(values[name])
        return values[name]

    return {binding["VALUES"]: values, binding["DECLARED"]: as_declared}


def _keep_order(*streams: Any) -> None:
    """Have what is written to one stream sent before what is then written to the other.

    ipykernel keeps a buffer for each and sends them when it comes to it. To be called in each cell:
    IPython puts a function of its own in the place of `write` while a cell runs.
    """
    last = streams[0]

    def kept(stream: Any, write: Callable[[str], Any]) -> Callable[[str], Any]:
        def write_after_the_others(text: str) -> Any:
            nonlocal last
            if last is not stream:
                last.flush()
                last = stream
            return write(text)

        write_after_the_others.keeps_order = True  # type: ignore[attr-defined]
        return write_after_the_others

    for stream in streams:
        is_kernels = type(stream).__module__.startswith("ipykernel")
        if is_kernels and not hasattr(stream.write, "keeps_order"):
            stream.write = kept(stream, stream.write)


class _Hooks(ast.NodeTransformer):
    """What IPython calls: before a cell, with its tree, and after it.

    A magic such as `%%capture` runs its body as a cell within the cell: the role is the outer
    one's, and the value is the first that is captured, which is the inner one's.
    """

    def __init__(
        self,
        binding: Mapping[str, Any],
        values: dict[str, Any],
        roles: list[str],
        deliver: Callable[[Any], None],
    ) -> None:
        self._binding = binding
        self._names = frozenset(values)
        self._roles = iter(roles)
        self._deliver = deliver
        self._depth = 0
        self._role = ""
        self._captured: list[Any] = []

    def before_cell(self, _: Any) -> None:
        if not self._depth:
            _keep_order(sys.stdout, sys.stderr)
            self._role = next(self._roles, "")
            self._captured.clear()
        self._depth += 1

    def visit(self, tree: Any) -> Any:
        if self._names and "parameters" in self._role:
            tree = self._binding["bind_parameters"](tree, self._names)
        if "return" in self._role:
            tree = self._binding["capture_return"](tree)
        return tree

    def capture(self, value: Any) -> Any:
        self._captured.append(value)
        return value

    def after_cell(self, result: Any) -> None:
        self._depth = max(0, self._depth - 1)  # an empty cell within a cell has no beginning
        if not self._depth and self._captured and result and result.success:
            self._deliver(self._captured[0])


def refuse_bound(value: Any) -> None:
    """Raise TypeError for what belongs to its process; cloudpickle makes another thing of it."""
    if isinstance(value, (io.IOBase, memoryview)):
        raise TypeError("it belongs to its process")


def pickled(value: Any, *, modules: Iterable[Any] | None = None, **options: Any) -> bytes:
    """Pickle (protocol 5); classes and functions of the notebook and of its modules go by value.

    Args:
        value: What to pickle.
        modules: Those among which its modules are; default: all that are loaded.
        **options: See `pickle.dumps`.
    """
    refuse_bound(value)
    try:
        import cloudpickle
    except ImportError:
        return pickle.dumps(value, **{"protocol": 5, **options})
    known = cloudpickle.list_registry_pickle_by_value()
    local = [
        module
        for module in _beside(sys.modules.values() if modules is None else modules)
        if module.__name__ not in known
    ]
    for module in local:
        cloudpickle.register_pickle_by_value(module)
    try:
        return bytes(cloudpickle.dumps(value, **{"protocol": 5, **options}))
    finally:
        for module in local:
            cloudpickle.unregister_pickle_by_value(module)


def _beside(modules: Iterable[Any]) -> list[Any]:
    """Return those that lie in the current folder."""
    try:
        folder = os.path.join(os.getcwd(), "")
    except OSError:  # the notebook has removed it
        return []
    return [
        module
        for module in list(modules)
        if str(getattr(module, "__file__", None) or "").startswith(folder)
        and not str(module.__file__).startswith((sys.prefix, sys.base_prefix))
    ]
