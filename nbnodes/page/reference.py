"""What is served becomes the page of its API: a form per model, tried on the spot. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from nbnodes.control.control import Control
from nbnodes.errors import FormatError
from nbnodes.page.card import FORMATS
from nbnodes.page.curl import curl_line
from nbnodes.page.inputs import Form, form_html
from nbnodes.page.markup import slug, tag, text
from nbnodes.page.shell import shell_html

_OF_A_MODEL = (
    ("GET", "{model}", "its parameters as JSON Schema, what it returns, how long it takes"),
    ("GET", "{model}/run", "run it, with parameters in the query; <code>format=</code> as below"),
    ("POST", "{model}/run", "run it, with parameters as a JSON object"),
    ("POST", "{model}/batch", "run a list or grid of parameters; answers line by line"),
)
_OF_ALL = (
    ("GET", "api/models", "everything that is served"),
    ("POST", "api/jobs", "submit a run that goes on when you have gone"),
    ("GET", "api/jobs/{id}", "how a job stands, and its result"),
    ("GET", "api/jobs/{id}/events", "the same as it moves (server-sent events)"),
    ("DELETE", "api/jobs/{id}", "stop a job"),
    ("GET", "openapi.json", "all of this for programs (OpenAPI 3.1)"),
    ("GET", "healthz", "whether the server lives"),
    ("GET", "readyz", "whether it takes runs"),
    ("GET", "metrics", "runs, hits, latency, queue (Prometheus)"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceModel:
    """What can be run over HTTP.

    Attributes:
        name: What it is called in URLs.
        title: What people read.
        description: What it is for, in plain text; "" for nothing to say.
        url: Of its description in the API; "/run" and "/batch" come behind it.
        page_url: Of its page; "" for none.
        controls: Of its parameters, by address.
        formats: What its Result can be asked for as; the usual ones if nobody knows yet.
    """

    name: str
    title: str
    description: str = ""
    url: str
    page_url: str = ""
    controls: Mapping[str, Control] = field(default_factory=dict)
    formats: tuple[str, ...] = tuple(FORMATS)


def reference_html(
    openapi_url: str,
    base_url: str,
    models: Sequence[ReferenceModel],
    *,
    is_guarded: bool = False,
) -> str:
    """Write the page.

    Args:
        openapi_url: Where programs read the same.
        base_url: Where the server's own pages begin; ends with a slash.
        models: In the order in which they are shown.
        is_guarded: Whether programs need a token.
    """
    link = tag("a", "openapi.json", href=openapi_url)
    told = "Answers are JSON unless asked otherwise; mistakes are <code>problem+json</code>."
    guarded = " Send <code>Authorization: Bearer</code> and your token." if is_guarded else ""
    about = tag("p", f"For programs: {link}. {told}{guarded}", class_="nb-about")
    intro = tag("div", tag("h1", "API"), about, class_="nb-intro")
    listed = "".join(
        _model(one, number, is_guarded=is_guarded) for number, one in enumerate(models)
    )
    rest = tag(
        "section",
        tag("h2", "Everything else"),
        _routes(_OF_ALL, base_url, "everything else"),
        class_="nb-model",
    )
    body = tag("main", intro, listed, rest, class_="nb-plain", id="nb-main", tabindex=-1)
    return shell_html(
        "API", body, base_url=base_url, script="reference.js", data_guarded=is_guarded
    )


def _model(model: ReferenceModel, number: int, *, is_guarded: bool) -> str:
    title = tag("h2", text(model.title))
    about = tag("p", text(model.description), class_="nb-about") if model.description else ""
    shown = tag("a", "Its page", href=model.page_url) if model.page_url else ""
    head = tag("div", title, shown, class_="nb-model-head")
    routes = [(verb, path.replace("{model}", model.url), told) for verb, path, told in _OF_A_MODEL]
    form = Form(controls=model.controls, within=f"nb-{number}")
    tried = form_html(
        form,
        _try(model, is_guarded=is_guarded),
        data_run=f"{model.url}/run",
        aria_label=f"Try {model.title}",
        autocomplete="off",
    )
    parts = head, about, _routes(routes, "", model.title), tried
    return tag("section", *parts, class_="nb-model", id=f"nb-model-{slug(model.name)}")


def _routes(routes: Sequence[tuple[str, str, str]], base_url: str, title: str) -> str:
    rows = "".join(
        tag(
            "tr",
            tag("td", tag("b", verb, class_=f"nb-verb nb-verb-{verb.lower()}")),
            tag("td", tag("code", text(base_url + path))),
            tag("td", told),
        )
        for verb, path, told in routes
    )
    heads = "".join(tag("th", one, scope="col") for one in ("Verb", "Path", "What it does"))
    known = {
        "class_": "nb-routes",
        "tabindex": 0,
        "role": "region",
        "aria_label": f"Routes: {title}",
    }
    table = tag("table", tag("thead", tag("tr", heads)), tag("tbody", rows))
    return tag("div", table, **known)


def _try(model: ReferenceModel, *, is_guarded: bool) -> str:
    names = [one for one in FORMATS if one in model.formats]
    options = "".join(tag("option", text(FORMATS[one]), value=one) for one in names)
    chosen = tag("label", "as ", tag("select", options, data_part="format"), class_="nb-as")
    run = tag("button", "Try it", type="submit", class_="nb-button nb-strong")
    copy = tag("button", "Copy as curl", type="button", class_="nb-quiet", data_act="curl")
    line = tag("pre", text(_line(model, is_guarded=is_guarded)), data_part="curl", tabindex=0)
    words = {"data_part": "answer", "aria_live": "polite", "hidden": True, "class_": "nb-answer"}
    return tag("div", run, chosen, copy, class_="nb-try") + line + tag("div", **words)


def _line(model: ReferenceModel, *, is_guarded: bool) -> str:
    """Write the call with all defaults; those that JSON cannot say are left to the server."""
    values: dict[str, Any] = {
        address: control.default
        for address, control in model.controls.items()
        if control.is_settable and control.kind not in ("files", "password")
    }
    try:
        return curl_line(f"{model.url}/run", values, is_guarded=is_guarded)
    except FormatError:
        return curl_line(f"{model.url}/run", {}, is_guarded=is_guarded)
