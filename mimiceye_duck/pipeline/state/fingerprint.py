"""What a whole build depends on, as one digest."""

import hashlib

from mimiceye_duck.catalog.installation import DATA_CONTRACTS, PACKAGE, SQL, version
from mimiceye_duck.catalog.options import Options
from mimiceye_duck.core.digest import digest
from mimiceye_duck.database.code_digest import code
from mimiceye_duck.readers.dicom.files import states
from mimiceye_duck.readers.source_digest import file_key
from mimiceye_duck.readers.sources import Sources


def inputs(sources: Sources) -> list[tuple[str, int, int]]:
    """Path, size and time of change of every table's file and every archive."""
    tables = [state for one in sources.tables.values() for state in one.states]
    return sorted({*tables, *map(file_key, sources.archives)})


def _dicom_files(sources: Sources) -> str:
    """One number for all DICOM files: which there are, and size and time of change of each.

    Other file sets are named by tables. Of a DICOM file the headers are read, whoever's it is,
    and a download that is completed in place changes no folder.
    """
    source = sources.get("mimic_cxr.dicom")
    number = hashlib.sha256()
    for state in states(source.folders if source else ()):
        number.update(repr(state).encode())
    return number.hexdigest()


def fingerprint(sources: Sources, options: Options) -> str:
    """What a build depends on, as one number: inputs, options, contracts, models, code."""
    folders = [(s.contract.id, *map(str, s.folders)) for s in sources.tables.values()]
    written = [*sorted(SQL.rglob("*.sql")), *sorted(DATA_CONTRACTS.rglob("*.yaml"))]
    written += sorted((PACKAGE / "pages" / "templates").iterdir())
    return digest(
        version(),
        code("pages"),
        options.record(),
        inputs(sources),
        _dicom_files(sources),
        sources.skipped,
        folders,
        [file.read_bytes() for file in written],
    )
