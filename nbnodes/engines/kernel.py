"""The `kernel` engine: Jupyter kernels of the notebook's own language, one a run or kept warm."""

from __future__ import annotations

import os
import weakref

from nbnodes.engines.engine import RunRequest
from nbnodes.engines.kernels.cells import ForeignCells, PythonCells
from nbnodes.engines.kernels.kernelspec import Kernelspec, find_kernelspec
from nbnodes.engines.kernels.pool import KernelPool
from nbnodes.errors import NotBegunError
from nbnodes.result import Result

_SPARE_IDLE_S, _WARM_IDLE_S = 60.0, 600.0


class KernelEngine:
    """Runs notebooks of any language in kernels. See `nbnodes.engines.engine.Engine`.

    Each run has a kernel of its own, which is killed afterwards; once a run has ended, spares are
    started for those that may follow.

    Args:
        reuse: Whether a kernel serves one run after another instead, each in a namespace of its
            own. Nothing else is isolated: what a notebook changes in its process is there for the
            next.
        spares: How many kernels wait, per kernelspec. Each holds some 40 MB.
        limit: How many kernels there may be at once; further runs wait for one to end.
        idle_s: Seconds after which a kernel that waits is killed; default: a minute for a spare,
            ten for one that is used again.
    """

    def __init__(
        self,
        *,
        reuse: bool = False,
        spares: int = 1,
        limit: int | None = None,
        idle_s: float | None = None,
    ) -> None:
        self.name = "warm-kernel" if reuse else "kernel"
        self._pool = KernelPool(
            spares=spares,
            keeps=reuse,
            limit=limit or max(16, 4 * (os.cpu_count() or 1)),
            idle_s=idle_s if idle_s is not None else _WARM_IDLE_S if reuse else _SPARE_IDLE_S,
        )
        weakref.finalize(self, self._pool.close)

    @property
    def pool(self) -> KernelPool:
        """Where its kernels wait."""
        return self._pool

    def run(self, request: RunRequest, /) -> Result:
        """Run the notebook; see `Engine.run`.

        Raises:
            EngineError: No kernel, a dead one, out of time, cancelled.
            ParameterError: If a value cannot be sent to the kernel; nothing has run then.
        """
        error = request.interruption()
        if error:
            raise error
        spec = find_kernelspec(request.notebook)
        while True:
            result = self._result(spec, request)
            if result:
                return result

    def close(self) -> None:
        """Kill the kernels that wait; a later run leaves none."""
        self._pool.close()

    def _result(self, spec: Kernelspec, request: RunRequest) -> Result | None:
        """Run the notebook once; None if the kernel had died while it waited."""
        cells_class = PythonCells if spec.is_python else ForeignCells
        with self._pool.lease(spec, request) as kernel:
            try:
                return cells_class(request, kernel, self.name).result()
            except NotBegunError:
                if not kernel.has_waited:
                    raise
        return None


def open_warm() -> KernelEngine:
    """Make the engine `warm-kernel`."""
    return KernelEngine(reuse=True)
