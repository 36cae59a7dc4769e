"""Whatever an output holds: drawing it raises nothing, and it cannot break out of its block."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from nbnodes.page.drawing.blocks import blocks_of
from nbnodes.page.drawing.cleaned import cleaned
from nbnodes.result import CellRun, Success

PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
VOID = {"area", "br", "col", "hr", "img", "input", "link", "source", "track", "wbr"}
BITS = st.sampled_from(
    ["<", ">", "</", "/>", "<!--", "-->", "<![CDATA[", "]]>", "<?", "<!", "'", '"', "=", " ", "a",
     "<svg>", "</svg>", "<style>", "</style>", "<template>", "</template>", "</div>", "<div>",
     "<textarea>", "</textarea>", "<title>", "<xmp>", "<plaintext>", "<table>", "<tr>", "<td>",
     "<math>", "<p>", "<path/>", "<a href=javascript:x>", "<img src=x onerror=y>", "<base href=x>",
     "<meta http-equiv=refresh>", "<iframe src=x>", "<noscript>", "&lt;", "&#0;", "\0", "\ud800",
     "<script>", "</script>", "$", "$$", "`", "*", "[", "](", "\n", "|", "\\text{", "}", "\x1b[31m"]
)  # fmt: skip
TEXTS = st.lists(BITS, max_size=25).map("".join) | st.text(st.characters(), max_size=40)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | TEXTS | st.binary(max_size=9)
ANY = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
TYPES = st.sampled_from(
    ["text/html", "text/markdown", "text/latex", "text/plain", "image/svg+xml", "image/png",
     "image/jpeg", "application/json", "application/geo+json", "application/javascript",
     "application/vnd.jupyter.widget-view+json", "application/vnd.plotly.v1+json", "x/y"]
)  # fmt: skip


class Page(HTMLParser):
    """Reads well-formed HTML; keeps what is open, and what must not be there."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"script", "base", "meta", "form", "object", "embed"}:
            self.wrong.append(tag)
        self.wrong += [f"{tag} {key}" for key, _ in attrs if key.startswith("on")]
        values = [value or "" for _, value in attrs]
        self.wrong += [v for v in values if v.lower().strip().startswith("javascript:")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"/{tag}")

    def handle_comment(self, data: str) -> None:
        self.wrong.append(f"<!--{data}")


def check(html: str) -> None:
    """Fail unless HTML is whole elements, and none of them can act."""
    assert "\0" not in html
    html.encode("utf-8")
    page = Page()
    page.feed(html)
    page.close()
    assert (page.open, page.wrong) == ([], [])


@settings(PATIENT, max_examples=400)
@given(TEXTS)
@example("<svg><style><!--</style><a title='</style></template><img onerror=x>'>")
@example("<svg></p><style><a id='</style><img src=1 onerror=alert(1)>'>")
@example("<noscript><p title='</noscript><img src=x onerror=y>'>")
@example("<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1'>")
def test_cleaned_html_is_whole_and_cannot_act(html: str):
    check(f"<div>{cleaned(html).html}</div>")


@settings(PATIENT, max_examples=400)
@given(st.dictionaries(TYPES, ANY, max_size=3), st.dictionaries(TYPES, ANY, max_size=2))
def test_any_bundle_is_drawn_within_its_block(bundle: dict[str, Any], metadata: dict[str, Any]):
    output = {"output_type": "display_data", "data": bundle, "metadata": metadata}
    stream = {"output_type": "stream", "name": "stdout", "text": bundle.get("text/plain")}
    run = CellRun(ordinal=0, outputs=(output, stream))
    result = Success(name="f", engine="e", cells=(run,))
    for block in blocks_of(result, None, frame=lambda _: "/frames/1", style_url="/a.css"):
        check(block.html)
        assert block.html.count("</template>") == block.html.count("<template")
        assert "cannot be drawn" not in block.html


@settings(PATIENT, max_examples=100)
@given(SCALARS)
def test_any_value_is_drawn_within_its_block(value: Any):
    for block in blocks_of(Success(name="f", engine="e", value=value), None, frame=str):
        check(block.html)


@pytest.mark.parametrize(
    "bit", ["<!--", "<a ", "<", "</", "<a x='", "<!", "<b>", "<p>", "<svg><path/>", "<style>", "&#"]
)
def test_nothing_takes_longer_than_its_length_allows(bit: str):
    html = bit * (3_000_000 // len(bit))  # the time limit of all tests says what "longer" is
    check(cleaned(html).html)
