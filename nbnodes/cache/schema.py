"""The index's tables and statements. A new layout is a new file name and a new golden file."""

from collections.abc import Sequence

FILE_NAME = "index-1.sqlite"
TABLE = "results"  # sqlitedict's own layout: key TEXT PRIMARY KEY, value BLOB

CREATE = (
    f'CREATE TABLE IF NOT EXISTS "{TABLE}" (key TEXT PRIMARY KEY, value BLOB)',
    """CREATE TABLE IF NOT EXISTS facts (
        key TEXT PRIMARY KEY,
        notebook TEXT NOT NULL,
        family TEXT NOT NULL,
        size_bytes INTEGER NOT NULL,
        cost_s REAL NOT NULL,
        created_at REAL NOT NULL,
        last_used_at REAL NOT NULL,
        parts TEXT NOT NULL
    ) WITHOUT ROWID""",
    "CREATE INDEX IF NOT EXISTS facts_by_family ON facts (family)",
)
GET = f'SELECT value FROM "{TABLE}" WHERE key = ?'  # noqa: S608  # a constant
LAST_USED = "SELECT last_used_at FROM facts WHERE key = ?"
KEYS = f'SELECT key FROM "{TABLE}"'  # noqa: S608
VALUES = f'SELECT key, value FROM "{TABLE}"'  # noqa: S608
DELETE = (f'DELETE FROM "{TABLE}" WHERE key = ?', "DELETE FROM facts WHERE key = ?")  # noqa: S608
PUT_FACTS = "INSERT OR REPLACE INTO facts VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
ALL_FACTS = "SELECT * FROM facts"
FACTS = f"{ALL_FACTS} ORDER BY last_used_at DESC"
FAMILY_FACTS = "SELECT * FROM facts WHERE family = ? ORDER BY last_used_at DESC"
SALVAGE = f'INSERT OR IGNORE INTO "{TABLE}" VALUES (?, ?)'  # noqa: S608
TOTAL = "SELECT COALESCE(SUM(size_bytes), 0) FROM facts"
# A process killed between the two writes of a put leaves an entry without facts.
ADOPT = f"""INSERT OR IGNORE INTO facts
    SELECT key, '', '', LENGTH(value), 0.0, ?, ?, '' FROM "{TABLE}"
    WHERE key NOT IN (SELECT key FROM facts)"""  # noqa: S608
DROP_NAMELESS = f"DELETE FROM \"{TABLE}\" WHERE typeof(key) <> 'text'"  # noqa: S608
DROP_UNSOUND = """DELETE FROM facts WHERE
    typeof(key) || typeof(notebook) || typeof(family) || typeof(parts) <> 'texttexttexttext'
    OR typeof(size_bytes) <> 'integer'
    OR typeof(cost_s) || typeof(created_at) || typeof(last_used_at) <> 'realrealreal'"""
DROP_FACTS = f'DELETE FROM facts WHERE key NOT IN (SELECT key FROM "{TABLE}")'  # noqa: S608
TOUCH = "UPDATE facts SET last_used_at = ? WHERE key = ? AND last_used_at < ?"
_TYPES = (str, str, str, int, float, float, float, str)  # of a row of facts


def are_sound(facts: Sequence[object]) -> bool:
    """Whether a row of facts is of the types it was written with."""
    return tuple(map(type, facts)) == _TYPES
