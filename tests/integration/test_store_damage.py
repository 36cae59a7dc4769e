"""Whatever happens to a store's files: a get is right or a miss, and the next put works again."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from nbnodes.cache.record import INLINE_BYTES
from nbnodes.cache.schema import FILE_NAME, TABLE
from nbnodes.cache.sqlite import SqliteStore
from nbnodes.cache.store import Entry
from nbnodes.errors import CacheWarning
from nbnodes.result import CacheKey

SMALL, LARGE, OTHER, NEW = (CacheKey(letter * 64) for letter in "abcd")
PAYLOADS = {
    SMALL: b"small " * 40,
    LARGE: b"large " * INLINE_BYTES,
    OTHER: b"other " * INLINE_BYTES,
    **{CacheKey(f"{n:064}"): b"%d " % n * 300 for n in range(12)},
}
INDEX, LOG = FILE_NAME, f"{FILE_NAME}-wal"
UNHEARD = pytest.mark.filterwarnings("ignore::nbnodes.errors.CacheWarning")
Damage = Callable[[bytes], bytes]


def put(store: SqliteStore, key: CacheKey, payload: bytes) -> None:
    known = {"notebook": "n", "family": "/n", "cost_s": 1.0, "parts": "{}"}
    store.put(Entry(key=key, payload=payload, **known))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store in use: half of it is in its index, half still in the index's log."""
    folder = tmp_path_factory.mktemp("whole")
    store, keys = SqliteStore(str(folder / "live")), list(PAYLOADS)
    for half in (keys[::2], keys[1::2]):
        store.close()
        for key in half:
            put(store, key, PAYLOADS[key])
    shutil.copytree(folder / "live", folder / "copy")
    store.close()
    return folder / "copy"


@pytest.fixture
def folder(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "store"))


@pytest.fixture
def store(folder: Path) -> Iterator[SqliteStore]:
    with closing(SqliteStore(str(folder))) as made:
        yield made


def found(store: SqliteStore) -> set[CacheKey]:
    """Look up everything; nothing may come back wrong."""
    payloads = {key: store.get(key) for key in PAYLOADS}
    assert [key for key, got in payloads.items() if got not in (None, PAYLOADS[key])] == []
    return {key for key, got in payloads.items() if got is not None}


def assert_sound(store: SqliteStore) -> None:
    """Whatever is left of it, it is a store again."""
    found(store)
    for key, payload in {NEW: b"new", LARGE: PAYLOADS[LARGE]}.items():
        put(store, key, payload)
        assert store.get(key) == payload
    assert {NEW, LARGE} <= {facts.key for facts in store.facts()}
    store.verify()
    assert store.verify() == []
    assert store.collect_garbage(0) > 0
    assert found(store) == set()


def blob(folder: Path, key: CacheKey) -> Path:
    """Name the file that holds a large payload."""
    files = (path for path in (folder / "blobs").rglob("*") if path.is_file())
    return next(path for path in files if path.read_bytes() == PAYLOADS[key])


def damage(path: Path, change: Damage) -> None:
    path.write_bytes(change(path.read_bytes()))


def flips(size: int, seed: int) -> list[tuple[int, int]]:
    """Choose (place, mask): some in each page's head, the rest anywhere."""
    chance = random.Random(seed)
    places = [page + chance.randrange(120) for page in range(0, size, 4096) for _ in range(6)]
    places += [chance.randrange(size) for _ in range(60)]
    return [(p, chance.choice([0x01, 0x80, 0xFF])) for p in places if p < size]


def assert_sound_with(whole: Path, name: str, content: bytes) -> None:
    with TemporaryDirectory() as temporary:
        folder = shutil.copytree(whole, f"{temporary}/store")
        Path(folder, name).write_bytes(content)
        with closing(SqliteStore(folder)) as store:
            assert_sound(store)


@UNHEARD
@pytest.mark.parametrize("name", [INDEX, LOG])
@pytest.mark.parametrize("seed", range(2))
def test_flipped_bits_are_never_another_value(whole: Path, name: str, seed: int) -> None:
    content = (whole / name).read_bytes()
    for place, mask in flips(len(content), seed):
        flipped = bytes([content[place] ^ mask])
        assert_sound_with(whole, name, content[:place] + flipped + content[place + 1 :])


@UNHEARD
@pytest.mark.parametrize("name", [INDEX, LOG])
def test_a_file_cut_short_is_never_another_value(whole: Path, name: str) -> None:
    content = (whole / name).read_bytes()
    for page in range(0, len(content), 4096):
        for length in (page, page + 50, page + 2000):
            assert_sound_with(whole, name, content[:length])


