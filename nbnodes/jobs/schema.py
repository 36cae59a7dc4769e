"""The journal's tables and statements. A new layout is a new `VERSION`."""

VERSION = 1

_NAMES = (
    *("id", "endpoint", "values_json", "state", "submitted_at", "started_at", "ended_at"),
    *("key", "cached", "progress_json", "error_json", "has_value"),
)
COLUMNS = ", ".join(_NAMES)
_LATER = ", ".join(f"{name} = excluded.{name}" for name in _NAMES[3:])
_IS_OPEN = "state IN ('queued', 'running')"

CREATE = (
    """CREATE TABLE IF NOT EXISTS jobs (
        place INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        endpoint TEXT NOT NULL,
        values_json TEXT NOT NULL,
        state TEXT NOT NULL,
        submitted_at REAL NOT NULL,
        started_at REAL,
        ended_at REAL,
        key TEXT,
        cached INTEGER,
        progress_json TEXT NOT NULL,
        error_json TEXT,
        has_value INTEGER NOT NULL,
        owner TEXT NOT NULL,
        idempotency_key TEXT UNIQUE,
        is_cancel_asked INTEGER NOT NULL DEFAULT 0
    )""",
    f"CREATE INDEX IF NOT EXISTS jobs_open ON jobs (owner) WHERE {_IS_OPEN}",
    "CREATE INDEX IF NOT EXISTS jobs_by_end ON jobs (ended_at)",
    """CREATE TABLE IF NOT EXISTS events (
        job TEXT NOT NULL,
        number INTEGER NOT NULL,
        kind TEXT NOT NULL,
        data_json TEXT NOT NULL,
        PRIMARY KEY (job, number)
    ) WITHOUT ROWID""",
    """CREATE TRIGGER IF NOT EXISTS job_goes AFTER DELETE ON jobs BEGIN
        DELETE FROM events WHERE job = OLD.id;
    END""",
    f"PRAGMA user_version = {VERSION}",
)
_MARKS = ", ".join("?" * len(_NAMES))
# Who has ended stays as it is: the last guard of "states only move forward".
PUT = f"""INSERT INTO jobs ({COLUMNS}, owner, idempotency_key) VALUES ({_MARKS}, ?, ?)
    ON CONFLICT (id) DO UPDATE SET {_LATER} WHERE {_IS_OPEN}"""  # noqa: S608  # constants
PUT_EVENT = "INSERT OR REPLACE INTO events VALUES (?, ?, ?, ?)"
LAST_NUMBER = "SELECT COALESCE(MAX(number), 0) FROM events WHERE job = ?"
EVENTS = """SELECT number, kind, data_json FROM events WHERE job = ? AND number > ?
    ORDER BY number"""
GET = f"SELECT {COLUMNS}, owner FROM jobs WHERE id = ?"  # noqa: S608
BY_KEY = f"SELECT {COLUMNS}, owner FROM jobs WHERE idempotency_key = ?"  # noqa: S608
LATEST = f"SELECT {COLUMNS}, owner FROM jobs ORDER BY place DESC LIMIT ?"  # noqa: S608
LATEST_IN_STATE = f"""SELECT {COLUMNS}, owner FROM jobs WHERE state = ?
    ORDER BY place DESC LIMIT ?"""  # noqa: S608
OWNERS = f"SELECT DISTINCT owner FROM jobs WHERE {_IS_OPEN}"  # noqa: S608
OPEN_OF = f"SELECT {COLUMNS}, owner FROM jobs WHERE {_IS_OPEN} AND owner = ?"  # noqa: S608
ASK_CANCEL = f"UPDATE jobs SET is_cancel_asked = 1 WHERE id = ? AND {_IS_OPEN}"  # noqa: S608
CANCELS_ASKED = f"SELECT id FROM jobs WHERE {_IS_OPEN} AND owner = ? AND is_cancel_asked"  # noqa: S608
DELETE = "DELETE FROM jobs WHERE id = ?"
DROP_OLD = "DELETE FROM jobs WHERE ended_at IS NOT NULL AND ended_at <= ?"
DROP_MANY = """DELETE FROM jobs WHERE place IN (
    SELECT place FROM jobs WHERE ended_at IS NOT NULL ORDER BY ended_at DESC, place DESC
    LIMIT -1 OFFSET ?)"""
SALVAGED_JOBS = f"SELECT {COLUMNS}, owner, idempotency_key FROM jobs"  # noqa: S608
SALVAGED_EVENTS = "SELECT job, number, kind, data_json FROM events"
TAKE_OVER = f"""INSERT OR IGNORE INTO jobs ({COLUMNS}, owner, idempotency_key)
    VALUES ({_MARKS}, ?, ?)"""  # noqa: S608
