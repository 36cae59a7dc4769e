"""Where to go on becomes the page that asks for the server's token. Pure."""

from __future__ import annotations

from urllib.parse import urlencode

from nbnodes.page.markup import tag, text
from nbnodes.page.shell import shell_html


def login_html(base_url: str, place: str, *, problem: str = "") -> str:
    """Write the page.

    Args:
        base_url: Where the server's own pages begin; ends with a slash.
        place: Where to go once in.
        problem: Why the last try failed; "" for none.
    """
    field = tag(
        "input",
        type="password",
        name_="token",
        id="nb-token",
        required=True,
        autofocus=True,
        autocomplete="current-password",
        aria_describedby="nb-token-help",
        aria_invalid="true" if problem else None,
    )
    told = problem or "The server printed it when it was started."
    form = tag(
        "form",
        tag("label", "Token", for_="nb-token"),
        field,
        tag("p", text(told), id="nb-token-help", role="alert" if problem else None),
        tag("button", "Go in", type="submit", class_="nb-button nb-strong"),
        method="post",
        action=f"{base_url}login?{urlencode({'next': place})}",
        class_="nb-login",
    )
    body = tag(
        "main", tag("h1", "Who are you?"), form, class_="nb-plain", id="nb-main", tabindex=-1
    )
    return shell_html("Who are you?", body, base_url=base_url, script="")
