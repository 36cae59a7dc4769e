"""`/login`: a browser shows the token once and gets its cookie."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from nbnodes.page.login import login_html
from nbnodes.rest.gate import Gate
from nbnodes.rest.routes.pages import Page


class Login(Page):
    """`GET` and `POST /login`. Open to everybody."""

    template = "/login"
    is_open = True

    def get(self) -> None:
        """Show the form."""
        self._show("")

    def post(self) -> None:
        """Let in who knows the token."""
        gate = self
        if isinstance(gate, Gate) and gate.log_in(self._given("token")):
            self.redirect(self._next())
            return
        self.set_status(403)
        self._show("This is not the server's token.")

    def _given(self, name: str) -> str:
        fields = parse_qs(self.body.decode(errors="replace"), keep_blank_values=True)
        return fields.get(name, [""])[-1]

    def _show(self, problem: str) -> None:
        self.write_page(login_html(self.base_path, self._next(), problem=problem))

    def _next(self) -> str:
        """Return where to go on: a path of this server, whatever was asked."""
        place = self.get_query_argument("next", self.base_path)
        parts = urlsplit(place)
        is_here = not parts.scheme and not parts.netloc and place.startswith(self.base_path)
        return place if is_here and "\\" not in place and "//" not in parts.path else self.base_path
