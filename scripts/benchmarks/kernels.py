"""The `kernel` engine beside nbclient: a kernel for one run, and one that is used again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from functools import partial
from typing import Any

from benchmarks import notebooks, peers
from benchmarks.contest import Group, Timed, at_most_times, faster

_REFILL_S = 1.5  # what a kernel takes to start, on a slow day
_ONE_SHOT, _REUSED = "one-shot kernel, paced", "reused kernel"
_NEW, _WARM = "nbclient, new kernel", "nbclient, warm kernel"


def kernel_groups(folder: str) -> Iterator[Group]:
    """Yield one group on a trivial notebook."""
    import nbnodes as nb

    path = notebooks.write(folder, "kernels", notebooks.TRIVIAL)
    with ExitStack() as stack:
        model = stack.enter_context(nb.Session(cache=False)).model(path)
        warm = stack.enter_context(closing(peers.WarmKernel(path)))
        reusing = stack.enter_context(closing(_Reusing(model)))
        one_shot = partial(model.run, {"x": 3}, engine="kernel", cache=False)
        yield Group(
            name="kernel engine, trivial",
            contenders=(
                Timed(name=_ONE_SHOT, run=one_shot, pause_s=_REFILL_S),
                Timed(name="one-shot kernel, back to back", run=one_shot, repeat=2),
                Timed(name=_NEW, run=peers.new_kernel(path)),  # our next spare starts meanwhile
                Timed(name=_REUSED, run=reusing, repeat=5),
                Timed(name=_WARM, run=warm, repeat=5),
            ),
            goals=(faster(_ONE_SHOT, _NEW, 16), at_most_times(_REUSED, _WARM, 1)),
        )


class _Reusing:
    """Calls on one engine that keeps its kernel; opened by the first of them."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self._engine: Any = None

    def __call__(self) -> object:
        if self._engine is None:
            from nbnodes.engines import kernel

            engine_class: Any = kernel.KernelEngine
            self._engine = engine_class(reuse=True)
        return self._model.run({"x": 3}, engine=self._engine, cache=False)

    def close(self) -> None:
        if self._engine is not None:
            self._engine.close()
