"""Meanings of DuckDB's and the system's errors, without any value of a row."""

import errno
import re

import duckdb

from mimiceye_duck.core.errors import UserError

# DuckDB's messages about a file quote rows, which are patient data: our words for them.
_REASONS: tuple[tuple[type[duckdb.Error], str, str], ...] = (
    (duckdb.IOException, r"Unexpected end of GZIP", "the compressed file is cut short"),
    (duckdb.IOException, r"GZIP|gzip stream", "the file is not what gzip can read"),
    (duckdb.InvalidInputException, r"Value with unterminated quote", "a quoted cell never ends"),
    (
        duckdb.InvalidInputException,
        r"Expected Number of Columns",
        "a row has more or fewer cells than the header",
    ),
    (
        duckdb.InvalidInputException,
        r"sniffing file",
        "rows differ in their number of cells or in how they end, or a quoted cell never ends",
    ),
    (
        duckdb.InvalidInputException,
        r"reached an invalid state",
        "rows end in different ways, or text follows a closing quote",
    ),
    (duckdb.InvalidInputException, r"Invalid unicode", "the file is not UTF-8 text"),
    (duckdb.InvalidInputException, r"Maximum line size", "a line is longer than 2 MB"),
    (
        duckdb.InvalidInputException,
        r"Malformed JSON in file|JSON transform error in file",
        "the file is not JSON, or of another shape",
    ),
    (duckdb.IOException, r"Read-only file system", "its file system is read-only"),
    (duckdb.IOException, r"Permission denied|Access is denied", "it may not be read or written"),
    (duckdb.IOException, r"Input/output error", "the disk cannot read it"),
    (duckdb.IOException, r"Too many open files", "too many files are open"),
    (duckdb.IOException, r"No files found", "the file is not there any more"),
    (duckdb.ConversionException, r"", "a value does not fit the type it is cast to"),
    (duckdb.ConnectionException, r"", "this program has it open in another way"),
    (duckdb.InvalidInputException, r"parameter", "it has a parameter, ? or $1, without a value"),
    (duckdb.OutOfMemoryException, r"", "more memory is needed than is allowed"),
    (duckdb.OutOfRangeException, r"", "a value is out of the range of its type"),
    (duckdb.NotImplementedException, r"", "DuckDB has no way to do this"),
    (duckdb.TransactionException, r"", "what was changed could not be written"),
    (duckdb.IOException, r"", "a file could not be read or written"),
)

_LINE = re.compile(r"CSV Error on Line: (\d+)")
# A quoted row may hold any words: it ends where the last of DuckDB's own sentences begins.
_ROW = re.compile(
    r"Original Line:(?:.*\n(?=Expected Number of Columns|Value with unterminated quote"
    r"|Invalid unicode|Maximum line size)|.*)",
    re.DOTALL,
)
_HINTS = re.compile(r"\n\s*Possible .*", re.DOTALL)
_PATH = re.compile(r"(?<=GZIP stream: ).*")
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")

_HELD = re.compile(
    r"set lock|being used by another process|already open|different configuration", re.IGNORECASE
)
_DAMAGED = re.compile(
    r"not a valid DuckDB database|Could not read enough bytes|version number"
    r"|Corrupt (?:database|WAL) file|WAL does not match|Failed to deserialize",
    re.IGNORECASE,
)


class HeldError(UserError):
    """Another program holds a database, or this one in another way."""


class FullError(UserError):
    """The disk is too full for a database."""


class DamagedError(UserError):
    """A file is not a database, is damaged, or is of another release of DuckDB."""


# A quota is a small disk. Python maps Windows' own numbers to these, DuckDB does not.
_FULL_NUMBERS = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}
_FILE_NUMBERS = {errno.EMFILE, errno.ENFILE}
_FULL = re.compile(
    r"No space left on device|not enough space|Disk quota exceeded|failed to offload data block"
)
# What a write beside others says, as JSON, with the system's number: Linux' or Windows'.
_ASYNC = re.compile(r'^IO Error: Async write failed.*"errno":"([0-9]+)"', re.DOTALL)
_FULL_ON_WINDOWS = 112
_SPILL = re.compile(r"^IO Error: Failed to create directory|duckdb_temp_(?:storage|block)")


