"""The names of DuckDB's own that other layers may use: errors, types, tokens, its version."""

from duckdb import (
    BinderException,
    CatalogException,
    DuckDBPyConnection,
    Error,
    InvalidInputException,
    OutOfMemoryException,
    __version__,
    sqltype,
    token_type,
    tokenize,
)
from duckdb.sqltypes import DuckDBPyType

__all__ = [
    "BinderException",
    "CatalogException",
    "DuckDBPyConnection",
    "DuckDBPyType",
    "Error",
    "InvalidInputException",
    "OutOfMemoryException",
    "__version__",
    "sqltype",
    "token_type",
    "tokenize",
]
