"""Notebooks become what a Jupyter server has that keeps no files: an async contents manager."""

from __future__ import annotations

import datetime
import json
import os
from pathlib import Path
from typing import Any

from jupyter_server.auth.authorizer import AllowAllAuthorizer
from jupyter_server.services.contents.manager import AsyncContentsManager
from tornado.web import HTTPError

DENIED = "X-Denied"
"""The header that names what an asker may not do: "execute nbnodes"."""


class MemoryContents(AsyncContentsManager):
    """Keeps a notebook's text by its path; read from `MEMORY_NOTEBOOKS` at the start."""

    def __init__(self, **words: Any) -> None:
        super().__init__(**words)
        folder = Path(os.environ["MEMORY_NOTEBOOKS"])
        self.texts = {
            str(one.relative_to(folder)): one.read_text() for one in folder.rglob("*.ipynb")
        }
        self.saved = dict.fromkeys(self.texts, datetime.datetime.now(datetime.UTC))

    async def get(
        self,
        path: str,
        content: bool = True,
        type: str | None = None,  # noqa: A002  # as Jupyter's
        format: str | None = None,  # noqa: A002, ARG002  # as Jupyter's
        require_hash: bool = False,  # noqa: ARG002  # as Jupyter's
    ) -> dict[str, Any]:
        path = path.strip("/")
        if path in self.texts and type in (None, "notebook"):
            return self._notebook(path, content=content)
        if type in (None, "directory") and path in self._folders():
            return self._folder(path, content=content)
        raise HTTPError(404, f"there is no {path}")

    async def save(self, model: dict[str, Any], path: str) -> dict[str, Any]:
        path = path.strip("/")
        self.texts[path] = json.dumps(model["content"])
        self.saved[path] = datetime.datetime.now(datetime.UTC)
        return self._notebook(path, content=False)

    async def dir_exists(self, path: str) -> bool:
        return path.strip("/") in self._folders()

    async def file_exists(self, path: str = "") -> bool:
        return path.strip("/") in self.texts

    async def is_hidden(self, path: str) -> bool:  # noqa: ARG002  # nothing is
        return False

    def _folders(self) -> set[str]:
        return {"", *(one.rpartition("/")[0] for one in self.texts)}

    def _notebook(self, path: str, *, content: bool) -> dict[str, Any]:
        text = self.texts[path]
        return {
            "name": path.rpartition("/")[2],
            "path": path,
            "type": "notebook",
            "writable": True,
            "created": self.saved[path],
            "last_modified": self.saved[path],
            "size": len(text),
            "mimetype": None,
            "format": "json" if content else None,
            "content": json.loads(text) if content else None,
        }

    def _folder(self, path: str, *, content: bool) -> dict[str, Any]:
        inside = [one for one in self._folders() if one and one.rpartition("/")[0] == path]
        notebooks = [one for one in self.texts if one.rpartition("/")[0] == path]
        entries = [self._folder(one, content=False) for one in inside]
        entries += [self._notebook(one, content=False) for one in notebooks]
        return {
            "name": path.rpartition("/")[2],
            "path": path,
            "type": "directory",
            "writable": True,
            "created": None,
            "last_modified": None,
            "mimetype": None,
            "format": "json" if content else None,
            "content": entries if content else None,
        }


class AskedAuthorizer(AllowAllAuthorizer):
    """Denies what the request says it must deny."""

    def is_authorized(
        self,
        handler: Any,
        user: Any,  # noqa: ARG002  # whoever it is
        action: str,
        resource: str,
    ) -> bool:
        return handler.request.headers.get(DENIED) != f"{action} {resource}"
