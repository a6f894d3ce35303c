"""Data contracts as frozen dataclasses: what every source table and dataset is."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from string import Formatter


@dataclass(frozen=True)
class Reference:
    """A foreign key of one column: `contract_id`.`column` of another table."""

    contract_id: str
    column: str
    enforced: bool


@dataclass(frozen=True)
class Column:
    """A column: `name` in SQL, `header` in the file, `type` in DuckDB.

    `form` is how its cells are written, by the name that `forms` knows; none for text.
    `since` is the first release that has it. `from_path` columns are no cells of the file
    but parts of its path; `glob` narrows what such a part may be.
    """

    name: str
    header: str
    type: str
    form: str | None
    description: str
    unit: str | None
    required: bool
    key_position: int | None
    since: str
    from_path: bool
    glob: str
    values: tuple[str, ...]
    examples: tuple[str, ...]
    references: tuple[Reference, ...]


@dataclass(frozen=True)
class Contract:
    """One source table: where it lies below a release, what it holds, where it goes.

    `path` is below the release's root, without `.gz`; a `{column}` in it is one file per
    value of a `from_path` column. `patient_file` and `spreadsheet` are below a patient's
    folder and `spreadsheets/`. `patient_of` is the relation that names, for a table without
    subject_id, the patient of each row or file, by the columns that both have. `may_be_missing`
    is a file set of which a download may lawfully lack some. `named_by` are tables of which each
    row names files of a set that a whole download has. Per release, as published: `rows`,
    `demo_rows` of the demo, `sha256` of the packed file and `sha256_unpacked` of its text.
    """

    id: str
    dataset: str
    title: str
    description: str
    grain: str
    path: str
    format: str
    since: str
    columns: tuple[Column, ...]
    patient_file: str | None
    spreadsheet: str | None
    patient_of: str | None
    may_be_missing: bool
    named_by: tuple[str, ...]
    rows: Mapping[str, int] = field(hash=False)
    demo_rows: Mapping[str, int] = field(hash=False)
    sha256: Mapping[str, str] = field(hash=False)
    sha256_unpacked: Mapping[str, str] = field(hash=False)
    file: Path

    @property
    def schema(self) -> str:
        return self.id.split(".")[0]

    @property
    def table(self) -> str:
        return self.id.split(".")[1]

    @property
    def cohort_name(self) -> str:
        """The relation of the built patients' rows: `cohort.hosp_labevents`."""
        prefix = self.schema.removeprefix("mimiciv_").removeprefix("mimic_")
        return f"cohort.{prefix}_{self.table}"

    @property
    def key(self) -> tuple[str, ...]:
        """The columns that tell a row from every other, in the order of the key."""
        keyed = [column for column in self.columns if column.key_position]
        return tuple(c.name for c in sorted(keyed, key=lambda column: column.key_position or 0))

    @property
    def text_name(self) -> str:
        """The relation of the table's cells as text, in a build's work database."""
        return f"source_text.{self.schema}_{self.table}"

    @property
    def repaired_name(self) -> str:
        """The model that repairs the text, if there is one of this name."""
        return f"repaired.{self.schema}_{self.table}"

    @property
    def is_file_set(self) -> bool:
        """True if the table is many files, one per value of what its path names."""
        return "{" in self.path

    @property
    def inner_path(self) -> str:
        """A file set's path below its top folder, which people rename or leave out."""
        return self.path.split("/", 1)[1]

    @property
    def glob(self) -> str:
        """`inner_path` with every placeholder as a pattern that file systems know."""
        globs = {column.name: column.glob for column in self.columns if column.from_path}
        parts = Formatter().parse(self.inner_path)
        return "".join(text + (globs.get(name, "*") if name else "") for text, name, *_ in parts)

    @property
    def path_regex(self) -> str:
        """`inner_path` as a regular expression with a group per `from_path` column, in order."""
        pattern = "/"
        for text, name, width, _ in Formatter().parse(self.inner_path):
            pattern += re.escape(text)
            if name:
                # A cut placeholder, p{subject_id:.2}, repeats the start of a whole one.
                pattern += "[^/]+" if width else "([^/]+)"
        return pattern + "$"

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)

    @property
    def file_columns(self) -> tuple[Column, ...]:
        """The columns that are cells of the file."""
        return tuple(column for column in self.columns if not column.from_path)


@dataclass(frozen=True)
class Dataset:
    """One PhysioNet project: its names, its releases, how to recognise and cite it."""

    key: str
    title: str
    slugs: tuple[str, ...]
    folders: tuple[str, ...]
    demo: tuple[str, ...]
    schemas: tuple[str, ...]
    marker: tuple[str, ...]
    releases: tuple[str, ...]
    belongs_with: Mapping[str, Mapping[str, list[str]]] = field(hash=False)
    licence: str
    citation: str


def version_key(version: str | None) -> tuple[int, ...]:
    """Sorts releases; an unknown one comes first."""
    return tuple(int(part) for part in version.split(".")) if version else ()


def has_by(since: str, release: str | None) -> bool:
    """True if a release has what came with the release `since`; an unknown one may."""
    return release is None or version_key(since) <= version_key(release)


def shared_column(columns: Iterable[str], owners: Iterable[str]) -> tuple[str, str] | None:
    """The first of a table's columns that `owners` has too, as each spells it.

    A row without a `subject_column` is of the patient who has the same value of it there.

    >>> shared_column(["ROI", "DICOM_ID"], ["subject_id", "dicom_id"])
    ('DICOM_ID', 'dicom_id')
    """
    theirs = {name.lower(): name for name in owners}
    shared = ((name, theirs[name.lower()]) for name in columns if name.lower() in theirs)
    return next(shared, None)


def subject_column(contract: Contract) -> str | None:
    """The column that names the patient, `subject_id` or one that refers to it."""
    for column in contract.columns:
        if column.name == "subject_id" or any(
            reference.contract_id == "mimiciv_hosp.patients" for reference in column.references
        ):
            return column.name
    return None
