"""What is switched off, as files: a name and a reason go in, and are there until it is undone."""

from __future__ import annotations

import hashlib
import json
import os

from nbnodes.errors import CacheError


class Switches:
    """A folder of one file for each name. Safe from several threads and processes."""

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def put(self, name: str, reason: str) -> None:
        """Switch something off.

        Raises:
            CacheError: If that cannot be written down.
        """
        import tempfile

        try:
            os.makedirs(self._folder, mode=0o700, exist_ok=True)
            descriptor, part = tempfile.mkstemp(dir=self._folder, suffix=".part")
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump({"name": name, "reason": reason}, file)
            os.replace(part, self._path(name))
        except OSError as error:
            raise CacheError(f"{self._folder} cannot be written: {error}") from error

    def drop(self, name: str) -> bool:
        """Switch it on again; return whether it was off."""
        try:
            os.unlink(self._path(name))
        except FileNotFoundError:
            return False
        except OSError as error:
            raise CacheError(f"{self._folder} cannot be written: {error}") from error
        return True

    def all(self) -> dict[str, str]:
        """Return what is off, and why."""
        try:
            names = sorted(os.listdir(self._folder))
        except OSError:
            return {}
        found = [self._read(name) for name in names if not name.endswith(".part")]
        return dict(sorted(pair for pair in found if pair is not None))

    def _read(self, file_name: str) -> tuple[str, str] | None:
        try:
            with open(os.path.join(self._folder, file_name), encoding="utf-8") as file:
                content = json.load(file)
            return str(content["name"]), str(content["reason"])
        except (OSError, ValueError, TypeError, KeyError):
            return None  # gone meanwhile, or no file of ours

    def _path(self, name: str) -> str:
        return os.path.join(self._folder, hashlib.sha256(name.encode()).hexdigest())
