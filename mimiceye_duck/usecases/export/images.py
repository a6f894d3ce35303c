"""Built pictures as a folder that Hugging Face `datasets` loads: imagefolder."""

import csv
from pathlib import Path

from mimiceye_duck.catalog.options.export_options import ImagesOptions
from mimiceye_duck.catalog.sql.quoting import literal
from mimiceye_duck.core.files.output_folder import is_below, is_link
from mimiceye_duck.core.results import ExportResult
from mimiceye_duck.core.running.progress import Steps
from mimiceye_duck.usecases.export.places import folder_of, opened_of, require_pictures
from mimiceye_duck.usecases.export.views import make_views
from mimiceye_duck.writers.export_folder import Folder
from mimiceye_duck.writers.files import place

_FILE = "metadata.csv"


def export_images(given: ImagesOptions) -> ExportResult:
    """Write `metadata.csv` and links of the pictures below `out`, else `images/` beside the build.

    Raises `UserError` for a database without a cohort or images, and where a file is that `force`
    does not let replace.
    """
    folder = folder_of(given, "images", last=_FILE)
    with folder:
        folder.refuse_existing([_FILE])
        folder.retire(_links_of(folder.out))
        with opened_of(given, folder, allow_files=True) as source:
            make_views(source, "imagefolder")
            file = literal(str(folder.tree / _FILE))
            rows = "select * exclude (path) from imagefolder.metadata order by dicom_id"
            source.execute(f"copy ({rows}) to {file} (header, delimiter ',')")
            paths = source.rows("select file_name, path from imagefolder.metadata order by all")
        _link(paths, require_pictures(given, (path for _, path in paths)), folder)
    return ExportResult(folder.out, f"{len(paths):,} images in {folder.out}")


def _links_of(out: Path) -> list[str]:
    """The links that an earlier export made, which may be of images that are built no more."""
    try:
        with open(out / _FILE, encoding="utf-8", newline="") as text:
            names = [row.get("file_name") for row in csv.DictReader(text)]
    except (OSError, ValueError, csv.Error):
        return []
    return [name for name in names if is_below(name) and name and is_link(out / name)]


def _link(paths: list[tuple[str, str]], build: Path, folder: Folder) -> None:
    with Steps().step("linking images", len(paths)) as step:
        for name, path in paths:
            place(build / path, folder.tree / name, "symlink", None)
            step.advance()
