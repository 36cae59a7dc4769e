"""A notebook and bound sockets become a Voila server that needs no other host and ends cleanly."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable, Sequence
from typing import Any

from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop
from traitlets.config import Config
from voila.app import Voila
from voila.tornado.handler import TornadoVoilaHandler

_TEMPLATES = os.path.join(os.path.dirname(__file__), "templates")
_DEFAULTS: dict[str, dict[str, object]] = {  # a voila.json of the user's may say otherwise
    "Voila": {"log_level": "ERROR"},
    "VoilaConfiguration": {
        "show_tracebacks": True,
        "multi_kernel_manager_class": f"{__name__}.QuietKernels",
        # what needs parts of JupyterLab that Voila has not, and fails on each page
        "extension_denylist": ["jupyterlab-jupytext"],
    },
    # a kernel whose page went without a word: its browser was killed, or its machine sleeps
    "MappingKernelManager": {"cull_idle_timeout": 600, "cull_interval": 60},
}


class QuietKernels(AsyncMappingKernelManager):
    """Kernels that do not write into the server's terminal.

    What a notebook prints is caught in its kernel and shown on the page. What is left are notes
    about connections, for each page, and of kernels that are ended amid a cell.
    """

    async def start_kernel(  # type: ignore[override]  # its own base returns no coroutine
        self, **options: Any
    ) -> str:
        """Start one."""
        started: str = await super().start_kernel(stderr=subprocess.DEVNULL, **options)
        return started


class EndingPage(TornadoVoilaHandler):  # type: ignore[misc]
    """A notebook's page that can end its kernel when it is left.

    It asks for that with the cookie against cross-site requests, which nothing in Voila 0.5 sets:
    the server refused, and each visit left a kernel behind.
    """

    async def get(self, path: str | None = None) -> None:
        """Answer, with the cookie."""
        _ = self.xsrf_token  # sets it
        await super().get(path)


class VoilaServer(Voila):  # type: ignore[misc]
    """Voila on sockets that are already bound.

    Voila's own `listen` looks for another port where one is taken, and its own `stop` waits for the
    kernels on another event loop than the one they belong to.
    """

    sockets: Sequence[socket.socket] = ()

    @classmethod
    def of(
        cls,
        path: str,
        *,
        host: str,
        sockets: Sequence[socket.socket],
        token: str,
        preheat: int,
    ) -> VoilaServer:
        """Make the server of a notebook or a folder; it does not run yet."""
        server: VoilaServer = cls(config=Config(_DEFAULTS))
        server.sockets = sockets
        port = sockets[0].getsockname()[1]
        if host not in ("", "0.0.0.0", "::", "localhost"):  # noqa: S104  # asked, not bound
            # where preheated kernels ask for their page
            os.environ["VOILA_APP_IP"] = f"[{host}]" if ":" in host else host
        server.initialize(_words(path, host=host, port=port, token=token, preheat=preheat))
        return server

    def setup_template_dirs(self) -> None:
        """Put the templates of ours before Voila's."""
        super().setup_template_dirs()
        self.template_paths: list[str] = [_TEMPLATES, *self.template_paths]

    def init_handlers(self) -> list[tuple[Any, ...]]:
        """Put a page that can end its kernel in the place of Voila's."""
        return [
            (route, EndingPage if handler is TornadoVoilaHandler else handler, *rest)
            for route, handler, *rest in super().init_handlers()
        ]

    def listen(self) -> None:
        """Begin to answer; `serve` runs the loop."""
        HTTPServer(self.app).add_sockets(self.sockets)

    def stop(self) -> None:
        """End all kernels."""
        IOLoop.current().run_sync(self.kernel_manager.shutdown_all)
        shutil.rmtree(self.connection_dir, ignore_errors=True)


def serve(server: VoilaServer, announce: Callable[[], None]) -> None:
    """Answer until Ctrl-C or SIGTERM; `announce` is called when requests are answered."""
    loop = IOLoop.current()

    def end(*_: object) -> None:
        loop.add_callback_from_signal(loop.stop)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    server.start()
    loop.add_callback(announce)
    try:
        loop.start()
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a second one does not wait
        server.stop()


def _words(path: str, *, host: str, port: int, token: str, preheat: int) -> list[str]:
    """Return Voila's options: as its command line has them, they hold over its files."""
    return [
        path,
        "--no-browser",
        f"--Voila.ip={host}",
        f"--Voila.port={port}",
        f"--Voila.token={token}",
        "--VoilaConfiguration.template=lab",
        "--VoilaConfiguration.allow_template_override=NOTEBOOK",
        f"--VoilaConfiguration.preheat_kernel={preheat > 0}",
        f"--VoilaConfiguration.default_pool_size={preheat}",
    ]
