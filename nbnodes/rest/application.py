"""Our own application: routes, gate and settings, with no Jupyter in it."""

from __future__ import annotations

import hashlib
import hmac
import logging
from dataclasses import dataclass
from typing import Any

from tornado.web import Application, RequestHandler

from nbnodes.rest.desk import Desk
from nbnodes.rest.gate import Gate, NoRoute
from nbnodes.rest.mount import gated, mounted
from nbnodes.rest.route import Route
from nbnodes.rest.routes.login import Login

_log = logging.getLogger("nbnodes.rest")


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """Who may come in.

    Attributes:
        token: What they must know; "" lets everybody in.
        hosts: The names under which the server may be asked; None for any.
        origins: Other sites whose pages may ask; "*" for all.
    """

    token: str = ""
    hosts: frozenset[str] | None = None
    origins: frozenset[str] = frozenset()


def application(desk: Desk, guard: Guard) -> Application:
    """Make the application of `nbnodes serve`."""
    base = desk.base_path
    routes = mounted(desk, Gate, more=((r"login", Login),))
    return Application(
        routes,
        default_handler_class=gated(NoRoute, Gate),
        default_handler_args={"desk": desk},
        log_function=_log_request,
        cookie_secret=_cookie_secret(guard.token),
        xsrf_cookies=bool(guard.token),
        xsrf_cookie_kwargs={"samesite": "Lax"},
        websocket_ping_interval=20,
        websocket_max_message_size=desk.limits.body_size_bytes,
        compress_response=False,
        nbnodes_token=guard.token,
        nbnodes_hosts=guard.hosts,
        nbnodes_origins=guard.origins,
        nbnodes_base_path=base,
    )


def _cookie_secret(token: str) -> str:
    """Return what signs cookies: of the token, so that a restarted server knows its own."""
    return hmac.new(token.encode(), b"nbnodes cookies", hashlib.sha256).hexdigest()


def _log_request(handler: RequestHandler) -> None:
    """Log what failed; the rest is counted in the metrics, and logged where details are asked."""
    request: Any = handler.request
    status = handler.final_status if isinstance(handler, Route) else handler.get_status()
    level = logging.WARNING if status >= 500 else logging.DEBUG  # noqa: PLR2004
    path = request.path  # without its query, which may have a token
    _log.log(level, "%s %s %d %.1f ms", request.method, path, status, 1000 * request.request_time())
