"""Who comes in: Jupyter's users, as its identity provider, authorizer and XSRF check say."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from jupyter_core.utils import ensure_async
from jupyter_server.auth.decorator import allow_unauthenticated
from jupyter_server.base.handlers import JupyterHandler
from tornado.web import HTTPError, RequestHandler, authenticated

from nbnodes.rest.gate import without_token
from nbnodes.rest.problem import Problem, ProblemError, refused
from nbnodes.rest.route import Route

RESOURCE = "nbnodes"
"""What Jupyter's authorizer is asked about: may a user `read` it, or `execute`."""

_METHODS = "GET, POST, DELETE"
_HEADERS = (
    "accept, authorization, content-type, idempotency-key, if-none-match, last-event-id, prefer, "
    "x-xsrftoken"
)


class JupyterGate(JupyterHandler):
    """Stands before every route in Jupyter: nobody comes in whom Jupyter does not know."""

    auth_resource = RESOURCE
    is_open = False  # whatever a route says: all that is in Jupyter asks who comes

    def __init_subclass__(cls, **words: Any) -> None:
        """Say of each method what is so: Jupyter looks for it, and warns of those without."""
        super().__init_subclass__(**words)
        for name in ("get", "head", "post", "delete"):
            method = getattr(cls, name)
            if method is not getattr(RequestHandler, name):
                setattr(cls, name, authenticated(method))

    async def prepare(self) -> None:  # type: ignore[override]  # as those of Jupyter's handlers
        """Refuse who may not come in, before anything is read or run."""
        if not self.check_host():
            raise refused(403, "Another host", f"this server is not {self.request.host[:100]!r}")
        try:
            await super().prepare(_redirect_to_login=False)
        except HTTPError:
            if self._user is not None:
                raise
        if self.request.method == "OPTIONS":
            return
        if self._user is None:
            self._refuse()
            return
        self._check_site()
        await self._authorize()
        if not self._finished and self._is_page():
            self._welcome()

    @allow_unauthenticated
    def options(self, *names: str) -> None:  # noqa: ARG002  # what a route captures
        """Tell a browser what pages of sites may ask for that `ServerApp.allow_origin` allows."""
        answered: tuple[str, ...] = self.methods() if isinstance(self, Route) else ()
        self.set_header("Allow", ", ".join((*answered, "OPTIONS")))
        self.set_header("Access-Control-Allow-Methods", _METHODS)
        self.set_header("Access-Control-Allow-Headers", _HEADERS)
        self.set_status(204)
        _ = self.finish()

    def check_xsrf_cookie(self) -> None:
        """Check as Jupyter does; who is nobody is refused for that, later."""
        if self._user is None:
            return
        try:
            if not self.is_own_origin(self.request.headers.get("Origin", "")):
                raise refused(403, "Another site", "see ServerApp.allow_origin")
            super().check_xsrf_cookie()
        except HTTPError as error:
            how = "send Jupyter's token (Authorization: token …), or the _xsrf cookie's value"
            text = f"{error.log_message}: {how} as X-XSRFToken"
            raise refused(403, "No XSRF token", text) from None

    def is_own_origin(self, origin: str) -> bool:  # noqa: ARG002  # Jupyter reads it from the request
        """Whether a page of that origin may ask: of this server, or one that Jupyter allows."""
        return bool(JupyterHandler.check_origin(self))

    async def _may(self, action: str, resource: str) -> bool:
        asked = self.authorizer.is_authorized(self, self.current_user, action, resource)
        return bool(await ensure_async(asked))

    @property
    def _user(self) -> Any:
        return getattr(self, "_jupyter_current_user", None)

    @property
    def _runs(self) -> bool:
        return isinstance(self, Route) and self.request.method in self.running

    def _check_site(self) -> None:
        """Refuse to run anything for a page of another site that has the browser send its cookie.

        Browsers say of which site a page is, but not over plain HTTP to another machine: there, as
        for Jupyter's files, it must be the Referer that says so.
        """
        is_get = self.request.method in ("GET", "HEAD")
        is_told = "Sec-Fetch-Site" in self.request.headers  # `Route.refuse_other_sites` reads it
        if is_get and self._runs and not is_told and not self._is_socket():
            self.check_xsrf_cookie()

    async def _authorize(self) -> None:
        action = "execute" if self._runs else "read"
        for asked in ((action, RESOURCE), ("read", "contents")):  # all tells of what lies there
            if not await self._may(*asked):
                text = f"you may not {' '.join(asked)}: whoever runs this server decides"
                raise refused(403, "Not allowed", text)
        if self._runs:  # a server that runs something is not idle
            self.settings["api_last_activity"] = datetime.now(UTC)

    def _refuse(self) -> None:
        if self._is_page():
            place = urlencode({"next": self.request.uri or "/"})
            self._send_to(f"{self.get_login_url()}?{place}")
            return
        known = {"WWW-Authenticate": 'Bearer realm="jupyter"'}
        text = "send Jupyter's token: Authorization: token TOKEN"
        problem = Problem(status=401, title="Who are you?", detail=text, headers=known)
        raise ProblemError(problem)

    def _welcome(self) -> None:
        """Give a browser what its pages need, and take the token out of their address."""
        _ = self.xsrf_token  # sets its cookie
        if "token" in self.request.query_arguments:
            self._send_to(without_token(self.request))

    def _send_to(self, place: str) -> None:
        """Send a browser elsewhere; tornado then closes the connection, which must be told."""
        self.set_header("Connection", "close")
        self.redirect(place)

    def _is_page(self) -> bool:
        """Whether a browser asks for something to show."""
        wants = "text/html" in self.request.headers.get("Accept", "")
        return self.request.method == "GET" and wants and not self._is_socket()

    def _is_socket(self) -> bool:
        return self.request.headers.get("Upgrade", "").lower() == "websocket"
