"""A full disk, few open files, little memory."""

import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's limits")

PROGRAM = "import sys; from mimiceye_duck.cli.main import main; main(sys.argv[1:])"


def build(*words: object, limit: Any = None) -> subprocess.CompletedProcess[str]:
    return run("build", *words, limit=limit)


def run(*words: object, limit: Any = None) -> subprocess.CompletedProcess[str]:
    # -B: where files may not grow, Python leaves modules that it compiled cut, for all to find.
    return subprocess.run(
        [sys.executable, "-B", "-c", PROGRAM, *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=limit,
    )


@pytest.fixture
def small(tmp_path) -> Iterator[Path]:
    """A disk of its own, of 64 MB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(folder)]
    if not shutil.which("mount") or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("only root may mount a small disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def fill(folder: Path, left: int) -> Path:
    """Fill a disk but for so many bytes."""
    filling = folder / "filling"
    with open(filling, "wb") as file:
        for _ in range(0, shutil.disk_usage(folder).free - left, 1 << 16):
            file.write(bytes(1 << 16))
    return filling


# How much is free decides where it stops: a build of this source takes 22 MB.
@pytest.mark.parametrize("megabytes", [0, 0.3, 2, 4, 8, 12, 16, 20])
def test_a_full_disk_is_told_and_leaves_no_half(megabytes, lean, built, small, tools, command):
    filling, out = fill(small, int(megabytes * (1 << 20))), small / "out"
    ran = command("build", "--source", lean, "--out", out)
    assert ran.code == 1 and "Traceback" not in ran.stderr
    assert "the disk is full" in ran.stderr and str(out) in ran.stderr
    assert " free" in ran.stderr and "needs up to" in ran.stderr
    assert not (out / "build.json").exists() and not [*out.glob("patient_*")]
    filling.unlink()
    completed = command("build", "--source", lean, "--out", out)
    assert completed.code == 0, completed.stderr
    assert tools.difference(tools.tree_bytes(out), tools.tree_bytes(built(lean))) == []
    assert {path.name for path in out.iterdir()} == {path.name for path in built(lean).iterdir()}


def test_a_full_disk_leaves_the_finished_build_as_it_was(lean, built, small, tools, command):
    out = shutil.copytree(built(lean), small / "out")
    filling = fill(small, 1 << 20)
    ran = command("build", "--source", lean, "--out", out, "--window", "0", "--cohort", "all")
    assert ran.code == 1 and "the disk is full" in ran.stderr
    before = (out / "build.json").read_bytes()
    assert before == (built(lean) / "build.json").read_bytes()
    assert tools.difference(tools.tree_bytes(out), tools.tree_bytes(built(lean))) == []
    assert tools.query(out, "select count(*) from links.cxr_stay")
    filling.unlink()
    assert command("build", "--source", lean, "--out", out, "--window", "0").code == 0
    wanted = built(lean, window="0")
    assert tools.difference(tools.tree_bytes(out), tools.tree_bytes(wanted)) == []


@pytest.fixture(scope="module")
def many(made_up) -> Path:
    return made_up(patients=300)


def few_files() -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (200, 200))


@pytest.mark.parametrize(
    ("patients", "cohort"),
    [(40, "eye"), (40, "all"), (300, "all")],
)
def test_open_files_stay_below_two_hundred(patients, cohort, made_up, tmp_path):
    source = made_up(patients=patients)
    words = ("--source", source, "--out", tmp_path, "--cohort", cohort, "--threads", 8)
    ran = build(*words, limit=few_files)
    assert ran.returncode == 0, ran.stderr
    assert "cannot be read" not in ran.stderr
    assert cohort == "eye" or len([*tmp_path.glob("patient_*")]) > patients // 2


def test_little_memory_is_enough(many, built, tmp_path, tools):
    ran = build("--source", many, "--out", tmp_path, "--memory-limit", "512MB", "--files", "none")
    assert ran.returncode == 0, ran.stderr
    wanted = built(many, files="none")
    assert tools.difference(tools.tree_bytes(tmp_path), tools.tree_bytes(wanted)) == []


def test_too_little_memory_is_told_and_more_completes_the_work(
    lean, built, tmp_path, tools, command
):
    words = ("--source", lean, "--out", tmp_path, "--files", "none")
    ran = build(*words, "--memory-limit", "1MB")
    assert ran.returncode == 1 and "memory" in ran.stderr and "Traceback" not in ran.stderr
    assert not (tmp_path / "build.json").exists()
    assert command("build", *words).code == 0
    wanted = built(lean, files="none")
    assert tools.difference(tools.tree_bytes(tmp_path), tools.tree_bytes(wanted)) == []


def small_files(size: int) -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


@pytest.mark.parametrize("size", [500, 100_000])
def test_attach_whose_file_may_not_grow_leaves_none(size, lean, tmp_path, command):
    words = ("attach", "--source", lean, "--database", tmp_path / "views.duckdb")
    ran = run(*words, limit=lambda: small_files(size))
    assert ran.returncode == 1 and "allows no file that is so large" in ran.stderr
    assert not [*tmp_path.iterdir()]
    assert command(*words).code == 0


def test_a_build_whose_files_may_not_grow_says_so(lean, tmp_path):
    ran = build("--source", lean, "--out", tmp_path, limit=lambda: small_files(1_000_000))
    assert ran.returncode == 1 and "allows no file that is so large" in ran.stderr, ran.stderr
    assert not (tmp_path / "build.json").exists()
