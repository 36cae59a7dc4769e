"""A Jupyter server becomes one that serves its notebooks, too: the extension's composition."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from jupyter_server.extension.application import ExtensionApp
from traitlets import Bool, Float, Int

from nbnodes.project import Project
from nbnodes.rest.desk import Desk
from nbnodes.rest.gate import NoRoute
from nbnodes.rest.jupyter.contents import Contents
from nbnodes.rest.jupyter.following import follow
from nbnodes.rest.jupyter.gate import JupyterGate
from nbnodes.rest.limits import Limits
from nbnodes.rest.mount import mounted
from nbnodes.rest.serving import open_jobs
from nbnodes.session import Session

_LIMITS = Limits()


class NbnodesExtension(ExtensionApp):
    """The extension: routes at `{base_url}nbnodes/` and `{base_url}restified`.

    Its settings are those that hold in the server's root folder; what a server allows is
    configured as all of Jupyter is: `c.NbnodesExtension.sync_timeout_s = 10`.
    """

    name = "nbnodes"
    extension_url = "/nbnodes/"
    load_other_extensions = True

    sync_timeout_s = Float(
        _LIMITS.sync_timeout_s,
        min=0,
        help="How long a request waits for its run, which then goes on as a job.",
    ).tag(config=True)
    body_size_bytes = Int(
        _LIMITS.body_size_bytes, min=1, help="How large a request may be, in bytes."
    ).tag(config=True)
    waiting = Int(
        _LIMITS.waiting, min=1, help="How many runs may be under way or wait; more get 503."
    ).tag(config=True)
    client_runs = Int(
        _LIMITS.client_runs, min=1, help="How many of these one client may have; more get 429."
    ).tag(config=True)
    batch = Int(_LIMITS.batch, min=1, help="How many sets of parameters one batch may have.").tag(
        config=True
    )
    visits = Int(_LIMITS.visits, min=1, help="How many pages may be open at once.").tag(config=True)
    debug = Bool(False, help="Tell clients tracebacks, which show paths.").tag(config=True)

    session: Session | None = None
    desk: Desk | None = None
    _following: asyncio.Task[None] | None = None

    def initialize_handlers(self) -> None:
        """Mount the routes; nothing runs, and no process begins, before one is asked."""
        server: Any = self.serverapp
        base: str = server.base_url
        self.session = Project.at(server.root_dir).session()
        self.desk = Desk(
            self.session,
            Contents(lambda: server.web_app.settings["contents_manager"], self.session),
            open_jobs(self.session),
            limits=self._limits(),
            base_path=f"{base}nbnodes/",
            restified_path=f"{base}restified",
            is_open=True,
            cookie_name=server.identity_provider.cookie_name or "username-HOST-PORT",
            debug=self.debug,
            is_guarded=bool(server.identity_provider.auth_enabled),
        )
        routes = mounted(self.desk, JupyterGate, more=((r".*", NoRoute),))
        server.web_app.add_handlers(".*$", routes)

    async def _start_jupyter_server_extension(self, serverapp: Any) -> None:  # noqa: ARG002  # Jupyter's
        """Have open pages follow notebooks that are saved, once the server's loop runs."""
        if self.desk is not None:
            self._following = asyncio.create_task(follow(self.desk))

    async def stop_extension(self) -> None:
        """End what runs, and give back all that is held."""
        if self._following is not None:
            self._following.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._following
        desk, session = self.desk, self.session
        if desk is None or session is None:
            return
        await desk.end()
        await asyncio.to_thread(session.close)

    def _limits(self) -> Limits:
        return Limits(
            sync_timeout_s=self.sync_timeout_s,
            body_size_bytes=self.body_size_bytes,
            waiting=self.waiting,
            client_runs=self.client_runs,
            batch=self.batch,
            visits=self.visits,
        )
