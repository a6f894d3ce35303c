"""Three small tables of which a test may change every cell, as they lie in a download."""

import gzip
import hashlib
from pathlib import Path

from mimiceye_duck.catalog.options.checking import options
from mimiceye_duck.core.findings import Result
from mimiceye_duck.readers.discovery import survey
from mimiceye_duck.usecases.check import check

PATIENTS = "mimiciv/2.2/hosp/patients.csv.gz"
STAYS = "mimic-iv-ed/2.2/ed/edstays.csv.gz"
TRIAGE = "mimic-iv-ed/2.2/ed/triage.csv.gz"

# Stands in a cell that is at fault. No message may show it.
SECRET = "ZEBRA4711"

TEXT = {
    PATIENTS: """\
subject_id,gender,anchor_age,anchor_year,anchor_year_group,dod
90000001,F,60,2150,2014 - 2016,
90000002,M,70,2151,2014 - 2016,2152-01-01
""",
    STAYS: """\
subject_id,hadm_id,stay_id,intime,outtime,gender,race,arrival_transport,disposition
90000001,,31,2150-01-01 08:00:00,2150-01-01 12:00:00,F,WHITE,WALK IN,HOME
90000001,,32,2150-02-01 08:00:00,2150-02-01 12:00:00,F,WHITE,AMBULANCE,HOME
90000002,,33,2151-01-01 08:00:00,2151-01-01 12:00:00,M,OTHER,WALK IN,HOME
""",
    TRIAGE: """\
subject_id,stay_id,temperature,heartrate,resprate,o2sat,sbp,dbp,pain,acuity,chiefcomplaint
90000001,31,98.6,80,16,99,120,80,3,2,"Fall,
on the stairs"
90000001,32,98.6,80,16,99,120,80,3,2,Fall
90000002,33,98.6,80,16,99,120,80,3,2,Fall
""",
}


def put(file: Path, text: str | bytes) -> Path:
    """Write a table, packed when its name says so."""
    file.parent.mkdir(parents=True, exist_ok=True)
    data = text.encode() if isinstance(text, str) else text
    file.write_bytes(gzip.compress(data, mtime=0) if file.suffix == ".gz" else data)
    return file


def fill(root: Path) -> Path:
    """Write the three tables below `root`, which it returns."""
    for name, text in TEXT.items():
        put(root / name, text)
    return root


def edit(root: Path, name: str, old: str, new: str) -> None:
    """Write a table with other words in it, which must be there."""
    assert old in TEXT[name]
    put(root / name, TEXT[name].replace(old, new))


def list_sums(root: Path) -> None:
    """Write SHA256SUMS.txt into every release's folder."""
    for release in root.glob("*/*"):
        lines = []
        for file in sorted(one for one in release.rglob("*") if one.is_file()):
            digest = hashlib.sha256(file.read_bytes()).hexdigest()
            lines.append(f"{digest} {file.relative_to(release).as_posix()}\n")
        (release / "SHA256SUMS.txt").write_text("".join(lines))


def checked(root: Path, *, deep: bool = False) -> list[Result]:
    return check(survey(root), options(), root, deep=deep)


def found(results: list[Result], status: str) -> list[tuple[str, str]]:
    """Check and table of the results of one status."""
    return [(result.check, result.about) for result in results if result.status == status]


def only(results: list[Result], status: str) -> Result:
    """The one result of a status."""
    (result,) = (one for one in results if one.status == status)
    return result
