"""A folder and its Settings become a Session: where a program, such as the command line, begins."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import Any

from nbnodes.session import Model, Session
from nbnodes.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A folder of notebooks and the settings that hold there.

    Attributes:
        folder: The folder, absolute.
        settings: Its settings.
    """

    folder: str
    settings: Settings

    @classmethod
    def at(cls, folder: str | os.PathLike[str] | None = None, **overrides: Any) -> Project:
        """Open the project in a folder (default: the working directory).

        Args:
            folder: The folder.
            **overrides: Settings that take the place of those found; None changes nothing.

        Raises:
            SettingsError: If the settings are wrong.
        """
        place = os.path.abspath(folder or os.getcwd())
        given = {name: value for name, value in overrides.items() if value is not None}
        return cls(folder=place, settings=replace(Settings.load(place), **given))

    def session(self, *, lasting: bool = True) -> Session:
        """Open a Session with these settings; `lasting` as there."""
        return Session(settings=self.settings, lasting=lasting)

    def models(self, session: Session) -> dict[str, Model]:
        """Read the folder's notebooks, by name without suffix, in alphabetical order."""
        names = sorted(name for name in os.listdir(self.folder) if name.endswith(".ipynb"))
        paths = {os.path.splitext(name)[0]: os.path.join(self.folder, name) for name in names}
        return {name: session.model(path) for name, path in paths.items()}
