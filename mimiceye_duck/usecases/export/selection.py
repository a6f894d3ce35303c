"""Selection of an export: tables of a database, and patients of each."""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from mimiceye_duck.catalog.contracts.contract import Contract, shared_column, subject_column
from mimiceye_duck.catalog.contracts.reading import contracts
from mimiceye_duck.catalog.models.reading import KEPT
from mimiceye_duck.catalog.names import resolve
from mimiceye_duck.catalog.sql.quoting import Sql, ident
from mimiceye_duck.catalog.sql.templates import render
from mimiceye_duck.core.errors import Problem, UserError
from mimiceye_duck.database.inspect import Relation
from mimiceye_duck.database.readonly import require_cohort

ALL_PATIENTS = "--all-patients takes the patients of the sources"
_SUBJECTS = "cohort.subjects"
# The patient of each image and study.
_IMAGES = "staging.cxr_images"
_IMAGE_IDS = ("dicom_id", "study_id")
# Schemas that hold the built patients' rows alone.
_OF_COHORT = ("cohort", "marts", "spoken")


@dataclass(frozen=True)
class Table:
    """A table to export: what is known of it, and its rows, SQL that may stand after `from`.

    `patients` is "cohort" or "all", null where no row is a patient's; `subject` is the column
    that names the patient, if one does; `file` is where a release has the rows.
    """

    relation: Relation
    rows: Sql
    patients: str | None
    subject: str | None
    file: str | None
    is_as_there: bool = False

    @property
    def name(self) -> str:
        return self.relation.name

    @property
    def is_of_source(self) -> bool:
        """True if it is everyone's rows of one CSV file, and can be read in their order."""
        paths = self.relation.paths if self.patients == "all" else ()
        return len(paths) == 1 and paths[0].endswith((".csv", ".csv.gz"))

    @property
    def sorted_by(self) -> tuple[str, ...]:
        """The patient, then the key; all columns where no key makes the order the only one.

        With `is_as_there` the patient alone: of each the rows are as the source has them.
        """
        first = (self.subject,) if self.subject else ()
        if self.is_as_there:
            return first
        key = self.relation.key or tuple(column.name for column in self.relation.columns)
        return tuple(dict.fromkeys((*first, *key)))


def tables(
    relations: Iterable[Relation], asked: Iterable[str], *, all_patients: bool
) -> list[Table]:
    """Those of a database's relations that are asked for, else every source table, link and mart.

    Raises `UserError` for names that are unknown, and where the cohort's rows are wanted of a
    database that stores no cohort.
    """
    known = {relation.name: relation for relation in relations}
    names = _resolved(asked, known) or _usual(known)
    return [_table(known, name, all_patients=all_patients) for name in sorted(names)]


def require_owners(name: str, owners: str | None, known: Container[str]) -> None:
    """Raise `UserError` when the relation is missing that names the patients of `name`."""
    if owners and owners not in known:
        raise UserError(
            Problem(
                f"nothing names the patients of the rows of {name}",
                detail=f"no {owners} in the database",
                hint="`build` makes it",
            )
        )


def _resolved(asked: Iterable[str], known: Mapping[str, Relation]) -> set[str]:
    names: set[str] = set()
    problems: list[Problem] = []
    for word in asked:
        try:
            names.add(resolve(word, known.keys() | _sources(known), "table or view"))
        except UserError as error:
            problems += error.problems
    if problems:
        raise UserError(problems)
    return names


def _usual(known: Mapping[str, Relation]) -> set[str]:
    links = {one.name for one in known.values() if one.schema == "links" and one.kind == "table"}
    return _sources(known) | links | {one.name for one in known.values() if one.schema == "marts"}


def _sources(known: Mapping[str, Relation]) -> set[str]:
    """The source tables of which there are rows; an absent one has an empty table."""
    return {
        contract.id
        for contract in contracts().values()
        for stored in [_stored(contract, known)]
        if contract.id in known or (stored and stored.n_rows)
    }


def _stored(contract: Contract, known: Mapping[str, Relation]) -> Relation | None:
    name = contract.cohort_name
    return None if name in KEPT.values() else known.get(name)


def _table(known: Mapping[str, Relation], name: str, *, all_patients: bool) -> Table:
    contract = contracts().get(name)
    stored = _stored(contract, known) if contract else None
    if contract and stored and not (all_patients and name in known):
        relation, rows = replace(stored, name=name), ident(stored.name)
        return Table(relation, rows, "cohort", subject_column(contract), _file(contract, relation))
    relation = known[name]
    subject = _subject(relation, contract)
    table = Table(relation, ident(name), "cohort", subject, _file(contract, relation))
    if relation.schema in _OF_COHORT:
        return table
    owners = _SUBJECTS if subject else _owners(relation, contract)
    if owners is None:
        return replace(table, patients=None)
    if all_patients:
        return replace(table, patients="all")
    require_cohort(known, ALL_PATIENTS)
    require_owners(name, owners, known)
    return replace(table, rows=_of_cohort(relation, subject, known[owners]))


def _subject(relation: Relation, contract: Contract | None) -> str | None:
    if contract:
        return subject_column(contract)
    return next((one.name for one in relation.columns if one.name == "subject_id"), None)


def _owners(relation: Relation, contract: Contract | None) -> str | None:
    """The relation that names the patient of each row, by a column that both have."""
    if contract and contract.patient_of:
        return contract.patient_of
    return _IMAGES if any(one.name in _IMAGE_IDS for one in relation.columns) else None


def _of_cohort(relation: Relation, subject: str | None, owners: Relation) -> Sql:
    names, theirs = ([column.name for column in one.columns] for one in (relation, owners))
    shared = (subject, "subject_id") if subject else shared_column(names, theirs)
    assert shared
    column, key = shared
    return render(
        "export_cohort", relation=relation.name, column=column, owners=owners.name, key=key
    )


def _file(contract: Contract | None, relation: Relation) -> str | None:
    """The file that has the rows, below its release; a pattern where there are many."""
    if contract is None or not relation.paths:
        return None
    if contract.is_file_set:
        return contract.path
    depth = len(PurePosixPath(contract.path).parts)
    return "/".join(PurePosixPath(relation.paths[0]).parts[-depth:])
