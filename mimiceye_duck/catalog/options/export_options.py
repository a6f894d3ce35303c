"""The options of the exports, each once: see `mimiceye_duck.core.given`."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

from mimiceye_duck.core.files.build_folder import DATABASE
from mimiceye_duck.core.given import Option, StrPath


@dataclass(frozen=True)
class Places:
    """Build and output folder, by default one beside the build."""

    database: Annotated[StrPath, Option("The database that `build` or `attach` wrote.", "FILE")] = (
        DATABASE
    )
    out: Annotated[StrPath | None, Option("The folder to write.", "DIR")] = None


@dataclass(frozen=True, kw_only=True)
class Tables:
    """Tables and patients."""

    tables: Annotated[
        Iterable[str], Option("Only these, as mimiciv_ed.triage,marts.labels.", "NAMES")
    ] = ()
    all_patients: Annotated[bool, Option("All patients of the sources, not the built ones.")] = (
        False
    )


@dataclass(frozen=True, kw_only=True)
class Running:
    """Running of an export: changes nothing of what it writes."""

    threads: Annotated[int | None, Option("Threads to use.", "N", least=1)] = None
    memory_limit: Annotated[str | None, Option("Memory to use, as 2GB.", "SIZE")] = None
    temp_dir: Annotated[StrPath | None, Option("Where to spill; else in --out.", "DIR")] = None
    force: Annotated[bool, Option("Replace what an earlier export wrote.")] = False


@dataclass(frozen=True, kw_only=True)
class ParquetOptions(Running, Tables, Places):
    """Options of `export parquet`."""

    partition_by: Annotated[
        str | None,
        Option(
            "A column: tables that have it become folders COLUMN=VALUE (pandas reads no null).",
            "COLUMN",
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class CsvOptions(Running, Tables, Places):
    """Options of `export csv`."""

    query: Annotated[
        str | None, Option("A select with a column subject_id; see --name.", "SELECT")
    ] = None
    file: Annotated[StrPath | None, Option("Read the select from here.", "FILE", also="-f")] = None
    name: Annotated[
        str | None, Option("The files' name, NAME.csv; else that of --file.", "NAME")
    ] = None


@dataclass(frozen=True, kw_only=True)
class MedsOptions(Running, Places):
    """Options of `export meds`."""


@dataclass(frozen=True, kw_only=True)
class CocoOptions(Running, Places):
    """Options of `export coco`."""


@dataclass(frozen=True, kw_only=True)
class ImagesOptions(Running, Places):
    """Options of `export images`."""
