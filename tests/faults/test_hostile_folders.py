"""Output folders with links and lists that lead elsewhere: nothing outside them ever changes."""

import os
import random
import shutil
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest

from mimiceye_duck.core.errors import UserError
from mimiceye_duck.core.files.output_folder import OutputFolder, create, is_below
from mimiceye_duck.pipeline.state.workspace import Workspace
from mimiceye_duck.writers.manifest import Entry, Manifest

TREES = 5000
BUILDS = 200
NAMES = ("a", "b", "patient_90000001", "spreadsheets")
HOSTILE = (
    "..",
    "../outside",
    "../outside/kept",
    "/",
    "",
    ".",
    "a/../../outside/kept",
    "a\0",
    "a//b",
)

pytestmark = pytest.mark.skipif(os.name == "nt", reason="links need a right on Windows")


def outside_of(case: Path) -> Path:
    """A folder of somebody else's, beside an output folder."""
    outside = case / "outside"
    for name in ("kept", "patient_90000001/kept", "a/b/kept"):
        (outside / name).parent.mkdir(parents=True, exist_ok=True)
        (outside / name).write_text(name)
    return outside


def seen(folder: Path) -> dict[str, object]:
    """All that is below a folder: bytes, links, and when each folder changed."""
    found: dict[str, object] = {".": os.lstat(folder).st_mtime_ns}
    for place, folders, files in os.walk(folder):
        for name in [*folders, *files]:
            path = Path(place, name)
            if path.is_symlink():
                found[str(path)] = os.readlink(path)
            else:
                # A hard link that is removed is one name fewer of a file, and no change of it.
                status = path.stat()
                text = path.read_bytes() if path.is_file() else None
                found[str(path)] = (text, status.st_mtime_ns, status.st_mode)
    return found


def grow(folder: Path, outside: Path, draw: random.Random, depth: int = 0, kinds: int = 6) -> None:
    """Folders, files and links, some of which lead out."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in NAMES:
        path = folder / name
        kind = draw.randrange(kinds)
        if kind == 0 and depth < 3:
            grow(path, outside, draw, depth + 1, kinds)
        elif kind == 1:
            path.write_text("ours")
        elif kind == 2:
            goal = draw.choice([outside, outside / "kept", outside / "a", Path(".."), folder])
            relative = draw.random() < 0.5 and goal.is_absolute()
            path.symlink_to(os.path.relpath(goal, folder) if relative else goal)
        elif kind == 3 and draw.random() < 0.3:
            os.link(outside / "a/b/kept", path)


def a_path(draw: random.Random) -> str:
    if draw.random() < 0.15:
        return draw.choice(HOSTILE)
    return "/".join(draw.choices([*NAMES, "kept"], k=draw.randint(1, 4)))


def act(draw: random.Random, folder: OutputFolder, other: OutputFolder) -> None:
    path = a_path(draw)
    match draw.randrange(7):
        case 0:
            folder.remove(path)
        case 1:
            folder.remove_empty(path)
        case 2:
            folder.remove_all(path)
        case 3:
            folder.take(path, other)
        case 4:
            other.take(path, folder)
        case 5 if is_below(path) and not folder.linked([path + "/"]):
            folder.remove_links(path, below=draw.random() < 0.5)
        case _ if is_below(path) and not folder.linked([path]):
            with os.fdopen(create(folder.root / path), "w") as file:
                file.write("new")


def test_nothing_outside_changes_whatever_is_removed_or_renamed(tmp_path):
    done = 0
    for seed in range(TREES):
        draw = random.Random(seed)
        case = tmp_path / str(seed)
        outside = outside_of(case)
        for name in ("out", "staged"):
            grow(case / name, outside, draw)
        before = seen(outside)
        with OutputFolder(case / "out") as folder, OutputFolder(case / "staged") as staged:
            for _ in range(6):
                try:
                    act(draw, folder, staged)
                    done += 1
                except (UserError, OSError, ValueError):
                    continue
        assert seen(outside) == before, seed
        shutil.rmtree(case)
    assert done > TREES


def listed(file: Path, paths: list[object]) -> None:
    """A manifest that names just these."""
    manifest = Manifest()
    manifest.add([Entry(f"patient_1/{n}", "a", 1, 1, 4) for n, _ in enumerate(paths)])
    manifest.write(file)
    table = pyarrow.parquet.read_table(file)
    place = table.schema.get_field_index("path")
    pyarrow.parquet.write_table(
        table.set_column(place, "path", pyarrow.array(paths, pyarrow.string())), file
    )


def test_nothing_outside_changes_whatever_a_build_finds_in_its_folder(tmp_path):
    ended = {"published": 0, "refused": 0}
    for seed in range(BUILDS):
        draw = random.Random(seed)
        case = tmp_path / str(seed)
        outside = outside_of(case)
        out = case / "out"
        out.mkdir()
        kinds = draw.choice([6, 24])
        for name in NAMES[2:]:
            grow(out / name, outside, draw, 1, kinds)
        (out / "build.json").write_text('{"mimiceye_duck": "0"}')
        hostile = draw.random() < 0.3
        paths = {f"{draw.choice(NAMES[2:])}/{a_path(draw)}" for _ in range(6)}
        paths = {path for path in paths if is_below(path)} | {"spreadsheets/old"}
        listed(out / "manifest.parquet", [*paths, *([draw.choice(HOSTILE)] if hostile else [])])
        if draw.random() < 0.3:
            grow(out / ".mimiceye-duck", outside, draw)
        if draw.random() < 0.2:
            (out / ".mimiceye-duck").is_dir() or (out / ".mimiceye-duck").symlink_to(outside)
        before = seen(outside)
        try:
            workspace = Workspace(out)
            with workspace.held():
                workspace.start()
                file = workspace.tree / "patient_90000001/a/new"
                file.parent.mkdir(parents=True, exist_ok=True)
                with os.fdopen(create(file), "w") as opened:
                    opened.write("new")
                manifest = Manifest()
                manifest.add([Entry("patient_90000001/a/new", "a", 90000001, 1, 3)])
                manifest.write(workspace.tree / "manifest.parquet")
                workspace.stage({}, {"patient_90000001/a/new"})
                workspace.publish()
                workspace.clean()
            ended["published"] += 1
        except (UserError, OSError):
            ended["refused"] += 1
        assert seen(outside) == before, seed
        shutil.rmtree(case)
    assert min(ended.values()) > BUILDS / 10, ended


@pytest.fixture
def linked(demo_build, made_up, tmp_path):
    """A build, in which folders of images were replaced by links to a copy of the download's."""
    source, out = tmp_path / "source", tmp_path / "out"
    shutil.copytree(made_up(), source)
    shutil.copytree(demo_build, out)
    studies = {path.name: path for path in source.glob("**/files/p*/p*/s*") if path.is_dir()}
    folders = [path for path in out.glob("patient_*/CXR-JPG/s*") if path.name in studies]
    for folder in folders:
        shutil.rmtree(folder)
        folder.symlink_to(studies[folder.name])
    assert len(folders) > 5
    return source, out


