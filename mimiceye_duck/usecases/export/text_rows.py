"""Rows as CSV has them: as text, each with its patient."""

from collections.abc import Mapping
from pathlib import Path

from mimiceye_duck.catalog.contracts.contract import Contract, shared_column, subject_column
from mimiceye_duck.catalog.contracts.reading import contracts
from mimiceye_duck.catalog.models.reading import models
from mimiceye_duck.catalog.sql.quoting import Sql, ident, quoted
from mimiceye_duck.catalog.sql.templates import render, value
from mimiceye_duck.core.errors import Problem, UserError
from mimiceye_duck.database.connection import Database
from mimiceye_duck.database.inspect import Relation
from mimiceye_duck.readers.views import csv_text


def text_rows(known: Mapping[str, Relation], name: str, *, all_patients: bool) -> Sql:
    """A table's rows: a source's text, else those stored, else typed; ours by their key."""
    contract = contracts().get(name)
    if contract is None:
        model = models().get(name)
        # A view's rows come in any order.
        if model and model.key:
            return render("in_order", relation=name, columns=model.key)
        return ident(name)
    is_repaired = contract.repaired_name in models()
    paths = known[name].paths if name in known else ()
    if paths and contract.format == "csv" and not contract.is_file_set and not is_repaired:
        [path] = paths
        if not Path(path).is_file():
            raise UserError(
                Problem(
                    f"the file of {name} is not where it was",
                    path=path,
                    hint="`mimiceye-duck attach` points the views elsewhere",
                )
            )
        return csv_text(Path(path))
    if not all_patients and contract.cohort_name in known:
        return ident(contract.cohort_name)
    if is_repaired:
        raise UserError(
            Problem(
                f"only the built patients' rows of {name} are repaired and stored",
                hint="leave out --all-patients; spreadsheets/EyeGaze of a build has all rows",
            )
        )
    return ident(name)


def owned(
    session: Database, what: str, rows: Sql, origin: Contract | None
) -> tuple[list[str], Sql]:
    """The names of the columns of some rows, and the rows as text with the patient of each."""
    types = session.types(rows)
    names = list(types)
    places = {name.lower(): str(place) for place, name in reversed([*enumerate(names)])}
    texts = render("numbered_texts", relation=rows, columns=types.items())
    subject = subject_column(origin) if origin else None
    for spelling in _spellings(origin, subject) if origin and subject else ["subject_id"]:
        if spelling in places:
            # A query's numbers may be decimals that are whole, as pandas and DuckDB make them.
            form = "BIGINT" if origin else "point_zero"
            number = value(form, quoted(places[spelling]), "many")
            return names, render("owned", relation=texts, patient=number)
    if origin and origin.patient_of:
        spellings = (one for column in origin.columns for one in _spellings(origin, column.name))
        ours = [spelling for spelling in spellings if spelling in places]
        shared = shared_column(ours, session.columns(ident(origin.patient_of)))
        if shared:
            keys = {"key": places[shared[0]], "owner_key": shared[1]}
            return names, render("owned_via", relation=texts, via=origin.patient_of, **keys)
    raise UserError(
        Problem(
            f"{what} has no column subject_id",
            detail=", ".join(names),
            hint="a query that joins one, as `... join links.cxr_stay using (dicom_id)`",
        )
    )


def _spellings(contract: Contract, column: str) -> list[str]:
    """Names that a column may have, in lower case."""
    return [column.lower(), contract.column(column).header.lower()]
