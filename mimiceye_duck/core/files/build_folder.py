"""Names of what a build has in OUT, its output folder."""

import re

from mimiceye_duck.core.files.output_folder import is_below

DATABASE = "mimiceye.duckdb"
RECORD = "build.json"
MANIFEST = "manifest.parquet"
REPORT = "report.html"
README = "README.txt"
INPUT_FILES = "sources.parquet"
# Sources that DuckDB reads only without the zeros at their end.
COPIES = ".copies"
STAGING = ".mimiceye-duck"
# The made-up sources of `build --demo`.
DEMO = "source"
# Files in OUT itself, and the folders in it that are kept from build to build.
FILES = (RECORD, DATABASE, MANIFEST, REPORT, README, INPUT_FILES)
KEPT = ("mimic_cxr", COPIES)
_OTHERS = {f"{DATABASE}.wal", STAGING, DEMO}
# Folders of what the manifest lists.
_LISTED = re.compile(r"(?:patient_[0-9]+|spreadsheets)/")


def holds_listed(name: str) -> bool:
    """True if a folder of this name in OUT holds files of the manifest."""
    return _LISTED.fullmatch(f"{name}/") is not None


def is_listed(path: object) -> bool:
    """True if a build may list a file at this path below OUT in its manifest.

    >>> [is_listed(path) for path in ("patient_1/a.csv", "patient_1/../a.csv", "notes/a.csv")]
    [True, False, False]
    """
    return is_below(path) and _LISTED.match(str(path)) is not None


def is_of_a_build(path: str) -> bool:
    """True if what is at this path below OUT is a build's own."""
    return path.partition("/")[0] in {*FILES, *KEPT, *_OTHERS} or is_listed(path)
