"""The gallery, the pages, their files and frames: what people open in a browser."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from nbnodes.errors import UsageError
from nbnodes.page.card import Card
from nbnodes.page.document import PageContent, page_html
from nbnodes.page.drawing.apart import apart
from nbnodes.page.drawing.prose import prose
from nbnodes.page.frames import FRAME_POLICY
from nbnodes.page.gallery import GalleryEntry, gallery_html
from nbnodes.page.look import asset, asset_url
from nbnodes.page.refusal import refusal_html
from nbnodes.page.shell import POLICY
from nbnodes.rest.describing import summary
from nbnodes.rest.desk import Desk
from nbnodes.rest.given import from_query
from nbnodes.rest.problem import Problem, refused
from nbnodes.rest.route import Route, named
from nbnodes.rest.setting import Asked, Settable
from nbnodes.rest.showing import notebook_of
from nbnodes.rest.subject import Subject
from nbnodes.result import Success

PAGE_POLICY = f"{POLICY}; frame-ancestors 'self'"

_FOR_EVER = "public, max-age=31536000, immutable"


class Page(Route):
    """What answers with HTML of ours."""

    def write_page(self, page: str) -> None:
        """Answer with a page."""
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header("Content-Security-Policy", PAGE_POLICY)
        self.set_header("Cache-Control", "no-store")
        self.set_header("Referrer-Policy", "same-origin")
        self.set_header("X-Content-Type-Options", "nosniff")
        _ = self.finish(page.encode(errors="replace"))  # half characters, which no page can hold

    def write_problem(self, problem: Problem) -> None:
        """Answer with a Problem: a browser gets a page, programs what they get elsewhere."""
        if "text/html" not in self.request.headers.get("Accept", ""):
            super().write_problem(problem)
            return
        self.set_problem(problem)
        self.write_page(refusal_html(self.base_path, problem.title, problem.detail))


class Gallery(Page):
    """`GET /`: all that is served."""

    template = "/"

    async def get(self) -> None:
        """Write it."""
        found = await self.desk.catalogue.subjects()
        entries = [self._entry(one) for one in found]
        title = self.desk.catalogue.title
        self.write_page(gallery_html(entries, base_url=self.base_path, title=title))

    def _entry(self, subject: Subject) -> GalleryEntry:
        words = summary(subject.description)
        if subject.is_graph and not words:
            words = " · ".join(name.replace("_", " ") for name in subject.graph)
        return GalleryEntry(
            name=subject.name,
            title=subject.title,
            description=words,
            url=f"{self.base_path}pages/{quote(subject.name)}",
            parameter_count=len(subject.settable.controls),
            is_graph=subject.is_graph,
        )


class ToGallery(Route):
    """The base path without its slash: the gallery stands where the slash is."""

    template = "/"

    def get(self) -> None:
        """Send there."""
        self.redirect(self.base_path)


class OnePage(Page):
    """`GET /pages/{name}`: a model's or a graph's dashboard. It runs nothing by itself."""

    template = "/pages/{name}"

    async def get(self, name: str | None = None) -> None:
        """Write it, with what the cache has for what the address asks."""
        if not name:
            text = f"the address of a page ends with a model's name; {self.base_path} has them all"
            raise refused(404, "Not found", text)
        subject = await self.desk.catalogue.subject(named(name))
        given = from_query(self.request.query)
        content = await self.desk.in_thread(page_content, self.desk, subject, given)
        self.write_page(page_html(content))


class Asset(Route):
    """`GET /assets/{name}`: scripts and styles. Open to everybody."""

    template = "/assets/{name}"
    is_open = True

    def get(self, name: str) -> None:
        """Write it; a browser keeps it for as long as its address is the same."""
        try:
            found = asset(name)
        except UsageError as error:
            raise refused(404, "Not found", str(error)) from None
        self.set_header("Content-Type", found.media_type)
        self.set_header("ETag", f'"{found.digest}"')
        is_named = self.get_query_argument("v", "") == found.digest
        self.set_header("Cache-Control", _FOR_EVER if is_named else "no-cache")
        _ = self.finish(found.content)


class Frame(Route):
    """`GET /frames/{digest}`: an output that carries scripts, apart from all else."""

    template = "/frames/{digest}"

    def get(self, digest: str) -> None:
        """Write it; its scripts can reach neither the page nor any host."""
        found = self.desk.frames.get(digest)
        if found is None:
            raise refused(404, "Not found", "this output is not kept any more: load the page again")
        self.set_header("Content-Type", "text/html; charset=utf-8")
        policy = f"{FRAME_POLICY}; sandbox allow-scripts; frame-ancestors 'self'"
        self.set_header("Content-Security-Policy", policy)
        self.set_header("Cache-Control", "private, max-age=86400")
        self.set_header("X-Content-Type-Options", "nosniff")
        _ = self.finish(found.encode(errors="replace"))


def page_content(desk: Desk, subject: Subject, given: Mapping[str, Any]) -> PageContent:
    """Put together what a page shows first: what the cache has, and nothing runs for it.

    Args:
        desk: The server's.
        subject: What it shows.
        given: What its address says, by name.
    """
    settable = subject.settable
    asked = settable.from_query(given)
    base, name = desk.base_path, quote(subject.name)
    about = _about(subject, base)
    is_many = len(subject.graph) > 1
    return PageContent(
        title=subject.title,
        base_url=base,
        page_url=f"{base}pages/{name}",
        live_url=f"{base}pages/{name}/live",
        description_html=about,
        controls=settable.controls,
        values=asked.values,
        problems=asked.problems,
        strays=asked.strays,
        groups=settable.groups if is_many else {},
        cards=tuple(_card(desk, subject, settable, asked, one) for one in _ordered(subject)),
        graph_svg=subject.graph.to_svg() if is_many else None,
        is_guarded=desk.is_guarded,
    )


def _about(subject: Subject, base: str) -> str:
    """Write what a subject says of itself; raw HTML in it stays apart from the page."""
    style_url = asset_url(base, "drawing.css")
    return apart(prose(subject.description), style_url=style_url) if subject.description else ""


def _ordered(subject: Subject) -> list[str]:
    """Return the nodes, those that people came for first."""
    others = [name for name in subject.graph if name not in subject.mains]
    return [*subject.mains, *others]


def _card(desk: Desk, subject: Subject, settable: Settable, asked: Asked, node: str) -> Card:
    graph = subject.graph
    options = graph[node].options
    feeds = settable.feeds[node]
    found: Success | None = None
    if not asked.problems and options.trigger == "auto":
        values = {n: one for n, one in asked.values.items() if n in feeds}
        found = desk.recalled(graph, node, values)
    drawing = desk.drawings.of(node, found, notebook_of(graph, node)) if found else None
    title = graph.assembly.members[node].name.replace("_", " ")
    return Card(
        name=node,
        title=title,
        blocks=drawing.blocks if drawing else (),
        state="fresh" if drawing else "stale",
        reason="from the cache" if drawing else "",
        key=drawing.key if drawing else None,
        formats=drawing.formats if drawing else (),
        note=drawing.note if drawing else "",
        is_main=node in subject.mains,
        is_manual=options.trigger != "auto",
        run_url=f"{desk.base_path}api/models/{quote(subject.endpoints.get(node, node))}/run",
        feeds=feeds,
    )
