"""The releases, tables and file sets that a folder of downloads has."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from mimiceye_duck.catalog.contracts.contract import Column, Contract, Dataset, has_by
from mimiceye_duck.catalog.contracts.reading import contracts, datasets
from mimiceye_duck.core import findings
from mimiceye_duck.core.files.file_state import State, state_of
from mimiceye_duck.core.findings import Result
from mimiceye_duck.readers.headers import spelled
from mimiceye_duck.readers.names import is_parquet

# Tables that DuckDB cannot read in place, which OUT has as Parquet.
HEADERS = "mimic_cxr.dicom"
REPORTS = "mimic_cxr.reports"


def parquet_file(out: Path, contract_id: str) -> Path:
    """The Parquet file of one of these tables below OUT."""
    schema, table = contract_id.split(".")
    return out / schema / f"{table}.parquet"


@dataclass(frozen=True)
class Source:
    """One source table that was found.

    `file` is absolute; of a table in parts it is the first, and `further` are the others in
    order. A file set has `folders` instead, below which its files lie as the contract's
    `inner_path` says. `header` is the file's first record, in the file's order. `copies` are
    what DuckDB reads in place of files that it cannot read. Of a set, `left_out` are files that
    are damaged or no files.
    """

    contract: Contract
    release: str | None
    file: Path | None = None
    folders: tuple[Path, ...] = ()
    header: tuple[str, ...] = ()
    further: tuple[Path, ...] = ()
    copies: tuple[Path, ...] = ()
    left_out: frozenset[Path] = frozenset()

    @property
    def files(self) -> tuple[Path, ...]:
        """The table's file, or its parts in order; none of a file set."""
        return (self.file, *self.further) if self.file else ()

    @property
    def readable(self) -> tuple[Path, ...]:
        """As `files`, for DuckDB."""
        return self.copies or self.files

    @property
    def is_parquet(self) -> bool:
        """True if the table is Parquet rather than CSV."""
        return self.file is not None and is_parquet(self.file)

    @cached_property
    def states(self) -> tuple[tuple[str, State], ...]:
        """Each file's path and state, as they were when first asked.

        A file that changes while it is read is another one to the next build.
        """
        return tuple((str(file), state_of(file.stat())) for file in self.files)

    @property
    def size(self) -> int:
        """Bytes of its files."""
        return sum(state.size for _, state in self.states)

    def found(self) -> list[tuple[Column, str | None]]:
        """Each contract column with the file's own spelling of it, None where it lacks it."""
        return spelled(self.contract, self.header)


@dataclass(frozen=True)
class Release:
    """One dataset's release as it lies on disk; a release may be spread over folders."""

    dataset: Dataset
    version: str | None
    demo: bool
    roots: tuple[Path, ...]

    @property
    def known(self) -> str | None:
        """The version; None for one that no contract knows, such as that of `thesis-1.0`."""
        return self.version if self.version in self.dataset.releases else None

    def __str__(self) -> str:
        demo = " demo" if self.demo else ""
        return f"{self.dataset.title}{demo} {self.version or 'of unknown release'}"


@dataclass(frozen=True)
class Listing:
    """Files by folder, the parents of p10 ... p19, and the folders that cannot be listed.

    `builds` are the folders that builds wrote, in which nothing is looked for. `others` are, by
    folder, what is neither file nor folder: links without content, pipes. `above` are links to
    folders above, which would lead through the whole machine and back.
    """

    files: dict[Path, set[str]] = field(default_factory=dict)
    trees: list[Path] = field(default_factory=list)
    closed: list[Path] = field(default_factory=list)
    builds: list[Path] = field(default_factory=list)
    others: dict[Path, set[str]] = field(default_factory=dict)
    above: list[Path] = field(default_factory=list)


@dataclass(frozen=True)
class Sources:
    """The sources found below `folder`; `results` is what is wrong or remarkable in it."""

    folder: Path
    releases: Mapping[str, Release]
    tables: Mapping[str, Source]
    archives: tuple[Path, ...] = ()
    results: tuple[Result, ...] = ()
    skipped: tuple[str, ...] = ()
    listing: Listing = field(default_factory=Listing, compare=False, repr=False)

    @property
    def warnings(self) -> tuple[str, ...]:
        """The warnings, a line each."""
        return findings.warnings(self.results)

    @property
    def is_made_up(self) -> bool:
        """True if `synth` wrote it, which puts the right answers beside its datasets."""
        return (self.folder / "truth" / "cxr_stay.csv").is_file()

    @property
    def copies(self) -> set[Path]:
        """The files that are read in place of those of the download, and others of their tables."""
        return {file for source in self.tables.values() for file in source.copies}

    def get(self, contract_id: str) -> Source | None:
        return self.tables.get(contract_id)

    @property
    def absent_tables(self) -> list[str]:
        """Tables that the tree has a place for and that a release should have but does not."""
        return [
            contract.id
            for contract in contracts().values()
            if contract.dataset in self.releases
            and contract.id not in self.tables
            and contract.id not in self.skipped
            and (contract.patient_file or contract.spreadsheet)
            and has_by(contract.since, self.releases[contract.dataset].known)
        ]

    @property
    def absent(self) -> list[Dataset]:
        return [dataset for key, dataset in datasets().items() if key not in self.releases]