def test_a_build_stops_at_a_linked_folder_before_it_touches_anything(linked, command, tmp_path):
    source, out = linked
    (tmp_path / "one.txt").write_text("subject_id\n90000000\n")
    before, there = seen(source), seen(out)
    words = ["build", "--source", source, "--out", out, "--cohort", tmp_path / "one.txt"]
    for more in ([], ["--force"]):
        ran = command(*words, *more)
        assert ran.code == 1 and "a link stands where the program writes" in ran.stderr
        assert "CXR-JPG" in ran.stderr and "remove the link" in ran.stderr
        assert seen(source) == before
        assert {path: what for path, what in seen(out).items() if path != "."} == {
            path: what for path, what in there.items() if path != "."
        }
    for link in [path for path in out.glob("patient_*/CXR-JPG/s*") if path.is_symlink()]:
        link.unlink()
    assert command(*words).code == 0
    assert seen(source) == before


@pytest.mark.parametrize(
    "path", ["../victim", "/etc/passwd", "patient_1/../../victim", "notes/mine"]
)
def test_a_list_that_names_what_no_build_writes_is_refused(
    demo_build, made_up, tmp_path, command, path
):
    out = tmp_path / "out"
    shutil.copytree(demo_build, out)
    for mine in (tmp_path / "victim", out / "notes/mine"):
        mine.parent.mkdir(exist_ok=True)
        mine.write_text("mine")
    file = out / "manifest.parquet"
    table = pyarrow.parquet.read_table(file).to_pylist()
    schema = pyarrow.parquet.read_schema(file)
    table.append({**table[0], "path": path, "bytes": 4})
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(table, schema), file)
    ran = command("build", "--source", made_up(), "--out", out, "--cohort", "all")
    assert ran.code == 1 and "list of a build's files is damaged" in ran.stderr
    assert (tmp_path / "victim").read_text() == (out / "notes/mine").read_text() == "mine"


def test_an_export_writes_through_no_link(demo_build, tmp_path, command):
    mine = tmp_path / "mine"
    mine.mkdir()
    out = tmp_path / "export"
    out.mkdir()
    (out / "patient_90000000").symlink_to(mine)
    query = ["--query", "select subject_id from cohort.subjects", "--name", "x"]
    ran = command(
        "export", "csv", "--database", demo_build / "mimiceye.duckdb", "--out", out, *query
    )
    assert ran.code == 1 and "a link stands where" in ran.stderr
    assert [*mine.iterdir()] == [] and [path.name for path in out.iterdir()] == ["patient_90000000"]
    (out / "patient_90000000").unlink()
    (out / ".mimiceye-duck-export").symlink_to(mine)
    ran = command(
        "export", "csv", "--database", demo_build / "mimiceye.duckdb", "--out", out, *query
    )
    assert ran.code == 0, ran.stderr
    assert [*mine.iterdir()] == [] and (out / "patient_90000000/x.csv").is_file()
