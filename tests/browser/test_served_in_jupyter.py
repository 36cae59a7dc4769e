"""JupyterLab's server has the gallery and the pages, beside the Lab and behind the same login."""

from __future__ import annotations

import json
from urllib.parse import quote

from playwright.sync_api import expect
from screens import PATIENCE_MS, Lab
from served_screens import field, wait_query, wait_value
from servers import TOKEN

_MODEL = "model_notebooks/fibonacci.ipynb"


def test_the_gallery_leads_to_a_page_that_answers(lab: Lab) -> None:
    page = lab.page()
    page.goto(f"{lab.server.url}/nbnodes/?token={TOKEN}")
    assert page.url == f"{lab.server.url}/nbnodes/"
    page.get_by_role("link", name="Fibonacci numbers", exact=True).click()
    wait_value(page, "fibonacci", "610")
    field(page, "n").fill("20")
    wait_value(page, "fibonacci", "6765")
    wait_query(page, "n=20")


def test_a_folder_has_its_graph(lab: Lab) -> None:
    page = lab.page()
    page.goto(f"{lab.server.url}/nbnodes/pages/model_notebooks?token={TOKEN}")
    shown = page.locator('[data-card="figure"]')
    expect(shown).to_have_attribute("data-state", "fresh", timeout=PATIENCE_MS)


def test_an_open_page_shows_what_is_saved_in_the_lab(lab: Lab) -> None:
    lab.server.restore(_MODEL)
    page = lab.page()
    page.goto(f"{lab.server.url}/nbnodes/pages/{_MODEL}?token={TOKEN}&n=10")
    wait_value(page, "fibonacci", "55")
    asked = {"Authorization": f"token {TOKEN}"}
    url = f"{lab.server.url}/api/contents/{_MODEL}"
    model = page.request.get(url, headers=asked).json()
    try:
        last = next(one for one in model["content"]["cells"] if one["source"] == "answer")
        last["source"] = "answer * 1000"
        saved = page.request.put(url, headers=asked, data=json.dumps(model))
        assert saved.ok
        wait_value(page, "fibonacci", "55000")
    finally:
        lab.server.restore(_MODEL)


def test_a_form_of_the_reference_runs_a_notebook(lab: Lab) -> None:
    page = lab.page()
    page.goto(f"{lab.server.url}/nbnodes/docs?token={TOKEN}")
    form = page.get_by_role("form", name="Try Fibonacci numbers").first
    form.get_by_role("button", name="Try it").click()
    expect(form.locator('[data-part="answer"]')).to_contain_text("610", timeout=PATIENCE_MS)


def test_an_open_page_leads_to_the_login_once_it_is_needed(lab: Lab) -> None:
    page = lab.page()
    page.goto(f"{lab.server.url}/nbnodes/pages/{_MODEL}?token={TOKEN}")
    wait_value(page, "fibonacci", "610")
    field(page, "n").fill("20")
    wait_value(page, "fibonacci", "6765")
    page.context.clear_cookies()
    page.evaluate("socket.close()")
    page.wait_for_url(f"**/login?next=*{quote('?n=20', safe='')}", timeout=PATIENCE_MS)
    page.goto(f"{lab.server.url}/nbnodes/?token={TOKEN}")  # the pages' end is to be a user's
    lab.problems[:] = [one for one in lab.problems if "401" not in one]
