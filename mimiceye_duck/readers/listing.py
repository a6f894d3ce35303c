"""The folders and files of a download, listed once."""

import os
import re
from collections.abc import Callable
from pathlib import Path

from mimiceye_duck.core.files.build_folder import DATABASE, RECORD, STAGING
from mimiceye_duck.readers.sources import Listing

# Folders that hold one file per image, study, reading or patient, by the hundred thousand:
# their paths follow from the tables, so that none need be listed. The folder above says
# which they are: a person may call any folder p1, s3 or gaze_data. Also what MIMIC-Eye made.
_FILE_SETS = re.compile(
    r"(?:files|mimic-cxr-reports)/p\d\d|p\d\d/p\d{3,}|p\d{3,}/s\d+"
    r"|(?:main|gaze)_data/P\d+R\d+|audio_segmentation_transcripts/[0-9a-f-]{44}"
    r"|(?:patient_\d+|spreadsheets)/(?:CXR-DICOM|CXR-JPG|ED|EyeGaze|Hosp|ICU|REFLACX)"
    r"|.*/\..*",
    re.DOTALL,
)


def _is_build(names: set[str]) -> bool:
    # A database alone may be one of `attach`, which people put beside their tables.
    return STAGING in names or names >= {DATABASE, RECORD}


def list_files(folder: Path) -> Listing:
    """All files below a folder, but for those of file sets and of builds."""
    listing, seen = Listing(), set[str]()
    top = Path(os.path.realpath(folder))
    waiting = [folder]
    while waiting:
        here = waiting.pop()
        # A link may lead back to a folder above it.
        real = os.path.realpath(here)
        if here != folder and top.is_relative_to(real):
            listing.above.append(here)
            continue
        if real in seen:
            continue
        seen.add(real)
        try:
            entries = sorted(os.scandir(here), key=lambda entry: entry.name)
        except OSError:
            listing.closed.append(here)
            continue
        names = {entry.name for entry in entries}
        if here != folder and _is_build(names):
            listing.builds.append(here)
            continue
        if not names and here != folder and not here.suffix:
            continue  # each that is listed is looked through for every table
        listing.files[here] = {entry.name for entry in entries if _is(entry.is_file)}
        folders = [entry.name for entry in entries if _is(entry.is_dir)]
        if others := names - listing.files[here] - set(folders):
            listing.others[here] = others
        if any(re.fullmatch(r"p\d\d", name) for name in folders):
            listing.trees.append(here)
        waiting.extend(
            here / name
            for name in reversed(folders)
            if not _FILE_SETS.fullmatch(f"{here.name}/{name}")
        )
    return listing


def _is(kind: Callable[[], bool]) -> bool:
    """True if an entry is of a kind; what is behind links in a circle is of none."""
    try:
        return kind()
    except OSError:
        return False
