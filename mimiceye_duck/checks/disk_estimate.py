"""Disk space that a build needs, and whether there is as much."""

import shutil
from itertools import islice
from pathlib import Path

from mimiceye_duck.catalog.contracts.contract import subject_column
from mimiceye_duck.catalog.options.checking import Options
from mimiceye_duck.core import text as core_text
from mimiceye_duck.core.files import paths
from mimiceye_duck.core.findings import PASSED, WARNING, Result
from mimiceye_duck.readers import file_sets
from mimiceye_duck.readers.headers import open_text
from mimiceye_duck.readers.names import is_packed, is_parquet
from mimiceye_duck.readers.sources import Source, Sources
from mimiceye_duck.readers.table_files import text_size

# Tables inflate to 2 to 14 times their packed size: 7 on average, the largest 12.
_INFLATED = 12
_MOST = 100
_CYCLE = 1 << 32
_SAMPLED = 1 << 16
_FILES = 20
# Patients with X-rays were ill: more is written of them than of the average patient.
_ILLER = 3
# Two databases take this much for a hundred relations that are all but empty.
_EMPTY = 1 << 26
# A file takes whole blocks of the disk: half of one is lost with each.
_LOST = 2048
_METADATA = "mimic_cxr_jpg.metadata"
_READINGS = ("reflacx.metadata_phase_1", "reflacx.metadata_phase_2", "reflacx.metadata_phase_3")
_SHEET = "eye_gaze.master_sheet"


def disk_needed(sources: Sources, options: Options) -> int:
    """Bytes that a build may take in OUT, rather too many than too few, from file sizes alone.

    Text: the spreadsheets are whole tables. A patient's tables are the share of the patients in
    the whole, three times over for patients with X-rays. What is written as CSV is held a second
    time in the databases, and tables that are linked are read whole into the working one: all
    but MIMIC-IV's, of which those with a spreadsheet. Files: as many as the tables name, each as
    large as the average of the first few. Half a block of the disk is lost with every file, and
    even empty databases take some.
    """
    size = _Sizes(sources, options)
    return _EMPTY + size.text + size.files


def file_sizes(sources: Sources, options: Options) -> dict[str, int]:
    """An estimate of the bytes of each file set that is copied, by contract."""
    return _Sizes(sources, options).of_sets if options.files == "copy" else {}


class _Sizes:
    """The parts of the estimate."""

    def __init__(self, sources: Sources, options: Options) -> None:
        self._sources = sources
        self._options = options
        self._readings = sum(map(self._rows, _READINGS))
        self._sheet = self._rows(_SHEET)
        self._all_images = self._rows(_METADATA)

    @property
    def text(self) -> int:
        spreadsheets = whole = patients = tables = 0
        for source in self._sources.tables.values():
            contract = source.contract
            if source.file is None or contract.format != "csv":
                continue
            text = sum(map(_inflated, source.files))
            if contract.spreadsheet:
                spreadsheets += text
            if contract.spreadsheet or contract.dataset != "mimiciv":
                whole += text
            if subject_column(contract) or contract.patient_of:
                patients += text
                tables += 1
        written = int(patients * self._share) + spreadsheets
        reports = 4 * sum(archive.stat().st_size for archive in self._sources.archives)
        return 2 * written + whole + reports + self._patients * tables * _LOST

    @property
    def files(self) -> int:
        return sum(self.of_sets.values()) if self._options.files == "copy" else 0

    @property
    def of_sets(self) -> dict[str, int]:
        return {
            name: int(_mean_size(source) * self._number(source))
            for name, source in self._sources.tables.items()
            if source.contract.is_file_set and source.contract.patient_file
        }

    def _number(self, source: Source) -> float:
        """The number of a set's files that the patients have."""
        if source.contract.schema == "reflacx":
            return self._readings
        if source.contract.schema == "eye_gaze":
            return self._sheet * _files_a_folder(source)
        return self._images

    @property
    def _images(self) -> int:
        """The images of the cohort and of the same studies."""
        gazed = 2 * (self._readings + self._sheet)
        if self._options.wanted is not None:
            return min(self._all_images, 6 * len(self._options.wanted))
        if self._options.wanted_images is not None:
            return min(self._all_images, 6 * len(self._options.wanted_images))
        return min(self._all_images, gazed) if self._options.cohort == "eye" else self._all_images

    @property
    def _patients(self) -> int:
        everyone = self._rows("mimiciv_hosp.patients") or self._all_images
        if self._options.wanted is not None:
            return min(everyone, len(self._options.wanted))
        if self._options.wanted_images is not None:
            return min(everyone, len(self._options.wanted_images))
        if self._options.cohort in ("all", "query"):
            return everyone
        imaged = self._all_images // 5
        gazed = self._readings + self._sheet
        return min(everyone, gazed if self._options.cohort == "eye" else imaged)

    @property
    def _share(self) -> float:
        everyone = self._rows("mimiciv_hosp.patients")
        return min(1.0, _ILLER * self._patients / everyone) if everyone else 1.0

    def _rows(self, name: str) -> int:
        """About how many rows a table has."""
        source = self._sources.get(name)
        if source is None or source.file is None:
            return 0
        try:
            if source.is_parquet:
                return sum(map(_records, source.files))
            with open_text(source.file) as lines:
                begin = lines.read(_SAMPLED)
        except (OSError, EOFError, ValueError):
            return 0
        records = max(1, begin.count("\n"))
        size = sum(map(_inflated, source.files))
        return max(0, round(size * records / max(1, len(begin))) - 1)


def _records(file: Path) -> int:
    import pyarrow.parquet  # most downloads have none

    return int(pyarrow.parquet.read_metadata(file).num_rows)


def _inflated(file: Path) -> int:
    """Estimated uncompressed size: gzip stores it modulo 4 GiB, the likeliest is taken."""
    size = file.stat().st_size
    if is_parquet(file):
        return _INFLATED * size
    if not is_packed(file):
        return size
    try:
        known = text_size(file)
    except OSError:
        return size  # it is shorter than what would say it
    if known > _MOST * size:
        return _INFLATED * size  # cut short: these bytes say something else
    return known + _CYCLE * max(0, round((_INFLATED * size - known) / _CYCLE))


def _some(source: Source) -> list[Path]:
    return list(islice(file_sets.files(source), _FILES))


def _mean_size(source: Source) -> float:
    some = _some(source)
    return sum(file.stat().st_size + _LOST for file in some) / len(some) if some else 0.0


def _files_a_folder(source: Source) -> float:
    some = _some(source)
    return len(some) / max(1, len({file.parent for file in some}))


def check_disk(sources: Sources, options: Options, out: Path) -> Result:
    """Check that the disk of `out` has the space that a build may need."""
    place = paths.there(out)
    needed, free = disk_needed(sources, options), shutil.disk_usage(place).free
    message = f"needs up to {core_text.size(needed)} of disk; {core_text.size(free)} free"
    if needed <= free:
        return Result("disk", "", PASSED, message, str(place))
    hint = "--out on another disk, or --files hardlink"
    return Result("disk", "", WARNING, message, str(place), hint=hint)
