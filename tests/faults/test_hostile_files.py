"""One odd file among many of each kind: each is named and left out, and memory stays small."""

import gzip
import io
import os
import shutil
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pytest
from PIL import Image

from mimiceye_duck.catalog.contracts.reading import contracts

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's special files")

PROGRAM = "import sys; from mimiceye_duck.cli.main import main; main(sys.argv[1:])"
VIEWS = "select schema_name || '.' || view_name from duckdb_views()"
GB = 1 << 30
Damage = Callable[[Path], object]
# What a build may take, whatever the files of its sources are; in seconds and in kilobytes.
PATIENCE, MOST = 300, GB >> 10


class Ran(NamedTuple):
    """What a command said, its exit code and the most memory it had (kB)."""

    said: str
    code: int
    peak: int


def run(*words: object) -> Ran:
    command = [sys.executable, "-c", PROGRAM, *map(str, words)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    late = threading.Timer(PATIENCE, process.kill)
    late.start()
    assert process.stdout
    said = process.stdout.read().decode()
    _, status, used = os.wait4(process.pid, 0)
    late.cancel()
    process.stdout.close()
    process.returncode = os.waitstatus_to_exitcode(status)
    return Ran(said, process.returncode, used.ru_maxrss)


def endless(file: Path) -> None:
    """Two gigabytes of zeros, none of which takes space on the disk."""
    with open(file, "wb") as opened:
        opened.truncate(2 * GB)


def piped(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def connected(file: Path) -> None:
    file.unlink()
    here = os.getcwd()
    os.chdir(file.parent)  # the name of a socket may not be long
    with socket.socket(socket.AF_UNIX) as opened:
        opened.bind(file.name)
    os.chdir(here)


def linked(target: str) -> Damage:
    def damage(file: Path) -> None:
        file.unlink()
        file.symlink_to(target)

    return damage


def written(content: bytes) -> Damage:
    return lambda file: file.write_bytes(content)


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-9])


def bomb(file: Path) -> None:
    content = bytearray(file.read_bytes())
    struct.pack_into(">HH", content, content.index(b"\xff\xc0") + 5, 65_000, 65_000)
    file.write_bytes(content)


SPOKEN, JPGS, REPORTS = "eye_gaze.transcript", "mimic_cxr_jpg.images", "mimic_cxr.reports"
# Copied unread; the last is not among the first, by which a view is made.
GAZE = "reflacx.gaze"
NO_TEXT = written(b"\xff\xfe\x80" * 99)
OTHER = written(b"a,b\n1,2")
LARGE = "has more than 16.0 MB"


class Odd(NamedTuple):
    """A set, which of its files, what is done to it, and what is said of it then."""

    table: str
    number: int
    damage: Damage
    words: str


ODD = {
    "a reading of zeros": Odd("reflacx.fixations", 0, endless, "has no header"),
    "a reading of other columns": Odd("reflacx.fixations", 1, OTHER, "has no header"),
    "a reading that is no text": Odd(
        "reflacx.timestamps_transcription",
        0,
        NO_TEXT,
        "is not UTF-8 text",
    ),
    "a recording that is no text": Odd(GAZE, -1, NO_TEXT, "is not UTF-8 text"),
    "a pipe": Odd("reflacx.timestamps_transcription", 1, piped, "is a named pipe"),
    "a device": Odd("reflacx.timestamps_transcription", 2, linked("/dev/zero"), "is a device"),
    "a socket": Odd("reflacx.chest_bounding_box", 0, connected, "is a socket"),
    "an endless dictation": Odd("reflacx.transcription", 0, endless, LARGE),
    "a cut transcript": Odd(SPOKEN, 0, cut, "is not JSON"),
    "a transcript of zeros": Odd(SPOKEN, 1, endless, LARGE),
    "a transcript that is no text": Odd(SPOKEN, 3, NO_TEXT, "is not UTF-8 text"),
    "a circle": Odd(SPOKEN, 4, linked("transcript.json"), "is a link in a circle"),
    "a link to nothing": Odd(
        "reflacx.chest_bounding_box", 1, linked("/nowhere/at/all"), "is a link to nothing"
    ),
    "an image that claims gigabytes": Odd(JPGS, 0, bomb, "claims more than 40,000,000 pixels"),
    "a cut image": Odd(JPGS, 1, cut, "is cut short"),
    "a pipe for an image": Odd(JPGS, 2, piped, "is a named pipe"),
    "an endless report": Odd(REPORTS, 0, endless, "has more than 1.0 MB"),
    "a pipe for a report": Odd(REPORTS, 1, piped, "is a named pipe"),
}


class Hostile(NamedTuple):
    """A build of a tree with odd files, those files by case, and a build of a tree without them."""

    build: Ran
    source: Path
    out: Path
    files: dict[str, Path]
    without: Path


def with_pictures(source: Path, tools: Any) -> Path:
    """Give each image of the metadata a JPG, and leave reports loose."""
    picture = io.BytesIO()
    Image.effect_noise((8, 8), 60).save(picture, "JPEG")
    [jpgs] = source.glob("physionet.org/files/mimic-cxr-jpg/*.*.*")
    table = tools.read_csv(next(jpgs.glob("*metadata.csv.gz")))
    for row in (dict(zip(table.header, cells, strict=True)) for cells in table.rows):
        subject = row["subject_id"]
        folder = jpgs / f"files/p{subject[:2]}/p{subject}/s{row['study_id']}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{row['dicom_id']}.jpg").write_bytes(picture.getvalue())
    for archive in source.rglob("mimic-cxr-reports.zip"):
        archive.unlink()
    return source


