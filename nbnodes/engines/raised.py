"""What a cell raised, and what a value was that could not leave: as data, from any process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from nbnodes.notebook.document import RAISES, Cell


@dataclass(frozen=True, slots=True, kw_only=True)
class RaisedError:
    """An exception as a kernel reports it: `ename`, `evalue`, `traceback`."""

    ename: str
    evalue: str
    traceback: tuple[str, ...] = ()

    @property
    def is_of_display(self) -> bool:
        """Whether the code ended well, and only showing its value failed.

        ipykernel then replies with the name of no exception's type.
        """
        return self.ename == "NoneType"

    @property
    def is_early_end(self) -> bool:
        """Whether it is `sys.exit(0)`: the notebook ends here, and well."""
        return self.ename == "SystemExit" and self.evalue in ("", "0", "None")

    def ends(self, cell: Cell) -> bool:
        """Whether it ends the notebook when `cell` raised it."""
        return self.is_early_end or RAISES not in cell.tags


def text_of(error: BaseException | None) -> str:
    """Return what an exception says; its class may fail to say it in any way it likes."""
    try:
        return str(error)
    except BaseException:  # noqa: BLE001  # as above
        return "<exception str() failed>"  # as Python itself puts it


@dataclass(frozen=True, slots=True, kw_only=True)
class UntransferableValue:
    """Says why a `return` cell's value did not reach the caller.

    Attributes:
        type_name: The value's type.
        reason: What went wrong.
    """

    type_name: str
    reason: str

    @classmethod
    def unloaded(cls, error: Exception) -> Self:
        """Say that the caller's Python could not load it."""
        return cls(type_name="value", reason=f"{type(error).__name__}: {text_of(error)}")

    def as_error(self) -> RaisedError:
        """Return it as the error of the `return` cell."""
        text = (
            f"the value is a {self.type_name}, which cannot leave the kernel ({self.reason}); "
            "return plain data, or use engine='inprocess'"
        )
        return RaisedError(ename="UntransferableValue", evalue=text)
