"""A Desk and bound sockets become a server that answers until it is told to end."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Callable, Sequence

from tornado.httpserver import HTTPServer

from nbnodes.rest.application import Guard, application
from nbnodes.rest.desk import Desk

_HEADERS_BYTES = 65_536
_DRAIN_S = 5.0
"""How long answers under way may still take once the server is told to end."""


class Server:
    """Our own server.

    Args:
        desk: What is served.
        guard: Who may come in.
        sockets: Where it listens; already bound.
        trusts_proxy: Whether `X-Forwarded-For` and `-Proto` are believed.
    """

    def __init__(
        self,
        desk: Desk,
        guard: Guard,
        sockets: Sequence[socket.socket],
        *,
        trusts_proxy: bool = False,
    ) -> None:
        self.desk = desk
        self._sockets = sockets
        self._http = HTTPServer(
            application(desk, guard),
            xheaders=trusts_proxy,
            idle_connection_timeout=desk.limits.idle_s,
            body_timeout=desk.limits.body_s,
            max_header_size=_HEADERS_BYTES,
            max_body_size=1 << 40,  # routes refuse what is too large as it comes
        )

    async def run(self, ready: Callable[[], None], ended: asyncio.Event | None = None) -> None:
        """Answer until Ctrl-C, SIGTERM, or `ended` is set.

        Args:
            ready: Called when requests are answered.
            ended: What ends it, too; with it, signals are left alone.
        """
        loop = asyncio.get_running_loop()
        stop = ended or asyncio.Event()
        numbers = () if ended else (signal.SIGINT, signal.SIGTERM)
        for number in numbers:
            loop.add_signal_handler(number, stop.set)
        self._http.add_sockets(self._sockets)
        try:
            ready()
            await stop.wait()
        finally:
            for number in numbers:
                loop.remove_signal_handler(number)  # a second one does not wait
            await self._close()

    async def _close(self) -> None:
        self._http.stop()
        await self.desk.end(_DRAIN_S)
        await asyncio.sleep(0)  # sockets send what they were told last
        await self._http.close_all_connections()