def files_of(source: Path, table: str) -> list[Path]:
    contract = contracts()[table]
    top = contract.path.split("/")[0]
    return sorted(source.glob(f"physionet.org/files/{contract.dataset}/*/{top}/{contract.glob}"))


@pytest.fixture(scope="module")
def hostile(lean, tmp_path_factory, tools) -> Hostile:
    folder = tmp_path_factory.mktemp("hostile")
    source = with_pictures(Path(shutil.copytree(lean, folder / "source")), tools)
    files = {case: files_of(source, odd.table)[odd.number] for case, odd in ODD.items()}
    rest = Path(shutil.copytree(source, folder / "rest"))
    for case, file in files.items():
        (rest / file.relative_to(source)).unlink()
        ODD[case].damage(file)
    os.mkfifo(source / "some.csv")
    (source / "everything").symlink_to("/")
    (source / "again").symlink_to(source)
    (source / "circle").symlink_to("circle")
    words = ("--cohort", "all", "--threads", 2)
    build = run("build", "--source", source, "--out", folder / "out", *words)
    without = run("build", "--source", rest, "--out", folder / "without", *words)
    assert without.code == 0, without.said
    return Hostile(build, source, folder / "out", files, folder / "without")


def test_a_build_of_odd_files_is_that_of_all_others_and_takes_little_memory(hostile, tools):
    assert hostile.build.code == 0, hostile.build.said
    assert hostile.build.peak < MOST
    assert "Traceback" not in hostile.build.said
    found, wanted = tools.tree_bytes(hostile.out), tools.tree_bytes(hostile.without)
    assert tools.difference(found, wanted) == []
    for table in {odd.table for odd in ODD.values()} - {JPGS, GAZE}:
        name = "cohort.cxr_reports" if table == REPORTS else contracts()[table].cohort_name
        rows = [tools.query(out, f"from {name} order by all") for out in hostile[2::2]]
        assert rows[0] == rows[1], name


@pytest.mark.parametrize("case", ODD)
def test_each_odd_file_is_named_with_what_is_wrong(case, hostile):
    told = [one for one in hostile.build.said.splitlines() if str(hostile.files[case]) in one]
    assert len(told) == 1 and ODD[case].words in told[0] and "warning: 1 " in told[0]


def test_what_is_no_file_and_what_leads_out_is_named(hostile):
    words = {
        "some.csv": "entries of the sources left out: is a named pipe",
        "circle": "entries of the sources left out: is a link in a circle",
        "everything": "is a link to a folder above the sources; not followed",
        "again": "is a link to a folder above the sources; not followed",
    }
    for name, what in words.items():
        told = [one for one in hostile.build.said.splitlines() if what in one]
        assert any(str(hostile.source / name) in one for one in told), name


@pytest.mark.parametrize("words", [(), ("--deep",)], ids=["quick", "deep"])
def test_a_check_of_odd_files_ends_in_little_memory(words, hostile):
    checked = run("check", "--source", hostile.source, *words)
    assert checked.code in (0, 1) and checked.peak < MOST
    assert "Traceback" not in checked.said


def test_views_and_pages_are_made_without_the_odd_files(hostile, tools):
    for name in ("reflacx.timestamps_transcription", SPOKEN, GAZE):
        counts = [tools.query(out, f"select count(*) from {name}") for out in hostile[2::2]]
        assert counts[0] == counts[1] != [(0,)]
    browsed = run("browse", "--database", hostile.out / "mimiceye.duckdb")
    assert browsed.code == 0 and browsed.peak < MOST, browsed.said


def test_views_are_made_though_the_first_files_of_a_set_are_odd(hostile, tmp_path):
    database = tmp_path / "views.duckdb"
    attached = run("attach", "--source", hostile.source, "--database", database)
    assert attached.code == 0 and attached.peak < MOST, attached.said
    with duckdb.connect(str(database), read_only=True) as connection:
        names = {name for (name,) in connection.execute(VIEWS).fetchall()}
    assert {odd.table for odd in ODD.values()} - names <= {JPGS, REPORTS}


def test_a_first_line_of_gigabytes_is_refused_by_name(lean, tmp_path):
    source = Path(shutil.copytree(lean, tmp_path / "source"))
    [table] = source.rglob("hosp/labevents.csv.gz")
    table.unlink()
    endless(table.with_suffix(""))
    refused = run("build", "--source", source, "--out", tmp_path / "out")
    assert refused.code == 1 and refused.peak < MOST
    assert str(table.with_suffix("")) in refused.said and "first line" in refused.said


def test_images_that_metadata_makes_endless_are_drawn(lean, tmp_path, tools):
    source = Path(shutil.copytree(lean, tmp_path / "source"))
    [file] = source.rglob("*metadata.csv.gz")
    table = tools.read_csv(file)
    rows, columns = map(table.header.index, ("Rows", "Columns"))
    for row in table.rows:
        row[rows], row[columns] = "2000000000", "1"
    file.write_bytes(gzip.compress(tools.csv_bytes(table)))
    assert run("build", "--source", source, "--out", tmp_path / "out").code == 0
    browsed = run("browse", "--database", tmp_path / "out" / "mimiceye.duckdb")
    assert browsed.code == 0 and browsed.peak < MOST, browsed.said
