"""`[tool.nbnodes]` of the nearest pyproject.toml and NBNODES_* variables become frozen Settings."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

from nbnodes.errors import SettingsError

_MEMORY = ":memory:"
_PREFIX = "NBNODES_"
TOKEN = f"{_PREFIX}TOKEN"
"""The variable of what a server asks for: no setting, as files are no place for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a Session starts from. Each field is also `NBNODES_<FIELD>` in the environment.

    Attributes:
        engine: Name of the engine that runs notebooks.
        workers: How many submitted runs may go on at once.
        cache: Cache folder, ":memory:", "" for the user's cache folder, "off" for none.
        cache_size_bytes: The cache is kept below this size.
        durability: "normal" survives a killed process, "full" also a power cut.
        timeout_s: Seconds a run may take; 0 for no limit.
        cell_timeout_s: Seconds each of its cells may take; 0 for no limit.
        output_size_bytes: What one run may print and display; the rest is dropped, and said to be.
    """

    engine: str = "fork"
    workers: int = max(1, os.cpu_count() or 1)
    cache: str = ""
    cache_size_bytes: int = 2_000_000_000
    durability: Literal["normal", "full"] = "normal"
    timeout_s: float = 0.0
    cell_timeout_s: float = 0.0
    output_size_bytes: int = 10_000_000

    @classmethod
    def load(cls, folder: str | None = None, environ: Mapping[str, str] | None = None) -> Settings:
        """Read the settings that hold in `folder` (default: the working directory).

        Raises:
            SettingsError: With every unknown name and every wrong value.
        """
        table, where = _tool_table(os.path.abspath(folder or _working_directory()))
        found = {name: (value, f"{where}: tool.nbnodes.{name}") for name, value in table.items()}
        environ = os.environ if environ is None else environ
        known = [f"{_PREFIX}{f.name.upper()}" for f in fields(cls)]
        meant = {*known, TOKEN}
        others = [name for name in environ if name.startswith(_PREFIX) and name not in meant]
        for variable in (*known, *sorted(others)):
            if variable in environ:
                name = variable.removeprefix(_PREFIX).lower()
                found[name] = (environ[variable], variable)
        settings = _checked(found)
        if "cache" in table and "NBNODES_CACHE" not in environ:
            settings = replace(settings, cache=_beside(settings.cache, where))
        return settings


def _checked(found: dict[str, tuple[Any, str]]) -> Settings:
    """Coerce each value to its field's type, gathering every mistake."""
    problems: list[str] = []
    values: dict[str, Any] = {}
    defaults, known = Settings(), [f.name for f in fields(Settings)]
    for name, (value, where) in found.items():
        if name not in known:
            problems.append(f"{where}: no such setting (known: {', '.join(known)})")
            continue
        try:
            values[name] = _coerced(value, type(getattr(defaults, name)))
            _require_range(name, values[name])
        except ValueError as error:
            problems.append(f"{where} = {value!r}: {error}")
    if problems:
        raise SettingsError(problems)
    return replace(defaults, **values)


def _coerced(value: Any, kind: type) -> Any:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise ValueError(f"expected {kind.__name__}")  # noqa: TRY004  # gathered as a setting's mistake
    if kind is str and not isinstance(value, str):
        raise ValueError("expected text")
    try:
        coerced = kind(value)
    except (ValueError, OverflowError):
        raise ValueError(f"expected {kind.__name__}") from None
    if isinstance(value, float) and kind is int and coerced != value:  # 2.5 workers are not 2
        raise ValueError(f"expected {kind.__name__}")
    return coerced


def _require_range(name: str, value: Any) -> None:
    if name == "durability" and value not in ("normal", "full"):
        raise ValueError('expected "normal" or "full"')
    if name == "workers" and value < 1:
        raise ValueError("expected 1 or more")
    if name.endswith(("_s", "_bytes")) and not value >= 0:
        raise ValueError("expected 0 or more")


def _working_directory() -> str:
    try:
        return os.getcwd()
    except OSError as error:
        problem = f"the working directory: {error.strerror}; go to another one"
        raise SettingsError([problem]) from error


def _tool_table(folder: str) -> tuple[dict[str, Any], str]:
    """Find the nearest pyproject.toml with a `[tool.nbnodes]` table, upwards from `folder`."""
    while True:
        path = os.path.join(folder, "pyproject.toml")
        if os.path.isfile(path):
            table = _read_table(path)
            if table is not None:
                return table, path
        parent = os.path.dirname(folder)
        if parent == folder:
            return {}, ""
        folder = parent


def _read_table(path: str) -> dict[str, Any] | None:
    try:
        with open(path, "rb") as file:
            content = file.read()
    except OSError as error:
        raise SettingsError([f"{path}: {error.strerror}"]) from error
    if b"nbnodes" not in content:  # spares most start-ups the TOML parser
        return None
    import tomllib

    try:
        tool = tomllib.loads(content.decode("utf-8")).get("tool", {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError([f"{path}: {error}"]) from error
    table = tool.get("nbnodes") if isinstance(tool, dict) else None
    if not isinstance(table, dict | None):
        raise SettingsError([f"{path}: tool.nbnodes: expected a table"])
    return table


def _beside(cache: str, pyproject: str) -> str:
    """Read a relative cache folder from where it was written down."""
    if cache in ("", "off", _MEMORY):
        return cache
    return os.path.join(os.path.dirname(pyproject), os.path.expanduser(cache))
