"""Models, graphs and cards become whole pages of ours."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from nbnodes.control.control import Control
from nbnodes.control.grids import Numbers
from nbnodes.errors import UsageError
from nbnodes.page.card import Card, card_id
from nbnodes.page.document import PageContent, page_html
from nbnodes.page.drawing.block import Block
from nbnodes.page.gallery import GalleryEntry, gallery_html
from nbnodes.page.layout import card_body, spans
from nbnodes.page.look import ASSETS, asset, asset_url
from nbnodes.page.markup import slug, tag, text
from nbnodes.page.reference import ReferenceModel, reference_html

N = Control(
    name="n", kind="slider", domain=Numbers(low=0, high=9, step=1, is_whole=True), default=5
)
PICTURE = '<div class="nb-apart"><template shadowrootmode="open"><svg></svg></template></div>'


def card(name: str = "fib", **words: object) -> Card:
    return Card(**{"name": name, "title": name, "run_url": f"/api/models/{name}/run"} | words)  # type: ignore[arg-type]


def page(*cards: Card, **words: object) -> str:
    known = {
        "title": "Fib",
        "base_url": "/",
        "page_url": "/pages/fib",
        "live_url": "/pages/fib/live",
    }
    return page_html(PageContent(**known | {"cards": cards, "controls": {"n": N}} | words))  # type: ignore[arg-type]


def block(html: str = "<p>x</p>", *tags: str, kind: str = "output") -> Block:
    return Block(html=html, tags=tags, kind=kind)  # type: ignore[arg-type]


def all_pages() -> dict[str, str]:
    return {
        "page": page(card(blocks=(block("<p>610</p>", kind="value"),), state="fresh", key="k")),
        "gallery": gallery_html(
            [GalleryEntry(name="fib", title="Fib", url="/pages/fib")], base_url="/"
        ),
        "reference": reference_html(
            "/openapi.json",
            "/",
            [ReferenceModel(name="fib", title="Fib", url="/api/models/fib", controls={"n": N})],
        ),
    }


@pytest.mark.parametrize("name", ["page", "gallery", "reference"])
def test_a_page_has_ids_once_and_nothing_from_another_host(name: str) -> None:
    html = all_pages()[name]
    ids = re.findall(r' id="([^"]+)"', html)
    assert len(set(ids)) == len(ids)
    assert re.findall(r'(?:src|href|action)="(?:https?:)?//', html) == []


@pytest.mark.parametrize("name", ["page", "gallery", "reference"])
def test_a_page_has_no_script_that_its_policy_forbids(name: str) -> None:
    inline = [one for one in re.findall(r"<script([^>]*)>", all_pages()[name]) if "src=" not in one]
    assert all('type="application/json"' in one for one in inline)
    assert re.findall(r"\son[a-z]+=", all_pages()[name]) == []


@pytest.mark.parametrize("name", ["page", "gallery", "reference"])
def test_every_element_of_a_page_is_ended(name: str) -> None:
    open_tags: list[str] = []

    class Check(HTMLParser):
        def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002  # its signature
            if tag not in ("input", "meta", "link", "br"):
                open_tags.append(tag)

        def handle_endtag(self, tag: str) -> None:
            assert open_tags.pop() == tag

    Check().feed(all_pages()[name])
    assert open_tags == []


def test_the_first_byte_carries_what_is_known() -> None:
    html = page(card(blocks=(block("<p>610</p>"),), state="fresh", key="abc", note="cached, 12 ms"))
    assert "<p>610</p>" in html
    assert 'data-key="abc"' in html
    assert "cached, 12 ms" in html


def test_inner_nodes_are_folded_below_the_main_ones() -> None:
    html = page(card("a"), card("b", is_main=False), card("c", is_main=False))
    assert html.index(card_id("a")) < html.index("2 steps on the way") < html.index(card_id("b"))


def test_the_graph_is_shown_where_there_is_one() -> None:
    drawn = "<svg><g data-node='a'></g></svg>"
    assert drawn in page(card("a"), graph_svg=drawn)
    assert 'id="nb-graph"' not in page(card("a"))


def test_a_page_without_parameters_has_no_panel() -> None:
    assert "nb-form" not in page(card(), controls={})


def test_titles_stay_text() -> None:
    html = page(card(title="<b>card</b>", reason="<i>why</i>"), title="<u>page</u>")
    assert not any(one in html for one in ("<b>card", "<i>why", "<u>page"))


def test_untagged_blocks_are_as_wide_as_the_card_and_pictures_stand_in_pairs() -> None:
    value, picture = block(PICTURE, kind="value"), block(PICTURE)
    assert spans([value, picture, picture, picture, block()]) == [12, 6, 6, 12, 12]
    assert spans([value, picture, block()]) == [12, 12, 12]


@pytest.mark.parametrize(
    ("tags", "span"),
    [
        (("col:6",), 6),
        (("col:99",), 12),
        (("col:0",), 1),
        (("col:x",), 12),
        (("full", "col:3"), 12),
    ],
)
def test_a_cells_tag_says_how_wide_it_is(tags: tuple[str, ...], span: int) -> None:
    assert spans([block("<p>x</p>", *tags)]) == [span]


def test_tabs_gather_what_has_their_name_and_the_rest_stands_above() -> None:
    blocks = [block("1", "tab:A"), block("2", "tab:B b"), block("3", "tab:A"), block("4")]
    html = card_body(blocks, "x")
    assert re.findall(r'role="tab"[^>]*>([^<]+)<', html) == ["A", "B b"]
    assert [html.index(f">{n}<") for n in "4132"] == sorted(html.index(f">{n}<") for n in "1234")
    assert html.count('aria-selected="true"') == 1
    assert html.count(" hidden") == 1


def test_two_cards_tabs_have_ids_of_their_own() -> None:
    bodies = [card_body([block("1", "tab:A")], name) for name in ("a.b", "a-b")]
    first, second = (set(re.findall(r' id="([^"]+)"', body)) for body in bodies)
    assert first
    assert not first & second


def test_nothing_to_show_is_an_empty_body() -> None:
    assert card_body([]) == ""


@pytest.mark.parametrize(("count", "is_searched"), [(8, False), (9, True)])
def test_many_entries_can_be_searched(count: int, is_searched: bool) -> None:  # a case
    entries = [GalleryEntry(name=f"m{n}", title="M", url=f"/pages/m{n}") for n in range(count)]
    html = gallery_html(entries, base_url="/")
    assert ('id="nb-search"' in html) is is_searched
    assert ("gallery.js" in html) is is_searched


def test_an_empty_gallery_says_so() -> None:
    assert "no model notebook" in gallery_html([], base_url="/")


def test_the_reference_says_how_to_call_a_model() -> None:
    html = all_pages()["reference"]
    assert "curl -X POST /api/models/fib/run" in html
    assert "{&quot;n&quot;: 5}" in html


def test_the_scripts_of_a_page_are_small() -> None:
    assert len(asset("page.js").content) + len(asset("theme.js").content) <= 25_000


@pytest.mark.parametrize("name", ASSETS)
def test_assets_name_no_other_host(name: str) -> None:
    found = re.findall(rb"(?:https?:)?//[a-z0-9.]+\.[a-z]{2,}/", asset(name).content)
    assert [one for one in found if b"www.w3.org" not in one] == []


def test_an_assets_url_changes_with_its_content() -> None:
    assert (
        asset_url("/nbnodes/", "page.js") == f"/nbnodes/assets/page.js?v={asset('page.js').digest}"
    )


def test_an_unknown_asset_is_refused() -> None:
    with pytest.raises(UsageError, match="there are: page"):
        asset("../errors.py")


def test_drawings_follow_the_pages_scheme() -> None:
    assert ".nb-graph svg .nb-stale .nb-box{fill:light-dark(#" in asset("page.css").content.decode()


def test_attributes_and_text_are_escaped() -> None:
    assert tag("a", text("<\0\ud800>"), href='"&', hidden=False, download=True) == (
        '<a href="&quot;&amp;" download>&lt;\ufffd\ufffd&gt;</a>'
    )


def test_a_slug_is_another_for_each_name() -> None:
    names = ["a.b", "a-b", "a b", "ab", "ä", "a-2e-b"]
    assert len({slug(name) for name in names}) == len(names)


def test_a_page_says_what_of_its_address_nothing_is_known_of() -> None:
    html = page(card(), strays=("<foo>: there is no such parameter",))
    assert "In the address: &lt;foo&gt;: there is no such parameter" in html
    assert "2 more that nothing is known of" in page(card(), strays=tuple("abcdefghijkl"))


def test_nothing_of_a_blocked_card_can_be_downloaded() -> None:
    style = asset("page.css").content.decode()
    assert '[data-state="blocked"] .nb-menu { display: none; }' in style
