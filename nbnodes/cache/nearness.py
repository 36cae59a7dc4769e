"""Two numbers, arrays or tables of one type: whether they differ by more than a tolerance."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Nearness:
    """A tolerance, and what compares the parts that are not numbers.

    Attributes:
        rtol: The share of the larger number that two may differ by.
        atol: What they may differ by in any case.
        same: Compares two lists of anything.
        digest: Names anything.
    """

    rtol: float
    atol: float
    same: Callable[[list[Any], list[Any]], bool]
    digest: Callable[[Any], str]

    def near(self, old: Any, new: Any) -> bool | None:
        """Compare two values of one type; None if there is nothing in them to be near."""
        if isinstance(old, float):
            return self._near_numbers(old, new)
        if isinstance(old, complex):
            return self._near_numbers(old.real, new.real) and self._near_numbers(old.imag, new.imag)
        if isinstance(old, Decimal):
            return self._near_decimals(old, new)
        if isinstance(old, datetime.timedelta):
            return self._near_numbers(old.total_seconds(), new.total_seconds())
        compare = {
            "numpy": self._near_numpy,
            "pandas": self._near_pandas,
            "pyarrow": self._near_arrow,
        }.get(str(type(old).__module__).partition(".")[0])
        return None if compare is None else compare(old, new)

    def _near_numbers(self, old: float, new: float) -> bool:
        if old == new or (old != old and new != new):  # noqa: PLR0124  # NaN is NaN
            return True
        size = max(abs(old), abs(new))
        if not size < float("inf"):
            return False
        return abs(old - new) <= max(self.atol, self.rtol * size)

    def _near_decimals(self, old: Decimal, new: Decimal) -> bool:
        if not (old.is_finite() and new.is_finite()):
            return str(old) == str(new)
        rtol, atol = Decimal(str(self.rtol)), Decimal(str(self.atol))
        return abs(old - new) <= max(atol, rtol * max(abs(old), abs(new)))

    # ------------------------------------------------------------ numpy

    def _near_numpy(self, old: Any, new: Any) -> bool | None:
        import numpy as np

        if isinstance(old, np.generic):
            old, new = np.asarray(old), np.asarray(new)
        elif type(old) not in (np.ndarray, np.memmap):
            return None
        if old.shape != new.shape or old.dtype.newbyteorder("<") != new.dtype.newbyteorder("<"):
            return False
        if old.dtype.names is not None:
            names = old.dtype.names
            return self.same([old[n] for n in names], [new[n] for n in names])
        if old.dtype.hasobject:
            return self.same(old.ravel().tolist(), new.ravel().tolist())
        return self._near_arrays(old, new)

    def _near_arrays(self, old: Any, new: Any) -> bool | None:
        import numpy as np

        if old.dtype.kind == "c":
            real, imaginary = (
                self._near_arrays(a, b) for a, b in ((old.real, new.real), (old.imag, new.imag))
            )
            return bool(real and imaginary)
        if old.dtype.kind == "m":
            if not np.array_equal(np.isnat(old), np.isnat(new)):
                return False
            old, new = (
                np.where(np.isnat(one), 0, one / np.timedelta64(1, "s")) for one in (old, new)
            )
        if old.dtype.kind != "f":
            return None
        if old.dtype.itemsize < 8:  # noqa: PLR2004  # the tolerance itself must not be rounded away
            old, new = old.astype(float), new.astype(float)
        with np.errstate(all="ignore"):
            size = np.maximum(np.abs(old), np.abs(new))
            limit = np.maximum(self.atol, self.rtol * size)
            near = np.isfinite(size) & (np.abs(old - new) <= limit)
            return bool(np.all(near | (old == new) | (np.isnan(old) & np.isnan(new))))

    # ------------------------------------------------------------ tables

    def _near_pandas(self, old: Any, new: Any) -> bool | None:
        import pandas as pd

        if isinstance(old, pd.MultiIndex):
            return None
        if isinstance(old, pd.Index):
            return self._are_same(list(old.names), list(new.names)) and self._near_columns(old, new)
        if not isinstance(old, pd.DataFrame | pd.Series):
            return None
        if not all(map(self._are_same, (old.axes, old.attrs), (new.axes, new.attrs))):
            return False
        if isinstance(old, pd.Series):
            return self._are_same(old.name, new.name) and self._near_columns(old, new)
        return all(self._near_columns(old.iloc[:, i], new.iloc[:, i]) for i in range(old.shape[1]))

    def _near_columns(self, old: Any, new: Any) -> bool:
        import numpy as np

        if len(old) != len(new) or old.dtype != new.dtype:
            return False
        near: bool | None = None
        if isinstance(old.dtype, np.dtype):
            near = self._near_numpy(old.to_numpy(), new.to_numpy())
        elif old.dtype.kind == "f" and not str(old.dtype).startswith("Sparse"):
            near = self._near_with_missing(old, new)
        return self._are_same(old.array, new.array) if near is None else near

    def _near_with_missing(self, old: Any, new: Any) -> bool | None:
        if not bool((old.isna() == new.isna()).all()):
            return False
        arrays = (one.to_numpy(dtype=float, na_value=0.0) for one in (old, new))
        return self._near_arrays(*arrays)

    def _near_arrow(self, old: Any, new: Any) -> bool | None:
        import pyarrow as pa

        if not isinstance(old, pa.Table):
            return None
        if old.num_rows != new.num_rows or not old.schema.equals(new.schema, check_metadata=True):
            return False
        pairs = zip(old.schema.names, old.columns, new.columns, strict=True)
        return all(self._near_chunks(name, a, b) for name, a, b in pairs)

    def _near_chunks(self, name: str, old: Any, new: Any) -> bool:
        import pyarrow as pa

        if pa.types.is_floating(old.type):
            if not old.is_null().equals(new.is_null()):
                return False
            return bool(self._near_arrays(old.to_numpy(), new.to_numpy()))
        return self._are_same(pa.table({name: old}), pa.table({name: new}))

    def _are_same(self, old: Any, new: Any) -> bool:
        return self.digest(old) == self.digest(new)
