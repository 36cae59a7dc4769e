"""What a notebook or a function takes: Parameters, and the check of given values against them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from nbnodes.errors import NotebookWarning, ParameterError, warn
from nbnodes.notebook.document import Notebook
from nbnodes.notebook.inference import infer_parameters
from nbnodes.notebook.parameters import Parameter, unreadable_cells
from nbnodes.notebook.validation import unknown_name, validate_values


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """What may be given to one call.

    Attributes:
        name: What messages call the notebook or function.
        parameters: What it declares, by name, in its order.
        is_closed: Whether other names than the declared ones are refused.
        unreadable: Why nothing can be given: each `parameters` cell that is not Python.
        warning: What to warn of when something is given; "" for nothing.
    """

    name: str
    parameters: Mapping[str, Parameter]
    is_closed: bool
    unreadable: tuple[str, ...] = ()
    warning: str = ""

    @classmethod
    def of(cls, notebook: Notebook) -> Signature:
        """Read a notebook's."""
        parameters = infer_parameters(notebook)
        name, cells = notebook.name, notebook.parameters_cells
        text = f"{name} has no `parameters` cell: the values are set before its first cell"
        return cls(
            name=name,
            parameters=parameters,
            is_closed=bool(cells) and (notebook.is_python or bool(parameters)),
            unreadable=tuple(unreadable_cells(notebook)),
            warning="" if cells else text,
        )

    def unknown(self, names: Iterable[str]) -> list[str]:
        """Say of each name that is no parameter that it is none."""
        if not self.is_closed:
            return []
        return [unknown_name(n, self.parameters) for n in names if n not in self.parameters]

    def check(self, values: Mapping[str, Any], *, fed: Collection[str] = ()) -> dict[str, Any]:
        """Check and coerce values.

        Args:
            values: What is given.
            fed: Parameters that get their values otherwise, and so are not missing.

        Raises:
            ParameterError: With every mistake.
        """
        if values and self.unreadable:
            raise ParameterError(self.name, self.unreadable)
        if values and self.warning:
            warn(self.warning, NotebookWarning)
        parameters = self.parameters
        return validate_values(self.name, parameters, values, closed=self.is_closed, fed=fed)
