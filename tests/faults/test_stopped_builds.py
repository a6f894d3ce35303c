"""A build stopped at any moment is completed by the same command, to the last byte."""

import gzip
import json
import shutil
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.faults.programs import Programs

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs POSIX's signals")

SIGNALS = ("SIGKILL", "SIGINT", "SIGTERM")
STEPS = {
    "opening": 1,
    "reading DICOM headers": 1,
    "reading archived reports": 1,
    "reading tables to link": 1,
    "looking for repeated keys": 1,
    "linking": 1,
    "reading and writing tables": 4,
    "writing linked tables": 2,
    "placing files": 3,
    "auditing": 1,
    "storing models": 1,
    "describing the database": 2,
    "putting in place": 4,
    "cleaning up": 1,
}
# What tells when a build ran, and not what it made.
TIMES = ("started", "seconds", "seconds_per_step")


@dataclass(frozen=True)
class Case:
    """A build to stop: its words, and OUT as it is before; None for a first build."""

    words: tuple[str, ...]
    before: Path | None
    wanted: Path


@pytest.fixture(scope="session")
def stop() -> Iterator[Callable[..., Any]]:
    """Run the command in a program of its own, and end it at a moment, or count them."""
    programs = Programs()

    def run(what: str, where: object, words: tuple[str, ...], out: Path) -> Any:
        return programs.run(out.parent, what, where, *words, "--out", out)

    yield run
    programs.close()


@pytest.fixture(scope="session")
def changed(small, tools, shared) -> Path:
    """A row less in a table, another image, and a patient who is in no gaze set any more."""

    def change(folder: Path) -> Path:
        source = Path(shutil.copytree(small, folder / "source"))
        file = tools.source(source).file("Hosp/labevents")
        table = tools.read_csv(file)
        del table.rows[1]
        file.write_bytes(gzip.compress(tools.csv_bytes(table)))
        placed = tools.source(source).placed_files()
        image = placed[min(path for path in placed if path.endswith(".jpg"))]
        image.write_bytes(image.read_bytes() + b"more")
        sheet = tools.source(source).file("EyeGaze/master_sheet")
        table = tools.read_csv(sheet)
        del table.rows[0]
        sheet.write_bytes(tools.csv_bytes(table))
        return source

    return Path(shared.make("changed", (), change))


@pytest.fixture(scope="session")
def cases(small, changed, command, shared) -> Callable[[str], Case]:
    """The builds that are stopped: half of them over a finished one."""

    def build(source: Path, *words: str) -> Path:
        def run(folder: Path) -> Path:
            ran = command("build", "--source", source, "--out", folder / "out", *words)
            assert ran.code == 0, ran.stderr
            return folder / "out"

        return Path(shared.make("finished", (source, words), run))

    def find(name: str) -> Case:
        before = build(small)
        source, words = {
            "first": (small, ()),
            "another window": (small, ("--window", "0")),
            "another cohort": (small, ("--cohort", "all")),
            "another source": (changed, ()),
        }[name]
        given = ("build", "--threads", "1", "--source", str(source), *words)
        return Case(given, None if name == "first" else before, build(source, *words))

    return find


def start(case: Case, out: Path) -> Path:
    if case.before:
        shutil.copytree(case.before, out, symlinks=True)
    return out


@pytest.fixture(scope="session")
def steps(cases, shared, stop) -> Callable[[str], dict[str, int]]:
    """How many moments each step of an undisturbed build has."""

    def count(name: str) -> dict[str, int]:
        def run(folder: Path) -> dict[str, int]:
            out, file = start(cases(name), folder / "out"), folder / "counts.json"
            ran = stop("count", file, cases(name).words, out)
            assert ran.returncode == 0, ran.stderr
            return json.loads(file.read_text())

        return shared.make("steps", name, run)

    return count


