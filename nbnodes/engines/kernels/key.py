"""What a kernel has started with: one that waits serves a run only if it would start so now."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Self

from nbnodes.engines.environment import process_environment
from nbnodes.engines.kernels.kernelspec import Kernelspec

_NO_MATTER = os.path.abspath(os.sep)


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelKey:
    """What a kernel has started with.

    Attributes:
        spec: Which kernel.
        environment: Its environment, sorted by name.
        folder: Where it started. A Python kernel goes to the folder of each run; what started it
            lies elsewhere, where no file of the notebook's can be taken for it.
    """

    spec: Kernelspec
    environment: tuple[tuple[str, str], ...]
    folder: str

    @classmethod
    def of_now(cls, spec: Kernelspec, folder: str) -> Self:
        """Return what a kernel for a run in that folder would start with now."""
        environment = process_environment(is_python=spec.is_python)
        is_anywhere = spec.is_python and _names_no_relative_path(spec, environment)
        return cls(
            spec=spec,
            environment=tuple(sorted(environment.items())),
            folder=_NO_MATTER if is_anywhere else os.path.abspath(folder),
        )

    def is_outdated_by(self, other: KernelKey) -> bool:
        """Whether a kernel of this name would now start otherwise, whatever its folder."""
        same_name = self.spec.name == other.spec.name
        return same_name and (self.spec, self.environment) != (other.spec, other.environment)


def _names_no_relative_path(spec: Kernelspec, environment: dict[str, str]) -> bool:
    """Whether the folder it starts in is nothing to Python, nor to finding Python."""
    path = environment.get("PYTHONPATH")
    places = [] if path is None else path.split(os.pathsep)
    programs = [word for word in spec.argv[:1] if os.path.dirname(word)]
    return all(os.path.isabs(place) for place in [*places, *programs])
