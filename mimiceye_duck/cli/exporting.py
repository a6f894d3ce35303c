"""Commands that take a build elsewhere: export parquet, export csv, export meds."""

from pathlib import Path
from typing import Annotated

import typer

from mimiceye_duck.cli.arguments import DATABASE, Database, stoppable
from mimiceye_duck.core.errors import Problem, UsageError

app = typer.Typer(help="Write Parquet, CSV or MEDS.", no_args_is_help=True)


def _parted(words: list[str] | None) -> list[str]:
    """Names given one by one or with commas between them."""
    names = (name.strip() for word in words or () for name in word.split(","))
    found = [name for name in names if name]
    if words and not found:
        raise UsageError(Problem("--tables names no table", hint="mimiciv_ed.triage,marts.labels"))
    return found


def _memory(text: str | None) -> str | None:
    from mimiceye_duck.catalog.options.checking import memory

    return memory(text)


Out = Annotated[Path | None, typer.Option("--out", help="The folder to write.")]
Tables = Annotated[
    list[str] | None,
    typer.Option(
        "--tables", callback=_parted, help="Only these, as mimiciv_ed.triage,marts.labels."
    ),
]
AllPatients = Annotated[
    bool, typer.Option("--all-patients", help="All patients of the sources, not the built ones.")
]
Force = Annotated[bool, typer.Option("--force", help="Replace what an earlier export wrote.")]
Threads = Annotated[int | None, typer.Option(help="Threads to use.", min=1)]
Memory = Annotated[str | None, typer.Option(callback=_memory, help="Memory to use, as 2GB.")]
TempDir = Annotated[Path | None, typer.Option(help="Where to spill; else in --out.")]


@app.command()
def parquet(
    database: Database = DATABASE,
    out: Out = None,
    tables: Tables = None,
    all_patients: AllPatients = False,
    partition_by: Annotated[
        str | None,
        typer.Option(
            help="A column: tables that have it become folders COLUMN=VALUE (pandas reads no null)."
        ),
    ] = None,
    threads: Threads = None,
    memory_limit: Memory = None,
    temp_dir: TempDir = None,
    force: Force = False,
) -> None:
    """Write source tables, links and marts as OUT/{schema}/{table}.parquet.

    dataset.json and croissant.json say what is there; marts are of the built patients always.
    """
    from mimiceye_duck.usecases.export.parquet import export_parquet

    with stoppable():
        result = export_parquet(
            database,
            out,
            tables=tables or (),
            all_patients=all_patients,
            partition_by=partition_by,
            threads=threads,
            memory_limit=memory_limit,
            temp_dir=temp_dir,
            force=force,
        )
    typer.echo(result.summary)


@app.command()
def csv(
    database: Database = DATABASE,
    out: Out = None,
    tables: Tables = None,
    query: Annotated[
        str | None, typer.Option(help="A select with a column subject_id; see --name.")
    ] = None,
    file: Annotated[
        Path | None, typer.Option("-f", "--file", help="Read the select from here.")
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="The files' name, NAME.csv; else that of --file.")
    ] = None,
    all_patients: AllPatients = False,
    threads: Threads = None,
    memory_limit: Memory = None,
    temp_dir: TempDir = None,
    force: Force = False,
) -> None:
    """Write tables or your own query as CSV, one file a patient.

    A source table goes where the build writes it, as
    OUT/patient_{subject_id}/ED/triage.csv, any other as {schema}/{table}.csv:
    of the built patients, unless --all-patients. Cells are the source's text;
    those of marts, of EyeGaze's repaired tables and of tables of many files
    are typed values as text. A query is written as NAME.csv for every patient
    that it answers with, in its own order.
    """
    from mimiceye_duck.usecases.export.csv import export_csv

    with stoppable():
        result = export_csv(
            database,
            out,
            tables=tables or (),
            query=query,
            file=file,
            name=name,
            all_patients=all_patients,
            threads=threads,
            memory_limit=memory_limit,
            temp_dir=temp_dir,
            force=force,
        )
    typer.echo(result.summary)


@app.command()
def meds(
    database: Database = DATABASE,
    out: Out = None,
    threads: Threads = None,
    memory_limit: Memory = None,
    temp_dir: TempDir = None,
    force: Force = False,
) -> None:
    """Write the patients' timeline as a MEDS dataset."""
    from mimiceye_duck.usecases.export.meds import export_meds

    with stoppable():
        result = export_meds(
            database,
            out,
            threads=threads,
            memory_limit=memory_limit,
            temp_dir=temp_dir,
            force=force,
        )
    typer.echo(result.summary)