def points() -> list[Any]:
    """Each step of a first build and of one over another, stopped by each signal in turn."""
    found = []
    rebuilds = ("another window", "another source", "another cohort")
    for step, count in STEPS.items():
        for rebuilt in (False, True):
            for place in range(count):
                number = len(found)
                case = rebuilds[number % 3] if rebuilt else "first"
                name = SIGNALS[(number + number // 3) % 3]
                text = f"{case}, {step} {place + 1} of {count}, {name}"
                found.append(pytest.param(case, step, (place + 0.5) / count, name, id=text))
    return found


def record(out: Path) -> dict[str, Any]:
    content = json.loads((out / "build.json").read_text(encoding="utf-8"))
    return {name: value for name, value in content.items() if name not in TIMES}


def database(out: Path) -> dict[str, Any]:
    """Every table's rows, and every view's columns."""
    with duckdb.connect(str(out / "mimiceye.duckdb"), read_only=True) as connection:
        relations = connection.execute(
            "select table_schema || '.' || table_name, table_type from information_schema.tables"
        ).fetchall()
        found: dict[str, Any] = {}
        for name, kind in relations:
            is_table = kind == "BASE TABLE"
            # When a node was finished tells of times.
            kept = "select * exclude (finished_at)" if name == "run.nodes" else ""
            query = f"{kept} from {name}" if is_table else f"describe {name}"
            found[name] = sorted(map(repr, connection.execute(query).fetchall()))
        return found


def files(out: Path) -> dict[str, bytes]:
    """Every file that is not staged, by path, but for the database and what tells of times."""
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in out.rglob("*")
        if path.is_file() and ".mimiceye-duck" not in path.parts
        if path.name not in ("mimiceye.duckdb", "build.json", "sources.parquet", "report.html")
    }


def looked_for(out: Path) -> list[tuple[Any, ...]]:
    """The files of the download that the build took or looked for."""
    query = "from read_parquet(?) where not starts_with(path, 'mimic_cxr/')"
    return duckdb.execute(query, [str(out / "sources.parquet")]).fetchall()


@dataclass(frozen=True)
class Look:
    """All that is compared of a build."""

    files: dict[str, bytes]
    names: set[str]
    database: dict[str, Any]
    record: dict[str, Any]
    looked_for: list[tuple[Any, ...]]


def look(out: Path) -> Look:
    names = {path.name for path in out.iterdir()}
    return Look(files(out), names, database(out), record(out), looked_for(out))


# Builds that all read and none changes are looked at once.
look_once = cache(look)


def assert_same(out: Path, wanted: Path, tools: Any) -> None:
    found, right = look(out), look_once(wanted)
    assert tools.difference(found.files, right.files) == []
    assert found.names == right.names
    names = found.database.keys() | right.database.keys()
    assert [n for n in names if found.database.get(n) != right.database.get(n)] == []
    assert found.record == right.record
    assert found.looked_for == right.looked_for


def assert_nothing_half(out: Path, case: Case, tools: Any) -> None:
    """What is in its place is whole: a file of the build before, or of this one."""
    if (out / "build.json").exists():
        whole = case.before if record(out) != look_once(case.wanted).record else case.wanted
        assert whole, "a first build has no record before it is whole"
        found, wanted = files(out), look_once(whole).files
        # What DuckDB cannot read in place is no part of a build: it outlives it.
        assert (
            tools.difference(
                {path: text for path, text in found.items() if not path.startswith("mimic_cxr/")},
                {path: text for path, text in wanted.items() if not path.startswith("mimic_cxr/")},
            )
            == []
        )
        return
    wanted = look_once(case.wanted).files
    before = look_once(case.before).files if case.before else {}
    for path, text in files(out).items():
        if not path.startswith("mimic_cxr/"):
            assert text in (wanted.get(path), before.get(path)), path
    if not case.before:
        for patient in out.glob("patient_*"):
            there = {path for path in wanted if path.startswith(patient.name + "/")}
            assert {
                p.relative_to(out).as_posix() for p in patient.rglob("*") if p.is_file()
            } == there


@pytest.mark.parametrize(("name", "step", "share", "how"), points())
def test_a_stopped_build_is_completed_by_the_same_command(
    name, step, share, how, cases, steps, stop, tmp_path, command, tools
):
    case, moment = cases(name), 1 + int(share * steps(name)[step])
    out = start(case, tmp_path / "out")
    ran = stop(how, f"{step}:{moment}", case.words, out)
    if how == "SIGKILL":
        assert ran.returncode == -signal.SIGKILL
    else:
        assert ran.returncode == 1 and "stopped" in ran.stderr, ran.stderr
        assert "Traceback" not in ran.stderr
    assert_nothing_half(out, case, tools)
    completed = command(*case.words, "--out", out)
    assert completed.code == 0, completed.stderr
    assert_same(out, case.wanted, tools)
    shutil.rmtree(out)


OTHER = ("--window", "1h", "--threads", "2", "--as-published")
SKIPPED = ("edstays", "triage", "labevents", "reflacx.metadata_phase_2", "mimic_cxr_jpg.metadata")


@pytest.mark.parametrize(
    ("name", "first", "second"),
    [
        ("first", "linking:2", "linking:2"),
        ("another cohort", "linking:2", "reading and writing tables:30"),
        ("first", "writing linked tables:9", "placing files:20"),
        ("another window", "placing files:20", "writing linked tables:9"),
        ("first", "storing models:3", "describing the database:2"),
        ("another window", "reading and writing tables:20", "storing models:3"),
    ],
)
def test_a_build_stopped_twice_once_with_other_options_is_completed_by_the_first_command(
    name, first, second, cases, stop, tmp_path, command, tools
):
    case = cases(name)
    out = start(case, tmp_path / "out")
    skips = (word for table in SKIPPED for word in ("--skip", table))
    for moment, words in ((first, ()), (second, (*OTHER, *skips))):
        ran = stop("SIGKILL", moment, (*case.words, *words), out)
        assert ran.returncode == -signal.SIGKILL, ran.stderr
    completed = command(*case.words, "--out", out)
    assert completed.code == 0, completed.stderr
    assert_same(out, case.wanted, tools)
    shutil.rmtree(out)


@pytest.mark.parametrize("name", ["first", "another window"])
def test_every_step_of_a_build_is_stopped(name, steps):
    assert set(steps(name)) == set(STEPS)


def test_the_points_are_no_fewer_than_forty_and_half_of_them_first_builds():
    names = [point.values[0] for point in points()]
    assert len(names) >= 40 and names.count("first") * 2 == len(names)
    assert {point.values[3] for point in points()} == set(SIGNALS)
