"""Commands that take a build elsewhere: parquet, csv, meds, coco, images."""

import typer

from mimiceye_duck.catalog.options.export_options import (
    CocoOptions,
    CsvOptions,
    ImagesOptions,
    MedsOptions,
    ParquetOptions,
)
from mimiceye_duck.cli.arguments import stoppable
from mimiceye_duck.cli.options import command

app = typer.Typer(
    help="Write Parquet, CSV, MEDS, COCO or a folder of images.", no_args_is_help=True
)


@command(app, ParquetOptions)
def parquet(given: ParquetOptions) -> None:
    """Write source tables, links and marts as OUT/{schema}/{table}.parquet.

    dataset.json and croissant.json say what is there; marts are of the built patients always.
    """
    from mimiceye_duck.usecases.export.parquet import export_parquet

    with stoppable():
        result = export_parquet(given)
    typer.echo(result.summary)


@command(app, CsvOptions)
def csv(given: CsvOptions) -> None:
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
        result = export_csv(given)
    typer.echo(result.summary)


@command(app, MedsOptions)
def meds(given: MedsOptions) -> None:
    """Write the patients' timeline as a MEDS dataset."""
    from mimiceye_duck.usecases.export.meds import export_meds

    with stoppable():
        result = export_meds(given)
    typer.echo(result.summary)


@command(app, CocoOptions)
def coco(given: CocoOptions) -> None:
    """Write REFLACX's ellipses and EyeGaze's boxes as COCO annotations.

    OUT/annotations.json names the images below the folder of the build.
    """
    from mimiceye_duck.usecases.export.coco import export_coco

    with stoppable():
        result = export_coco(given)
    typer.echo(result.summary)


@command(app, ImagesOptions)
def images(given: ImagesOptions) -> None:
    """Link the built images in one folder with metadata.csv, as Hugging Face datasets reads it."""
    from mimiceye_duck.usecases.export.images import export_images

    with stoppable():
        result = export_images(given)
    typer.echo(result.summary)
