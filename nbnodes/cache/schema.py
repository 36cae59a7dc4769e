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
# Ranges came later: their tables are made when first written to. Of ranges that lie within another
# only the outer is looked at: the rest are hidden, so that ends are in the order of beginnings and
# one step in the index finds the range that reaches farthest. When an entry goes, by whatever
# statement, its range does, and those that it hid await settling ('').
CREATE_SPANS = (
    """CREATE TABLE IF NOT EXISTS spans (
        key TEXT PRIMARY KEY,
        family TEXT NOT NULL,
        low NOT NULL,
        high NOT NULL,
        hidden_by TEXT,
        proof BLOB NOT NULL
    ) WITHOUT ROWID""",
    "CREATE INDEX IF NOT EXISTS spans_by_low ON spans (family, hidden_by, low)",
    "CREATE INDEX IF NOT EXISTS spans_by_hider ON spans (hidden_by)",
    f"""CREATE TRIGGER IF NOT EXISTS span_goes AFTER DELETE ON "{TABLE}" BEGIN
        DELETE FROM spans WHERE key = OLD.key;
        UPDATE spans SET hidden_by = '' WHERE hidden_by = OLD.key;
    END""",  # noqa: S608
)
HAS_SPANS = "SELECT 1 FROM sqlite_master WHERE name = 'span_goes'"
HAS_ENTRY = f'SELECT 1 FROM "{TABLE}" WHERE key = ?'  # noqa: S608
PUT_SPAN = "INSERT INTO spans VALUES (:key, :family, :low, :high, '', :proof)"
DROP_SPAN = (
    "DELETE FROM spans WHERE key = ?",
    "UPDATE spans SET hidden_by = '' WHERE hidden_by = ?",
)
_SPAN = "SELECT key, family, low, high, proof FROM spans"
UNHIDE_SPANS = """UPDATE spans SET hidden_by = ''
    WHERE hidden_by IS NOT NULL AND hidden_by NOT IN (SELECT key FROM spans)"""
ALL_SPANS = f"{_SPAN} ORDER BY key"
SAME_SPAN = f"{_SPAN} WHERE key = ?"
UNSETTLED_SPANS = f"{_SPAN} WHERE family = ? AND hidden_by = '' ORDER BY low, high DESC"
FARTHEST_SPAN = f"""{_SPAN} WHERE family = :family AND hidden_by IS NULL AND low <= :low
    ORDER BY low DESC LIMIT 1"""
LATER_SPANS = f"""{_SPAN} WHERE family = :family AND hidden_by IS NULL
    AND low > :low AND low <= :high ORDER BY low"""
SHOW_SPAN = "UPDATE spans SET hidden_by = NULL WHERE key = :key"
HIDE_SPAN = "UPDATE spans SET hidden_by = ? WHERE key = ?"
HIDE_SPANS_WITHIN = """UPDATE spans SET hidden_by = :key WHERE family = :family
    AND hidden_by IS NULL AND low >= :low AND low <= :high AND high <= :high AND key <> :key"""
CREATE_LINKS = (  # came later, too: made when first written to
    """CREATE TABLE IF NOT EXISTS links (
        name TEXT PRIMARY KEY, key TEXT NOT NULL, body TEXT NOT NULL, proof BLOB NOT NULL
    ) WITHOUT ROWID""",
    "CREATE INDEX IF NOT EXISTS links_by_key ON links (key)",
    f"""CREATE TRIGGER IF NOT EXISTS links_go AFTER DELETE ON "{TABLE}" BEGIN
        DELETE FROM links WHERE key = OLD.key;
    END""",  # noqa: S608
)
HAS_LINKS = "SELECT 1 FROM sqlite_master WHERE name = 'links_go'"
GET_LINK = "SELECT body, proof FROM links WHERE name = ?"
PUT_LINK = f"""INSERT OR REPLACE INTO links SELECT ?, ?, ?, ?
    WHERE EXISTS (SELECT 1 FROM "{TABLE}" WHERE key = ?)"""  # noqa: S608
TOUCH = "UPDATE facts SET last_used_at = ? WHERE key = ? AND last_used_at < ?"
_TYPES = (str, str, str, int, float, float, float, str)  # of a row of facts


def are_sound(facts: Sequence[object]) -> bool:
    """Whether a row of facts is of the types it was written with."""
    return tuple(map(type, facts)) == _TYPES
