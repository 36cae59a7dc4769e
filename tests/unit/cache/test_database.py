"""Work on the index file: done in turn, or at once where nobody is at it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from sqlite3 import Connection

import pytest

from nbnodes.cache.database import Database

PATIENCE_S = 30


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(str(tmp_path / "index.sqlite"), synchronous="NORMAL")
    yield made
    made.close()


def one(connection: Connection) -> int:
    return int(connection.execute("SELECT 1").fetchone()[0])


def test_work_that_cannot_wait_is_done_where_nobody_is_at_it(database: Database) -> None:
    database.do(one)
    assert database.do_now(one) == 1


def test_work_that_cannot_wait_opens_no_file(database: Database) -> None:
    assert database.do_now(one) is None
    assert not database.exists


def test_work_that_cannot_wait_mends_no_file(database: Database) -> None:
    database.do(one)
    assert database.do_now(lambda db: db.execute("SELECT 1 FROM nothing")) is None
    assert database.repairs == []


def test_work_that_cannot_wait_is_left_undone_while_another_thread_is_at_it(
    database: Database,
) -> None:
    is_begun, may_end = threading.Event(), threading.Event()

    def long(connection: Connection) -> int:
        is_begun.set()
        assert may_end.wait(PATIENCE_S)
        return one(connection)

    thread = threading.Thread(target=database.do, args=(long,))
    thread.start()
    assert is_begun.wait(PATIENCE_S)
    assert database.do_now(one) is None
    may_end.set()
    thread.join()
    assert database.do_now(one) == 1
