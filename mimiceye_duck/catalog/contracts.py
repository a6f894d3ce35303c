"""Data contracts (ODCS v3) as frozen dataclasses: what every source table is."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from string import Formatter
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

from mimiceye_duck.catalog.forms import forms
from mimiceye_duck.catalog.installation import DATA_CONTRACTS
from mimiceye_duck.core.caches import parsed
from mimiceye_duck.core.errors import Problem, UserError

_RELEASE = re.compile(r"\d+(\.\d+)*")
_TYPE = re.compile(r"[A-Z]+(\[\])?|STRUCT\([\w\", ]+\)(\[\])?")
_REFERENCE = re.compile(r"\.\./(\w+)/(\w+)\.odcs\.yaml#/schema/\w+/properties/(\w+)")


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
        """Where the rows of the built patients are: `cohort.hosp_labevents`."""
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


def _custom(node: Mapping[str, Any]) -> dict[str, Any]:
    return {entry["property"]: entry["value"] for entry in node.get("customProperties", ())}


def _references(node: Mapping[str, Any]) -> Iterator[Reference]:
    for entry in node.get("relationships", ()):
        match = _REFERENCE.fullmatch(entry["to"])
        if not match:
            raise ValueError(f"the relationship {entry['to']} leads to no column")
        schema, table, column = match.groups()
        enforced = bool(_custom(entry).get("enforcedUpstream"))
        yield Reference(f"{schema}.{table}", column, enforced)


def _column(node: Mapping[str, Any], table_since: str) -> Column:
    custom = _custom(node)
    return Column(
        name=node["name"],
        header=node.get("physicalName", node["name"]),
        type=node["physicalType"],
        form=custom.get("form", node["physicalType"] if node["physicalType"] in forms() else None),
        description=node["description"],
        unit=custom.get("unit"),
        required=node.get("required", False),
        key_position=node.get("primaryKeyPosition"),
        since=custom.get("since", table_since),
        from_path=custom.get("fromPath", False),
        glob=custom.get("glob", "*"),
        values=tuple(str(entry["value"]) for entry in node.get("enum", ())),
        examples=tuple(str(value) for value in node.get("examples", ())),
        references=tuple(_references(node)),
    )


def read(file: Path) -> Contract:
    """Read one contract file. Raises `UserError` for one that is not understood."""
    return _contract(_document(file), file)


def _document(file: Path) -> dict[str, Any]:
    """The content of a contract file. Raises `UserError` for one that is not understood."""
    import yaml

    try:
        document: dict[str, Any] = _load(file)
        fault = next(_faults(_contract(document, file)), None)
    except KeyError as error:
        fault = f"{error} is not there"
    except (yaml.YAMLError, LookupError, TypeError, AttributeError, ValueError) as error:
        fault = str(error)
    if fault:
        raise UserError(
            Problem(
                "a data contract is not understood",
                path=str(file),
                detail=fault,
                hint="correct the file, or put back the one that came with the package",
            )
        )
    return document


def _load(file: Path) -> Any:
    import yaml  # what is parsed already needs none

    # The C loader reads all contracts in a tenth of the Python loader's time.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(file.read_text(encoding="utf-8"), Loader=loader)  # noqa: S506


_KINDS: dict[type, dict[str, Any]] = {kind: get_type_hints(kind) for kind in (Contract, Column)}


def _faults(contract: Contract) -> Iterator[str]:
    """Faults of a contract that other modules could not handle."""
    if not re.fullmatch(r"\w+\.\w+", contract.id):
        yield f"id {contract.id} is not a schema.table"
    things: list[Contract | Column] = [contract, *contract.columns]
    for thing in things:
        for name, kind in _KINDS[type(thing)].items():
            if not _fits(getattr(thing, name), kind):
                yield f"{name} is not of type {getattr(kind, '__name__', kind)}"
        if not _RELEASE.fullmatch(thing.since):
            yield f"since {thing.since} is not a release"
    for column in contract.columns:
        # It is put into SQL as it is.
        if not _TYPE.fullmatch(column.type):
            yield f"physicalType {column.type} of {column.name} is none of DuckDB"
        if column.form and (column.form not in forms() or forms()[column.form].type != column.type):
            yield f"form {column.form} of {column.name} is none of {column.type}"
    names = [column.name.lower() for column in contract.columns]
    if len(set(names)) < len(names):
        yield "a column is there twice"
    in_path = {name for _, name, *_ in Formatter().parse(contract.path) if name is not None}
    if in_path != {column.name for column in contract.columns if column.from_path}:
        yield f"path {contract.path} does not name the columns that are from it"
    if in_path and "/" not in contract.path:
        yield f"path {contract.path} has no folder"


def _fits(value: object, kind: Any) -> bool:
    """True if a value is of the kind that a field says.

    >>> _fits((1, 2), tuple[int, ...]), _fits(None, str | None), _fits(True, int)
    (True, True, False)
    """
    origin, parts = get_origin(kind), get_args(kind)
    if origin is UnionType:
        return any(_fits(value, part) for part in parts)
    if origin is tuple:
        return isinstance(value, tuple) and all(_fits(one, parts[0]) for one in value)
    if origin is Mapping:
        return isinstance(value, Mapping) and all(
            _fits(key, parts[0]) and _fits(one, parts[1]) for key, one in value.items()
        )
    return isinstance(value, kind) and (kind is bool or not isinstance(value, bool))


def _contract(document: Mapping[str, Any], file: Path) -> Contract:
    table = document["schema"][0]
    server = document["servers"][0]
    custom = _custom(table)
    return Contract(
        id=document["id"],
        dataset=document["dataProduct"],
        title=document["name"],
        description=table["description"],
        grain=table["dataGranularityDescription"],
        path=server["path"],
        format=server["format"],
        since=custom["since"],
        columns=tuple(_column(node, custom["since"]) for node in table["properties"]),
        patient_file=custom.get("patientFile"),
        spreadsheet=custom.get("spreadsheet"),
        patient_of=custom.get("patientOf"),
        may_be_missing=custom.get("mayBeMissing", False),
        named_by=tuple(custom.get("namedBy", ())),
        rows=custom.get("rows", {}),
        demo_rows=custom.get("demoRows", {}),
        sha256=custom.get("sha256", {}),
        sha256_unpacked=custom.get("sha256Unpacked", {}),
        file=file,
    )


@cache
def contracts(folder: Path = DATA_CONTRACTS) -> Mapping[str, Contract]:
    """Every contract by its id, `schema.table`, in the order of the files' names."""
    files = sorted(folder.glob("*/*.odcs.yaml"))
    # YAML takes longer than most questions.
    if folder == DATA_CONTRACTS:
        documents = parsed("contracts", [Path(__file__), *files], lambda: [*map(_document, files)])
    else:
        documents = map(_document, files)
    read = map(_contract, documents, files)
    return {contract.id: contract for contract in read}


@cache
def datasets(folder: Path = DATA_CONTRACTS) -> Mapping[str, Dataset]:
    """The datasets by key, in the order of `datasets.yaml`."""
    file = folder / "datasets.yaml"
    nodes = parsed("datasets", [Path(__file__), file], partial(_load, file))
    return {
        key: Dataset(
            key=key,
            title=node["title"],
            slugs=tuple(node["slugs"]),
            folders=tuple(node["folders"]),
            demo=tuple(node.get("demo", ())),
            schemas=tuple(node["schemas"]),
            marker=tuple(node["marker"]),
            releases=tuple(node["releases"]),
            belongs_with=node.get("belongs_with", {}),
            licence=node["licence"],
            citation=node["citation"],
        )
        for key, node in nodes.items()
    }


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
