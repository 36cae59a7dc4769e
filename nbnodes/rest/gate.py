"""Who comes in: our own application's gate. A token or its cookie, this host, this site."""

from __future__ import annotations

import hmac
import ipaddress
from urllib.parse import urlencode, urlsplit

from tornado.httputil import HTTPServerRequest
from tornado.web import RequestHandler

from nbnodes.rest.problem import Problem, ProblemError, refused
from nbnodes.rest.route import Route

COOKIE = "nbnodes"
_DAYS = 30
_METHODS = "GET, POST, DELETE"
_HEADERS = (
    "Authorization, Content-Type, If-None-Match, Prefer, Idempotency-Key, Last-Event-ID, "
    "X-XSRFToken"
)
_SHOWN = "ETag, Location, Retry-After, Server-Timing, X-Cache, Preference-Applied"


class Gate(RequestHandler):
    """Stands before every route of our own application.

    The application's settings say what it goes by: `nbnodes_token` ("" lets everybody in),
    `nbnodes_hosts` (the names under which it may be asked; None for any), `nbnodes_origins` (other
    sites whose pages may ask).
    """

    is_open = False

    def prepare(self) -> None:
        """Refuse who may not come in, before anything is read or run."""
        self._check_host()
        origin = self.request.headers.get("Origin")
        if self.request.method == "OPTIONS" or self.is_open:
            return
        if origin and self.request.method not in ("GET", "HEAD") and not self.is_own_origin(origin):
            text = f"a page of {origin[:200]} asks for this; allow its origin with --cors"
            raise refused(403, "Another site", text)
        if not self._is_let_in():
            self._refuse()

    def options(self, *names: str) -> None:  # noqa: ARG002  # what a route captures
        """Tell a browser what pages of other sites may ask for (https://fetch.spec.whatwg.org/)."""
        origin = self.request.headers.get("Origin", "")
        if origin and not self.is_own_origin(origin):
            raise refused(403, "Another site", "this origin is not allowed; see --cors")
        answered: tuple[str, ...] = self.methods() if isinstance(self, Route) else ()
        self.set_header("Allow", ", ".join((*answered, "OPTIONS")))
        self.set_header("Access-Control-Allow-Methods", _METHODS)
        self.set_header("Access-Control-Allow-Headers", _HEADERS)
        self.set_header("Access-Control-Max-Age", "600")
        self.set_status(204)
        _ = self.finish()

    def check_xsrf_cookie(self) -> None:
        """Ask for the token against cross-site requests only of who comes in by a cookie."""
        if self._is_by_cookie():
            super().check_xsrf_cookie()

    def is_own_origin(self, origin: str) -> bool:
        """Whether an origin is this server's, or one that is allowed."""
        allowed: frozenset[str] = self.settings["nbnodes_origins"]
        parts = urlsplit(origin)
        own = parts.netloc == self.request.host and parts.scheme in ("http", "https")
        return own or origin in allowed or "*" in allowed

    def set_default_headers(self) -> None:
        """Say what browsers must not guess."""
        self.clear_header("Server")
        self.set_header("X-Content-Type-Options", "nosniff")
        origin = self.request.headers.get("Origin")
        if origin and self.is_own_origin(origin):
            self._allow(origin)  # of each answer, problems too: pages may read those

    def log_in(self, given: str) -> bool:
        """Give a browser its cookie, if the token is right."""
        if not self._is_token(given):
            return False
        is_secure = self.request.protocol == "https"
        self.set_signed_cookie(
            self._cookie_name(), "in", _DAYS, httponly=True, samesite="Lax", secure=is_secure
        )
        _ = self.xsrf_token  # sets its cookie
        return True

    def _check_host(self) -> None:
        """Refuse other names than ours: a page of another site may point its name at us."""
        hosts: frozenset[str] | None = self.settings["nbnodes_hosts"]
        name = urlsplit(f"//{self.request.host}").hostname or ""
        if hosts is None or name in hosts or _is_address(name):
            return
        how = f"if it is (behind a proxy, say), start it with --allow-host {name[:100] or 'NAME'}"
        raise refused(403, "Another host", f"this server is not called {name[:100]!r}; {how}")

    def _allow(self, origin: str) -> None:
        self.set_header("Access-Control-Allow-Origin", origin)
        self.set_header("Access-Control-Expose-Headers", _SHOWN)
        self.add_header("Vary", "Origin")

    def _is_let_in(self) -> bool:
        if not self.settings["nbnodes_token"] or self._is_by_cookie():
            return True
        kind, _, token = self.request.headers.get("Authorization", "").partition(" ")
        return kind.lower() in ("bearer", "token") and self._is_token(token.strip())

    def _is_by_cookie(self) -> bool:
        if not self.settings["nbnodes_token"] or "Authorization" in self.request.headers:
            return False
        return self.get_signed_cookie(self._cookie_name(), max_age_days=_DAYS) == b"in"

    def _is_token(self, given: str) -> bool:
        wanted: str = self.settings["nbnodes_token"]
        return hmac.compare_digest(given.encode(), wanted.encode())

    def _cookie_name(self) -> str:
        """Return the cookie's name: another port is another server, but cookies know no ports."""
        port = self.request.host.rpartition(":")[2]
        return f"{COOKIE}-{port}" if port.isdigit() else COOKIE

    def _refuse(self) -> None:
        given = self.get_query_arguments("token")
        is_page = "text/html" in self.request.headers.get("Accept", "")
        is_read = self.request.method in ("GET", "HEAD")
        if is_read and given and self.log_in(given[-1]):
            if is_page:
                self._go_on_without_token()
            return
        if is_read and is_page and not self._is_socket():
            place = urlencode({"next": self.request.uri or "/"})
            self.set_header("Connection", "close")  # as tornado does: the request was not read
            self.redirect(f"{self.settings['nbnodes_base_path']}login?{place}")
            return
        known = {"WWW-Authenticate": 'Bearer realm="nbnodes"'}
        text = "send the server's token: Authorization: Bearer TOKEN"
        problem = Problem(status=401, title="Who are you?", detail=text, headers=known)
        raise ProblemError(problem)

    def _go_on_without_token(self) -> None:
        self.set_header("Connection", "close")
        self.redirect(without_token(self.request))

    def _is_socket(self) -> bool:
        return self.request.headers.get("Upgrade", "").lower() == "websocket"


class NoRoute(Route):
    """Answers what no route does."""

    template = "(none)"

    def on_let_in(self) -> None:
        """Refuse, whoever asks."""
        raise refused(404, "Not found", f"there is nothing here; see {self.base_path}docs")


def without_token(request: HTTPServerRequest) -> str:
    """Return the address that was asked for, less its token: it would stay in histories, logs."""
    arguments = request.query_arguments.items()
    rest = [(n, one) for n, values in arguments if n != "token" for one in values]
    return f"{request.path}?{urlencode(rest)}" if rest else str(request.path)


def _is_address(name: str) -> bool:
    """Whether a host is named by its number, which nobody can point elsewhere."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
