"""A pickle is loaded only if it was signed here for this key; the secret is its owner's alone."""

from __future__ import annotations

import contextlib
import json
import os
import stat
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from io import BytesIO
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import cloudpickle
import numpy as np
import pandas as pd
import pytest

from nbnodes.cache.codec import Codec
from nbnodes.cache.signing import Signer
from nbnodes.errors import CacheError
from nbnodes.result import CacheKey, Success

KEY, OTHER = CacheKey("a" * 64), CacheKey("b" * 64)
RACERS = 8


class Trap:
    """Unpickling it makes a folder."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)

    def __reduce__(self) -> tuple[Any, ...]:
        return spring, (self.path,)


def spring(path: str) -> Trap:
    Path(path).mkdir()
    return Trap(Path(path))


@pytest.fixture
def codec(tmp_path: Path) -> Codec:
    return Codec(Signer(str(tmp_path / "key")))


@pytest.fixture
def sprung(tmp_path: Path) -> Path:
    """The folder that the trap makes."""
    return tmp_path / "sprung"


@pytest.fixture
def trapped(codec: Codec, sprung: Path) -> bytes:
    """An entry that is a trap, set again after it was tried when it was stored."""
    entry = encoded(codec, Trap(sprung))
    sprung.rmdir()
    return entry


def encoded(codec: Codec, value: Any) -> bytes:
    return codec.encode(KEY, Success(name="n", engine="e", value=value))


def split(payload: bytes) -> tuple[dict[str, Any], bytes]:
    end = 8 + int.from_bytes(payload[4:8], "big")
    return dict(json.loads(payload[8:end])), payload[end:]


def joined(header: Any, body: bytes) -> bytes:
    text = json.dumps(header).encode()
    return b"NBR1" + len(text).to_bytes(4, "big") + text + body


def flipped(payload: bytes, at: int) -> bytes:
    return payload[:at] + bytes([payload[at] ^ 1]) + payload[at + 1 :]


# ---------------------------------------------------------------- what is not ours


def test_the_trap_works(codec: Codec, trapped: bytes, sprung: Path) -> None:
    assert codec.decode(KEY, trapped)
    assert sprung.is_dir()


def test_a_pickle_changed_anywhere_is_never_loaded(
    codec: Codec, trapped: bytes, sprung: Path
) -> None:
    start = len(trapped) - len(split(trapped)[1])
    changed = [flipped(trapped, at) for at in (*range(8), *range(start, len(trapped)))]
    changed += [trapped[:length] for length in range(len(trapped))]
    changed += [trapped + b"\0", trapped[:start] + trapped[start + 32 :]]
    assert [codec.decode(KEY, payload) for payload in changed] == [None] * len(changed)
    assert not sprung.exists()


def test_what_is_said_about_a_signed_run_is_signed_too(codec: Codec, trapped: bytes) -> None:
    header, body = split(trapped)
    assert codec.decode(KEY, joined(header | {"engine": "another"}, body)) is None


@pytest.mark.parametrize("key", [OTHER, CacheKey(""), CacheKey("é")])
def test_a_pickle_moved_to_another_key_is_never_loaded(
    codec: Codec, trapped: bytes, sprung: Path, key: CacheKey
) -> None:
    assert codec.decode(key, trapped) is None
    assert not sprung.exists()


def test_a_pickle_signed_elsewhere_is_never_loaded(
    tmp_path: Path, trapped: bytes, sprung: Path
) -> None:
    for name in ("elsewhere", "elsewhere"):  # without a secret, and with another one
        other = Codec(Signer(str(tmp_path / name)))
        assert other.decode(KEY, trapped) is None
        encoded(other, (1,))
    assert not sprung.exists()


@pytest.mark.parametrize("form", ["pickle", "npy", "arrow", "json", "bytes"])
def test_a_pickle_does_not_slip_in_as_something_else(
    codec: Codec, trapped: bytes, sprung: Path, form: str
) -> None:
    header, _ = split(trapped)
    file = BytesIO()
    np.save(file, np.array([Trap(sprung)], dtype=object), allow_pickle=True)
    for body in (cloudpickle.dumps(Trap(sprung)), file.getvalue()):
        decoded = codec.decode(KEY, joined(header | {"codec": form}, body))
        assert decoded is None or (form, decoded.value) == ("bytes", body)
    assert not sprung.exists()


RUBBISH: dict[str, bytes] = {
    "nothing": b"",
    "magic": b"NBR1",
    "other_magic": b"NBR2" + joined({}, b"")[4:],
    "too_long": b"NBR1\xff\xff\xff\xff{}",
    "no_json": b"NBR1\0\0\0\2{]",
    "no_text": b"NBR1\0\0\0\1\xff",
    "list": joined([], b""),
    "null": joined(None, b""),
    "no_fields": joined({"codec": "json"}, b"1"),
    "unknown_form": joined({"codec": "eval"}, b"1"),
    "form_of_another_type": joined({"codec": ["json"]}, b"1"),
    "deep": joined({"codec": "json"}, b"[" * 100_000),
    "noise": bytes(range(256)) * 8,
}


@pytest.mark.parametrize("payload", RUBBISH.values(), ids=RUBBISH)
def test_rubbish_is_a_miss(codec: Codec, payload: bytes) -> None:
    assert codec.decode(KEY, payload) is None


@pytest.mark.parametrize("field", ["name", "engine", "duration_s", "cells", "executed", "codec"])
def test_an_entry_that_lacks_a_field_is_a_miss(codec: Codec, field: str) -> None:
    header, body = split(encoded(codec, 1))
    assert codec.decode(KEY, joined(header, body))
    del header[field]
    assert codec.decode(KEY, joined(header, body)) is None


CUT: dict[str, Any] = {"json": [1], "npy": np.eye(2), "arrow": pd.DataFrame({"a": [1, 2]})}


@pytest.mark.parametrize("value", CUT.values(), ids=CUT)
def test_an_entry_cut_short_is_a_miss(codec: Codec, value: Any) -> None:
    payload = encoded(codec, value)
    assert split(payload)[0]["codec"] in CUT
    for length in range(0, len(payload), 1 + len(payload) // 500):
        assert codec.decode(KEY, payload[:length]) is None


# ---------------------------------------------------------------- the key file


def test_the_key_file_is_made_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "data" / "nbnodes" / "signing.key"
    assert not Signer(str(path)).verify(b"x" * 32, b"content")
    assert not path.exists(), "looking makes none"
    signature = Signer(str(path)).sign(b"content")
    assert (len(signature), len(path.read_bytes())) == (32, 32)
    assert [stat.S_IMODE(made.stat().st_mode) for made in (path, path.parent)] == [0o600, 0o700]
    assert os.listdir(path.parent) == ["signing.key"]
    assert Signer(str(path)).verify(signature, b"content")


def test_parts_do_not_run_into_each_other(tmp_path: Path) -> None:
    signer = Signer(str(tmp_path / "key"))
    signature = signer.sign(b"ab", b"c")
    assert signer.verify(signature, b"ab", b"c")
    for parts in ((b"a", b"bc"), (b"abc",), (b"ab", b"c", b""), (b"c", b"ab")):
        assert not signer.verify(signature, *parts)


def others_may(mode: int) -> Callable[[Path], object]:
    return lambda path: path.chmod(mode)


UNUSABLE: dict[str, tuple[Callable[[Path], object], str]] = {
    **{f"{mode:o}": (others_may(mode), "others can read it") for mode in (0o644, 0o640, 0o602)},
    "too_short": (lambda path: path.write_bytes(b"x" * 31), "expected 32 bytes, found 31"),
    "too_long": (lambda path: path.write_bytes(b"x" * 33), "expected 32 bytes, found 33"),
    "empty": (lambda path: path.write_bytes(b""), "expected 32 bytes, found 0"),
    "folder": (lambda path: (path.unlink(), path.mkdir()), "Is a directory"),
}


@pytest.mark.parametrize(("spoil", "reason"), list(UNUSABLE.values())[:-1], ids=list(UNUSABLE)[:-1])
def test_an_unusable_key_file_signs_nothing_and_verifies_nothing(
    tmp_path: Path, spoil: Callable[[Path], object], reason: str
) -> None:
    path = tmp_path / "key"
    signature = Signer(str(path)).sign(b"content")
    spoil(path)
    with pytest.raises(CacheError, match=f"the signing key .*key cannot be used: .*{reason}"):
        Signer(str(path)).sign(b"content")
    assert not Signer(str(path)).verify(signature, b"content")


def test_a_key_file_may_lie_in_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert len(Signer("key").sign(b"content")) == 32


def signed(path: str, start: Callable[[], object]) -> bytes:
    start()
    return Signer(path).sign(b"content")


@pytest.mark.parametrize("kind", ["threads", "processes"])
def test_racing_creators_agree_on_one_key(tmp_path: Path, kind: str) -> None:
    path = str(tmp_path / "made" / "key")
    with contextlib.ExitStack() as stack:
        if kind == "threads":
            barrier: Any = threading.Barrier(RACERS, timeout=60)
            pool: Any = stack.enter_context(ThreadPoolExecutor(RACERS))
        else:
            context = get_context("spawn")
            barrier = stack.enter_context(context.Manager()).Barrier(RACERS // 2, timeout=60)
            pool = stack.enter_context(ProcessPoolExecutor(RACERS // 2, mp_context=context))
        signatures = list(pool.map(partial(signed, path), [barrier.wait] * barrier.parties))
    assert len(set(signatures)) == 1
    assert os.listdir(tmp_path / "made") == ["key"]