CONTENTS: dict[str, Damage] = {
    "empty": lambda _: b"",
    "garbage": lambda content: random.Random(1).randbytes(len(content)),
    "text": lambda _: b"not what you think\n" * 300,
    "zeros": lambda content: bytes(len(content)),
    "beheaded": lambda content: bytes(100) + content[100:],
    "twice": lambda content: content + content,
}


@UNHEARD
@pytest.mark.parametrize("change", CONTENTS.values(), ids=CONTENTS)
@pytest.mark.parametrize("name", [INDEX, LOG])
def test_a_store_outlives_other_content(folder: Path, name: str, change: Damage) -> None:
    damage(folder / name, change)
    with closing(SqliteStore(str(folder))) as store:
        assert_sound(store)


@UNHEARD
@pytest.mark.parametrize(
    "change",
    CONTENTS.values(),
    ids=CONTENTS,
)
def test_a_handle_outlives_other_content(store: SqliteStore, folder: Path, change: Damage) -> None:
    assert found(store) == set(PAYLOADS)
    damage(folder / INDEX, change)
    assert_sound(store)


@pytest.mark.parametrize("names", [[INDEX], [INDEX, LOG, f"{INDEX}-shm"]], ids=["index", "all"])
def test_a_handle_outlives_its_file(store: SqliteStore, folder: Path, names: list[str]) -> None:
    assert found(store) == set(PAYLOADS)
    for name in names:
        (folder / name).unlink()
    assert_sound(store)


def test_a_handle_outlives_its_folder(store: SqliteStore, folder: Path) -> None:
    assert found(store) == set(PAYLOADS)
    shutil.rmtree(folder)
    assert_sound(store)


def test_a_damaged_index_is_told_of_and_keeps_what_can_be_read(folder: Path) -> None:
    with closing(SqliteStore(str(folder))) as store:
        found(store)
    damage(folder / INDEX, lambda content: content[:-4096] + bytes(4096))
    with closing(SqliteStore(str(folder))) as store:
        with pytest.warns(CacheWarning, match="damaged"):
            problems = store.verify()
        assert len(problems) >= 1
        assert SMALL in found(store)
        assert store.verify() == []


BLOBS: dict[str, Damage] = CONTENTS | {
    "flipped": lambda content: content[:-1] + bytes([content[-1] ^ 1]),
    "shorter": lambda content: content[:-1],
    "another's": lambda _: PAYLOADS[OTHER],
}


@pytest.mark.parametrize("change", BLOBS.values(), ids=BLOBS)
def test_a_damaged_blob_is_a_miss(store: SqliteStore, folder: Path, change: Damage) -> None:
    damage(blob(folder, LARGE), change)
    assert found(store) == set(PAYLOADS) - {LARGE}
    assert_sound(store)


def test_a_deleted_blob_is_a_miss_and_verify_names_it(store: SqliteStore, folder: Path) -> None:
    blob(folder, LARGE).unlink()
    assert [line.partition(":")[0] for line in store.verify()] == [LARGE]
    assert found(store) == set(PAYLOADS) - {LARGE}
    assert_sound(store)


OF_SMALL = f"WHERE key = '{SMALL}'"
ROWS = [f"value = (SELECT value FROM {TABLE} WHERE key = '{OTHER}')"]
ROWS += ["value = 'text'", "value = CAST(value AS TEXT)", "value = 7", "value = NULL"]
KEYS = ["key = CAST(key AS BLOB)", "key = NULL"]


@pytest.mark.parametrize("change", [*ROWS, *KEYS])
@pytest.mark.parametrize("look", ["get", "verify"])
def test_a_spoilt_row_is_a_miss_and_others_stay(
    store: SqliteStore, folder: Path, change: str, look: str
) -> None:
    with closing(sqlite3.connect(folder / INDEX)) as index, index:
        assert index.execute(f"UPDATE {TABLE} SET {change} {OF_SMALL}").rowcount == 1
    assert look == "get" or store.verify() != []
    assert found(store) == set(PAYLOADS) - {SMALL}
    assert_sound(store)


FACTS = [f"UPDATE facts SET {change}" for change in ("size_bytes = 'x'", "notebook = x'ff'")]
TABLES = ["DELETE FROM facts", "DROP TABLE facts", "DROP INDEX facts_by_family"]


@UNHEARD
@pytest.mark.parametrize("change", [*TABLES, f"DROP TABLE {TABLE}", *FACTS])
def test_a_spoilt_table_is_made_anew(store: SqliteStore, folder: Path, change: str) -> None:
    with closing(sqlite3.connect(folder / INDEX)) as index, index:
        index.execute(change)
    assert found(store) == (set() if TABLE in change else set(PAYLOADS))
    assert_sound(store)
