"""A put that fails says so and harms nothing; a Session that cannot keep a value still returns it.

Nor does a Session unpickle what it did not sign.
"""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from notebooks import write_notebook

from nbnodes.cache.codec import Codec
from nbnodes.cache.signing import Signer
from nbnodes.cache.sqlite import SqliteStore
from nbnodes.cache.store import Entry
from nbnodes.errors import CacheError, CacheWarning
from nbnodes.result import CacheKey
from nbnodes.session import Session

EARLIER, KEY = CacheKey("a" * 64), CacheKey("b" * 64)
PAYLOADS = {"small": b"small", "blob": b"blob " * 10_000}
CELLS = (("n = 1", "parameters"), ("n * 2", "return"))
KEY_FILE = Path("XDG_DATA_HOME", "nbnodes", "signing.key")
CALLS = ("fsync", "replace", "open", "fdopen", "mkdir", "utime")

FULL_DISK = """
import json, resource, sys, warnings
from nbnodes.session import Session
limit = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
folder, notebook, size = sys.argv[1:]
def results():
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        with Session(engine="inprocess", cache=folder) as session:
            model = session.model(notebook)
            values = [model(), model(n=2), model(n=3)]
    return [values, [warning.category.__name__ for warning in seen]]
resource.setrlimit(resource.RLIMIT_FSIZE, (int(size), limit))
full = results()
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
print(json.dumps([full, results(), results()]))
"""
FULL_DISK_SWEEP = """
import resource, sys, warnings
from pathlib import Path
from nbnodes.cache.sqlite import SqliteStore
from nbnodes.cache.store import Entry
from nbnodes.errors import CacheError
warnings.simplefilter("error")
limit = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
folder, size, is_used = sys.argv[1], int(sys.argv[2]), sys.argv[3] == "True"
KNOWN = dict(notebook="n", family="/n", cost_s=1.0, parts="{}")
PAYLOADS = {"earlier": b"e" * 40_000, "early": b"e", "later": b"l" * size}
def put(store, key):
    try:
        store.put(Entry(key=key, payload=PAYLOADS[key], **KNOWN))
    except CacheError:
        return False
    return True
def check(store, keys):
    assert {key: store.get(key) for key in keys} == {key: PAYLOADS[key] for key in keys}
for step in range(0, 130_000, 3000):
    place = Path(folder, str(step))
    store = SqliteStore(str(place))
    kept = ["earlier", "early"] if is_used else []
    assert all([put(store, key) for key in kept])
    resource.setrlimit(resource.RLIMIT_FSIZE, (step, limit))
    is_kept = put(store, "later")
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    check(store, [*kept, "later"] if is_kept else kept)
    assert is_kept or store.get("later") in (None, PAYLOADS["later"])
    assert list(place.rglob("*.part")) == []
    assert put(store, "later")
    for handle in (store, SqliteStore(str(place))):
        check(handle, [*kept, "later"])
        assert handle.verify() == []
        handle.close()
    print("kept" if is_kept else "refused")
"""


@pytest.fixture(autouse=True)
def homes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_CACHE_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.chdir(tmp_path)


@dataclass
class Fault:
    """Fails one call of all that are made, the n-th; counts them."""

    n: int
    number: int
    count: int = 0

    def of(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def failing(*args: Any, **kwargs: Any) -> Any:
            self.count += 1
            if self.count == self.n:
                raise OSError(self.number, os.strerror(self.number))
            return call(*args, **kwargs)

        return failing


def put_with(fault: Fault, store: SqliteStore, payload: bytes) -> bool:
    """Put; return whether that was acknowledged."""
    with pytest.MonkeyPatch.context() as patch:
        for name in CALLS:
            patch.setattr(os, name, fault.of(getattr(os, name)))
        try:
            put(store, KEY, payload)
        except CacheError:
            return False
    return True


def put(store: SqliteStore, key: CacheKey, payload: bytes) -> None:
    store.put(Entry(key=key, payload=payload, notebook="n", family="/", cost_s=1.0, parts="{}"))


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO], ids=["full", "broken"])
@pytest.mark.parametrize("is_used", [True, False], ids=["used", "new"])
def test_whichever_call_fails_a_put_harms_nothing(
    tmp_path: Path, payload: bytes, number: int, is_used: bool
) -> None:
    kept = {EARLIER: PAYLOADS["blob"] + b"earlier"} if is_used else {}
    for n in range(1, 100):
        fault, folder = Fault(n, number), str(tmp_path / str(n))
        with closing(SqliteStore(folder)) as store, closing(SqliteStore(folder)) as other:
            for key, content in kept.items():
                put(store, key, content)
            is_kept = put_with(fault, store, payload)
            for handle in (store, other):
                assert {key: handle.get(key) for key in kept} == kept
                assert handle.get(KEY) in ([payload] if is_kept else [None, payload])
            assert list(Path(folder).rglob("*.part")) == []
            put(store, KEY, payload)
            assert store.get(KEY) == other.get(KEY) == payload
            assert store.verify() == []
        if fault.count < n:
            break
    assert is_kept
    assert n > (7 if payload is PAYLOADS["blob"] else 0)


