"""A node's header tells what it is told, and passes on what a person asks for."""

from __future__ import annotations

import re

import pytest
from front_end import FrontEnd
from traitlets import TraitError

from nbnodes.errors import FormatError
from nbnodes.graph.drawing.picture import KINDS, STATES
from nbnodes.graph.drawing.style import DARK, LIGHT
from nbnodes.graph.drawing.svg import KIND_PATHS, STATE_PATHS
from nbnodes.views.node_header import NodeHeader


@pytest.fixture
def asked() -> list[tuple[str, str]]:
    return []


@pytest.fixture
def header(asked: list[tuple[str, str]]) -> NodeHeader:
    made = NodeHeader(name="trend", formats=["json", "csv"])
    made.on_ask(lambda action, detail: asked.append((action, detail)))
    return made


@pytest.mark.parametrize("action", ["run", "cancel", "code"])
def test_what_a_button_asks_for_is_passed_on(header, asked, action: str) -> None:
    FrontEnd(header).say(do=action)
    assert asked == [(action, "")]


def test_a_download_names_its_format(header, asked) -> None:
    FrontEnd(header).say(do="download", format="csv")
    assert asked == [("download", "csv")]


UNOFFERED = {
    "an unknown action": {"do": "delete"},
    "no action": {},
    "an action that is no text": {"do": ["run"]},
    "a format that is not offered": {"do": "download", "format": "../../secret"},
    "no format": {"do": "download"},
    "a format where none belongs": {"do": "run", "format": "csv"},
}


@pytest.mark.parametrize("name", UNOFFERED)
def test_what_is_not_offered_is_not_passed_on(header, asked, name: str) -> None:
    FrontEnd(header).say(**UNOFFERED[name])
    assert asked == []
    assert header.problem == ""


def test_a_failure_to_do_what_was_asked_is_told_and_others_are_asked_all_the_same(asked) -> None:
    header = NodeHeader(formats=["csv"])

    def refuse(action: str, detail: str) -> None:
        raise FormatError(f"{action}: a {detail} of a figure cannot be made")

    header.on_ask(refuse)
    header.on_ask(lambda *what: asked.append(what))
    FrontEnd(header).say(do="download", format="csv")
    assert header.problem == "download: a csv of a figure cannot be made"
    assert asked == [("download", "csv")]


def test_an_unexpected_failure_is_told_with_its_kind() -> None:
    header = NodeHeader()
    header.on_ask(lambda *_: {}["rate"])
    FrontEnd(header).say(do="run")
    assert header.problem == "KeyError: 'rate'"


def test_a_problem_is_gone_when_it_is_dismissed_or_something_else_is_asked_for(header) -> None:
    end = FrontEnd(header)
    header.tell("no such format")
    end.change(problem="")
    assert header.problem == ""
    header.tell("no such format")
    end.say(do="run")
    assert header.problem == ""


def test_a_file_goes_to_the_browser_as_it_is(header) -> None:
    end = FrontEnd(header)
    header.send_file("trend.csv", "text/csv", b"a,b\n\x00\xff")
    told = {"show": "file", "name": "trend.csv", "mime": "text/csv"}
    assert end.messages == [(told, [b"a,b\n\x00\xff"])]


def test_code_goes_to_the_browser_with_its_language(header) -> None:
    end = FrontEnd(header)
    header.show_code("x <- 1", "r")
    assert end.messages == [({"show": "code", "text": "x <- 1", "language": "r"}, [])]


def test_what_changed_together_is_sent_together(header) -> None:
    end = FrontEnd(header)
    with header.hold_sync():
        header.state, header.reason, header.fraction = "running", "computing", 0.5
    assert end.updates == [{"state": "running", "reason": "computing", "fraction": 0.5}]


@pytest.mark.parametrize(
    "wrong", [{"state": "happy"}, {"kind": "drum"}, {"fraction": 1.5}, {"eta_s": -1.0}]
)
def test_what_cannot_be_shown_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(TraitError):
        NodeHeader(**wrong)


def test_cards_and_drawings_have_the_same_icons_and_colours() -> None:
    assert {*KIND_PATHS} == {*KINDS}
    assert {*STATE_PATHS} == {*STATES}
    for path in (*KIND_PATHS.values(), *STATE_PATHS.values()):
        assert path in NodeHeader._esm
    for palette in (LIGHT, DARK):
        for state in STATES:
            tone = palette.tones[state]
            colours = f"--nb-fill:{tone.fill};--nb-edge:{tone.border};--nb-word:{tone.word}"
            assert re.search(rf"nbnodes-is-{state}\b[^{{}}]*{{{colours}}}", NodeHeader._css)


def test_the_script_takes_text_as_text_and_asks_no_other_host() -> None:
    assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write", NodeHeader._esm)
    for text in (NodeHeader._esm, NodeHeader._css):
        assert not re.search(r"\bimport\b|url\(|//\w", text.replace("http://www.w3.org/", ""))