def is_disk_full(error: BaseException) -> bool:
    """True if a disk or a quota is full, whether Python or DuckDB was writing."""
    if isinstance(error, OSError):
        return error.errno in _FULL_NUMBERS
    kinds = (
        duckdb.IOException,
        duckdb.TransactionException,  # at its end it writes what it did
        duckdb.OutOfMemoryException,  # what memory cannot hold goes to the disk
        duckdb.FatalException,  # any statement after one of the others
    )
    if not isinstance(error, kinds):
        return isinstance(error, FullError)
    message = str(error)
    return _number(error) in {*_FULL_NUMBERS, _FULL_ON_WINDOWS} or says_full(message)


def _number(error: BaseException) -> int | None:
    """The system's number of an error of a write beside others."""
    match = _ASYNC.search(str(error)) if isinstance(error, duckdb.IOException) else None
    return int(match[1]) if match else None


def _is_too_large(error: BaseException) -> bool:
    """True if a file could not become as large as it had to be."""
    if isinstance(error, OSError):
        return error.errno == errno.EFBIG
    words = _own_words(str(error)) if isinstance(error, duckdb.Error) else ""
    return _number(error) == errno.EFBIG or "File too large" in words


def says_full(message: str) -> bool:
    """True if a message, apart from the paths and values that it quotes, is of a full disk."""
    return bool(_FULL.search(_own_words(message)))


def is_of_machine(error: BaseException) -> bool:
    """True if the disk, memory or open files were exhausted, or the work was stopped.

    No input file is at fault then.
    """
    if isinstance(error, OSError) and error.errno in _FILE_NUMBERS:
        return True
    kinds = (duckdb.OutOfMemoryException, duckdb.InterruptException)
    is_refused = is_disk_full(error) or _is_too_large(error) or _is_spill(error)
    return is_refused or isinstance(error, kinds)


def _is_spill(error: BaseException) -> bool:
    """True if DuckDB could not write what memory does not hold."""
    return isinstance(error, duckdb.IOException) and bool(_SPILL.search(str(error)))


def is_damaged(error: duckdb.Error) -> bool:
    """True if a file is not a database, damaged, or of another release of DuckDB."""
    if isinstance(error, duckdb.SerializationException):
        return True
    return bool(_DAMAGED.search(_own_words(str(error))))


def reason(error: duckdb.Error) -> str:
    """The reason that DuckDB failed, without any value of a row."""
    message = str(error)
    if isinstance(error, duckdb.IOException) and _HELD.search(message):
        process = re.search(r"PID (\d+)", message)
        return "another program holds it" + (f", process {process.group(1)}" if process else "")
    if is_disk_full(error):
        return "the disk is full"
    if _is_too_large(error):
        return "the system or the disk allows no file that is so large"
    if _is_spill(error):
        return "what memory cannot hold cannot be written; see --temp-dir"
    line = _LINE.search(message)
    # Its lines are records, of which a quoted cell may go over several lines.
    place = f", record {int(line.group(1)):,}" if line else ""
    words = _own_words(message)
    for kind, pattern, text in _REASONS:
        if isinstance(error, kind) and re.search(pattern, words):
            return text + place
    return type(error).__name__ + place


def _own_words(message: str) -> str:
    """A message without the rows, values and paths that it quotes."""
    return _PATH.sub("", _QUOTED.sub("", _HINTS.sub("", _ROW.sub("", message))))


def kind_of(error: duckdb.Error) -> type[UserError]:
    if _HELD.search(str(error)):
        return HeldError
    if is_disk_full(error):
        return FullError
    return DamagedError if is_damaged(error) else UserError
