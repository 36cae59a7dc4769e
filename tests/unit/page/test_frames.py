"""Documents of frames are found by their digest, as long as there is room."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from nbnodes.page.frames import Frames


def test_a_document_is_found_by_its_digest():
    frames = Frames()
    digest = frames.put("<p>é\ud800")
    assert frames.get(digest) == "<p>é?"
    assert frames.put("<p>é\ud800") == digest
    assert frames.get("other") is None


def test_the_least_recently_used_document_makes_room():
    frames = Frames(limit_bytes=20)
    first, second = frames.put("a" * 10), frames.put("b" * 10)
    assert frames.get(first) is not None
    third = frames.put("c" * 10)
    assert [frames.get(one) is not None for one in (first, second, third)] == [True, False, True]


def test_the_newest_document_is_kept_however_large():
    frames = Frames(limit_bytes=5)
    small, large = frames.put("a"), frames.put("b" * 10)
    assert frames.get(small) is None
    assert frames.get(large) == "b" * 10


def test_frames_may_be_put_from_many_threads():
    frames = Frames(limit_bytes=1000)
    with ThreadPoolExecutor(8) as pool:
        digests = list(pool.map(frames.put, (str(i % 50) * 10 for i in range(2000))))
    assert frames.get(digests[-1]) == "49" * 10
    assert frames._size_bytes == sum(map(len, frames._kept.values())) <= 1000
