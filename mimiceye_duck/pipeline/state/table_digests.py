"""What a working table was made of, kept with the table: whoever replaces it takes it away."""

from mimiceye_duck.database.connection import Database
from mimiceye_duck.readers import views

_MARK = "made of "
_COMMENT = """
select comment from duckdb_tables()
where concat_ws('.', nullif(database_name, current_database()), schema_name, table_name) = ?
"""


def mark(database: Database, table: str, key: str) -> None:
    """Say that a table is whole, and what it was made of."""
    database.execute(views.comments("table", table, _MARK + key, {}))


def is_marked(database: Database, table: str, key: str) -> bool:
    """Whether a table is there, whole and made of just this."""
    return _comment(database, table) == _MARK + key


def is_described(database: Database, table: str) -> bool:
    """Whether a table is there and a finished build's: that has described it."""
    comment = _comment(database, table)
    return comment is not None and not comment.startswith(_MARK)


def _comment(database: Database, table: str) -> str | None:
    return next((comment for (comment,) in database.rows(_COMMENT, [table])), None)
