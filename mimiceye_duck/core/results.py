"""Results of the Python interface."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mimiceye_duck.core.findings import FAILED, WARNING, Result


@dataclass(frozen=True)
class BuildResult:
    """A finished build.

    `images` are those of the metadata, `linked` those of them with an emergency stay, `patients`
    those who have a folder, `files` the files written, `seconds` the duration; `ran` is False
    where OUT held just this build already. `record` is the content of `build.json`.
    """

    out: Path
    images: int
    linked: int
    patients: int
    files: int
    seconds: float
    warnings: tuple[str, ...]
    ran: bool
    record: Mapping[str, Any] = field(repr=False)

    @classmethod
    def of(cls, out: Path, record: Mapping[str, Any], *, ran: bool) -> "BuildResult":
        """The result of a build with this record; one on Spark writes no folders."""
        links: dict[str, int] = dict(record["links"])
        images = sum(links.values())
        return cls(
            out=out,
            images=images,
            linked=images - links.get("none", 0),
            patients=record.get("patient_folders", 0),
            files=record.get("files_written", 0),
            seconds=record["seconds"],
            warnings=tuple(record["warnings"]),
            ran=ran,
            record=record,
        )


@dataclass(frozen=True)
class CheckResult:
    """Results of `check`, and each dataset's release by its key."""

    source: Path
    releases: Mapping[str, str]
    results: tuple[Result, ...] = field(repr=False)

    @property
    def failed(self) -> tuple[Result, ...]:
        """The results that would make a build wrong or impossible."""
        return tuple(result for result in self.results if result.status == FAILED)

    @property
    def warnings(self) -> tuple[Result, ...]:
        return tuple(result for result in self.results if result.status == WARNING)


@dataclass(frozen=True)
class AttachResult:
    """A database of views: the tables in it, `schema.table`, and the warnings of their sources."""

    database: Path
    tables: tuple[str, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class ExportResult:
    """A finished export: the folder, and what is in it in words."""

    out: Path
    summary: str


@dataclass(frozen=True)
class Explanation:
    """The reasons of an image's stay: rows as mappings from column to value.

    `stays` are the patient's emergency stays with their distances in seconds, `rules` what each
    link rule says, `settings` the rule and window of the build.
    """

    image: Mapping[str, Any]
    stays: tuple[Mapping[str, Any], ...]
    rules: tuple[Mapping[str, Any], ...]
    settings: Mapping[str, Any]


@dataclass(frozen=True)
class LinkComparison:
    """The differences of the link rules: rows as mappings from column to value.

    `agreement` counts the images that each two rules link alike, `differences` those that a
    rule links differently from the rule of the build in `settings`, by reason.
    """

    settings: Mapping[str, Any]
    agreement: tuple[Mapping[str, Any], ...]
    differences: tuple[Mapping[str, Any], ...]
