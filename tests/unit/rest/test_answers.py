"""Answers: a Result as bytes, kept for who asks the same, in bounds."""

from __future__ import annotations

import json

from nbnodes.rest.answer import BARE, Answer, Answers, answer_of
from nbnodes.result import CacheKey, Success


def result(value: object, *, key: str | None = "k1", cached: bool = False) -> Success:
    named = None if key is None else CacheKey(key)
    return Success(name="m.ipynb", engine="fork", value=value, key=named, cached=cached)


def answer(size_bytes: int) -> Answer:
    return Answer(body=b"x" * size_bytes, media_type="", etag='"k"', cached=True, run_s=0.0)


def test_who_asks_later_is_told_that_it_is_from_the_cache() -> None:
    now, later = answer_of(result([1, "ü"]), "m", "json", elements=100)
    assert json.loads(now.body)["value"] == [1, "ü"]
    assert (json.loads(now.body)["cached"], json.loads(later.body)["cached"]) == (False, True)
    assert now.etag == later.etag == '"k1"'


def test_the_bare_value_stands_alone() -> None:
    now, _ = answer_of(result({"a": 1}), "m", BARE, elements=100)
    assert json.loads(now.body) == {"a": 1}
    assert now.media_type == "application/json"


def test_each_form_has_an_entity_tag_of_its_own() -> None:
    tags = {answer_of(result(1), "m", form, elements=9)[0].etag for form in ("json", "text", BARE)}
    assert len(tags) == 3


def test_a_result_that_nothing_names_has_no_entity_tag() -> None:
    assert answer_of(result(1, key=None), "m", "json", elements=9)[0].etag == ""


def test_answers_stay_below_their_limit_and_the_latest_used_stay() -> None:
    answers = Answers(10_000)
    for number in range(10):
        answers.put(number, answer(1_000))
        answers.get(0)
    kept = [number for number in range(10) if answers.get(number)]
    assert kept[0] == 0
    assert len(kept) * 1_500 <= 10_000
    assert 9 in kept


def test_an_answer_that_would_drive_out_many_others_is_not_kept() -> None:
    answers = Answers(10_000)
    answers.put("large", answer(5_000))
    assert answers.get("large") is None


def test_the_same_question_again_takes_no_more_room() -> None:
    answers = Answers(10_000)
    for _ in range(100):
        answers.put("same", answer(1_000))
    answers.put("other", answer(1_000))
    assert answers.get("same")
    assert answers.get("other")