def run(script: str, *arguments: Any) -> str:
    command = [sys.executable, "-c", script, *map(str, arguments)]
    return subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=90, text=True).stdout


@pytest.mark.skipif(os.name != "posix", reason="a limit on the size of files")
@pytest.mark.parametrize("size", [20, 20_000, 60_000])
@pytest.mark.parametrize("is_used", [True, False], ids=["used", "new"])
def test_wherever_the_disk_ends_no_harm_is_done(tmp_path: Path, size: int, is_used: bool) -> None:
    outcomes = run(FULL_DISK_SWEEP, tmp_path, size, is_used).split()
    assert (outcomes[0], outcomes[-1]) == ("refused", "kept")
    assert outcomes == sorted(outcomes, reverse=True)


@pytest.mark.skipif(os.name != "posix", reason="a limit on the size of files")
@pytest.mark.parametrize("size", [0, 4096, 20_000, 50_000])
def test_a_full_disk_is_one_warning_and_the_values_are_right(tmp_path: Path, size: int) -> None:
    path = write_notebook(tmp_path / "n.ipynb", *CELLS)
    answers = json.loads(run(FULL_DISK, tmp_path / "store", path, size))
    assert answers == [[[2, 4, 6], warned] for warned in (["CacheWarning"], [], [])]


def read_only(folder: Path) -> Path:
    folder.mkdir(mode=0o500)
    if os.geteuid() == 0:
        pytest.skip("root writes everywhere")
    return folder


def a_file(place: Path) -> Path:
    place.write_bytes(b"in the way")
    return place


@pytest.mark.parametrize("make", [a_file, lambda place: a_file(place) / "below", read_only])
def test_a_folder_that_cannot_be_used_is_one_warning(
    tmp_path: Path, make: Callable[[Path], Path]
) -> None:
    with Session(engine="inprocess", cache=make(tmp_path / "place")) as session:
        model = session.model(write_notebook(tmp_path / "n.ipynb", *CELLS))
        with pytest.warns(CacheWarning) as seen:
            assert [model(), model(n=2), model(n=2)] == [2, 4, 4]
    assert len(seen) == 1


@dataclass
class Trap:
    """Makes a folder when it is unpickled."""

    folder: Path

    def __setstate__(self, state: dict[str, Any]) -> None:
        state["folder"].mkdir()
        self.__dict__ = state


@pytest.mark.parametrize("signed", ["by us", "by another", "for another key", "by anybody"])
def test_only_what_we_signed_for_that_key_is_unpickled(tmp_path: Path, signed: str) -> None:
    trap, ours = tmp_path / "sprung", Signer()
    ours.sign(b"so that there is a key")
    with Session(engine="inprocess", cache=tmp_path / "store") as session:
        model = session.model(write_notebook(tmp_path / "n.ipynb", *CELLS))
        result = model.run()
        codec = Codec(Signer(str(tmp_path / "other.key")) if signed == "by another" else ours)
        signed_key = EARLIER if signed == "for another key" else result.key
        payload = codec.encode(signed_key, replace(result, value=Trap(trap)))
        if trap.exists():  # encoding tries whether it can be decoded
            trap.rmdir()
        put(session.store, result.key, payload)
        if signed == "by anybody":
            KEY_FILE.chmod(0o644)
        again = model.run()
    assert trap.exists() == again.cached == (signed == "by us")
    assert signed == "by us" or again.value == 2


@pytest.mark.skipif(os.name != "posix", reason="file modes")
def test_a_signing_key_that_others_can_read_is_not_used(tmp_path: Path) -> None:
    path = write_notebook(tmp_path / "n.ipynb", ("{1, 2}", "return"))

    def is_cached() -> bool:
        with Session(engine="inprocess", cache=tmp_path / "store") as session:
            result = session.model(path).run()
        assert result.value == {1, 2}
        return result.cached

    assert [is_cached(), is_cached()] == [False, True]
    KEY_FILE.chmod(0o644)
    with pytest.warns(CacheWarning, match="chmod 600"):
        assert not is_cached()
    KEY_FILE.chmod(0o600)
    assert is_cached()
