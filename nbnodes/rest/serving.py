"""Paths become a running server: the composition root of `nbnodes serve`."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from nbnodes.cache.location import cache_folder
from nbnodes.jobs.jobs import FILE_NAME, Jobs
from nbnodes.project import Project
from nbnodes.rest.application import Guard
from nbnodes.rest.desk import Desk
from nbnodes.rest.limits import Limits
from nbnodes.rest.process import prepare
from nbnodes.rest.reloading import reload_when_saved
from nbnodes.rest.served import Served
from nbnodes.rest.server import Server
from nbnodes.result import CacheKey
from nbnodes.session import Session


class Serving:
    """What is served, and how; nothing runs before `run`.

    Args:
        paths: Notebooks, folders, graph.toml files.
        guard: Who may come in.
        limits: What is allowed.
        base_path: The path under which all routes stand.
        debug: Whether tracebacks are told.
        overrides: Settings that take the place of those found.

    Raises:
        UsageError: If a path is wrong, or a setting.
    """

    def __init__(  # what a server is made of
        self,
        paths: Sequence[str],
        *,
        guard: Guard,
        limits: Limits,
        base_path: str = "/",
        debug: bool = False,
        overrides: Mapping[str, Any] | None = None,
    ) -> None:
        self._guard = guard
        self.session = Project.at(**(overrides or {})).session()
        try:
            self.served = Served(paths, self.session)
            self.desk = Desk(
                self.session,
                self.served,
                open_jobs(self.session),
                limits=limits,
                base_path=base_path,
                debug=debug,
                is_guarded=bool(guard.token),
            )
        except BaseException:
            self.session.close()
            raise

    def run(
        self,
        sockets: Sequence[socket.socket],
        announce: Callable[[tuple[str, ...]], None],
        *,
        trusts_proxy: bool = False,
        reloads: bool = False,
        shares_cpu: bool = True,
    ) -> None:
        """Serve until told to end; then end what runs. The process is taken to be the server's own.

        Args:
            sockets: Where to listen; already bound.
            announce: Called once requests are answered, with what is not served and why.
            trusts_proxy: Whether forwarded addresses are believed.
            reloads: Whether notebooks that are saved are read anew.
            shares_cpu: Whether its threads may share a CPU; see `share_one_cpu`.
        """
        prepare(shares_cpu=shares_cpu and self.served.runs_apart)
        try:
            asyncio.run(self.answer(sockets, announce, trusts_proxy=trusts_proxy, reloads=reloads))
        finally:
            self.session.close()

    async def answer(
        self,
        sockets: Sequence[socket.socket],
        announce: Callable[[tuple[str, ...]], None],
        *,
        trusts_proxy: bool = False,
        reloads: bool = False,
        ended: asyncio.Event | None = None,
    ) -> None:
        """Do what `run` does, on a loop that runs; the Session is left open.

        Args:
            sockets: See `run`.
            announce: See `run`.
            trusts_proxy: See `run`.
            reloads: See `run`.
            ended: What ends it; with it, signals are left alone.
        """
        server = Server(self.desk, self._guard, sockets, trusts_proxy=trusts_proxy)
        watching = None
        if reloads:
            watching = asyncio.create_task(reload_when_saved(self.desk, self.served))
        try:
            await server.run(lambda: announce(tuple(self.served.problems)), ended)
        finally:
            if watching is not None:
                watching.cancel()


def open_jobs(session: Session) -> Jobs:
    """Open the Jobs that belong to a Session's cache; without a folder they end with the server."""
    folder = cache_folder(session.settings.cache)
    path = None if folder is None else os.path.join(folder, FILE_NAME)

    def recall(key: str) -> Any:
        store = session.store
        return None if store is None else session.runner.stored(store, CacheKey(key))

    return Jobs(path, recall=recall, durability=session.settings.durability)
