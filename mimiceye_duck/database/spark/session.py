"""Sessions of Spark, started with what this machine has; errors without rows."""

import logging
import os
import re
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from mimiceye_duck.core.errors import Problem, UserError
from mimiceye_duck.database.errors import says_full
from mimiceye_duck.database.spark.java import require_java

if TYPE_CHECKING:
    from pyspark.sql import Column, SparkSession

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql.types import StructType


_INSTALL = "pip install 'mimiceye-duck[spark]'"
_SETTINGS = {
    "spark.app.name": "mimiceye-duck",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    # A moment of a patient's calendar is of no time zone.
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.caseSensitive": "false",
    # Else a row of too few or too many cells is let through where not all of it is read.
    "spark.sql.csv.parser.columnPruning.enabled": "false",
    "spark.sql.parquet.compression.codec": "zstd",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
}
# What Spark calls an error, and what that is for a person; its own words quote rows.
_REASONS = (
    ("MALFORMED_RECORD", "a row has more or fewer cells than the header"),
    ("EOFException", "the compressed file is cut short"),
    ("ZipException", "the file is not what gzip can read"),
    ("not a gzip file", "the file is not what gzip can read"),
    ("OutOfMemoryError", "more memory is needed than Spark has; see --memory-limit"),
    ("PATH_NOT_FOUND", "the file is not there any more"),
)


def require() -> None:
    """Raises `UserError` without pyspark, or without a Java that it starts on."""
    try:
        # It warns of versions of pandas, which nothing here uses.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import_module("pyspark.sql")
    except ImportError:
        message = "--engine spark needs pyspark, which is not installed"
        raise UserError(Problem(message, hint=_INSTALL)) from None
    require_java()


def start(
    *, master: str, memory: str | None = None, temp_dir: Path | None = None
) -> "SparkSession":
    """A session on `master`, or the one that this process has.

    `memory` is the driver's, as Java takes it; a cluster's own settings say the executors'.
    Raises `UserError` as `require`, or where Spark cannot be started.
    """
    require()
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master(master)
    settings = dict(_SETTINGS)
    if memory:
        settings["spark.driver.memory"] = memory
    if temp_dir:
        settings["spark.local.dir"] = str(temp_dir)
    for name, value in settings.items():
        builder = builder.config(name, value)
    with without_rows(f"Spark cannot be started on {master}"), warnings.catch_warnings(), _quiet():
        warnings.simplefilter("ignore")
        return builder.getOrCreate()


def is_running() -> bool:
    """True if this process has a session already, which is not ours to stop."""
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        return False
    return SparkSession.getActiveSession() is not None


@contextmanager
def _quiet() -> Iterator[None]:
    """Start nothing that writes to stderr: Java's log quotes rows, and these are patients'."""
    if logging.getLogger().isEnabledFor(logging.DEBUG):
        yield
        return
    sys.stderr.flush()
    before = os.dup(2)
    try:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(before, 2)
        os.close(before)


@contextmanager
def without_rows(message: str) -> Iterator[None]:
    """Raise `UserError` for an error of Spark's, without the rows that its text quotes."""
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    try:
        yield
    except (Py4JError, PySparkException) as error:
        text = str(error)
        file = re.search(r"(?:reading file|file) (?:file:/*)?(/[^\s]+?)\.? ", text + " ")
        found = "the disk is full" if says_full(text) else None
        found = found or next((reason for sign, reason in _REASONS if sign in text), None)
        condition = error.getCondition() if isinstance(error, PySparkException) else None
        where = file.group(1) if file else None
        found = found or condition or type(error).__name__
        hint = "download the file again, or leave the table out with --skip" if where else None
        raise UserError(Problem(message, path=where, detail=found, hint=hint)) from None


def text_columns(header: Iterable[str]) -> "StructType":
    """The file's own columns in its own order, as text: Spark binds them by position."""
    from pyspark.sql.types import StringType, StructField, StructType

    return StructType([StructField(one.strip(), StringType()) for one in header])


def expression(text: str) -> "Column":
    """A column of Spark's from SQL."""
    from pyspark.sql.functions import expr

    return expr(text)
