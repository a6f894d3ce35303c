"""A copy of the sources, from which builds of other cohorts read."""

import gzip
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import mimiceye_duck
from mimiceye_duck.core.errors import UsageError
from mimiceye_duck.pipeline.steps import source_text
from mimiceye_duck.readers.records import reading

# Small lists of images: another table says whose these are.
AS_THEY_LIE = {"CHF.csv", "normals.csv", "pneumonia.csv"}


@pytest.fixture(scope="module")
def kept(made_up, shared) -> Path:
    """A build of some patients in `a`, and what it kept in `cache`; read them only."""

    def build(folder: Path) -> Path:
        mimiceye_duck.build(
            source=made_up(patients=40),
            out=folder / "a",
            cohort="eye",
            files="none",
            cache_sources=folder / "cache",
        )
        return folder

    return Path(shared.make("cached", (), build))


@pytest.fixture
def cache(kept, tmp_path) -> Path:
    """What a build of some patients kept; a test's own."""
    return Path(shutil.copytree(kept / "cache", tmp_path / "cache"))


@pytest.fixture
def read(monkeypatch) -> list[str]:
    """The names of the tables' files that are read from now on."""
    names = []
    by_bytes, by_sql = reading.read, source_text.stage

    def noted(files, *rest):
        names.extend(file.name for file in files)
        return by_bytes(files, *rest)

    def staged(database, source, **how):
        if source.contract.format == "csv":
            names.append(source.file.name)
        return by_sql(database, source, **how)

    monkeypatch.setattr(reading, "read", noted)
    monkeypatch.setattr(source_text, "stage", staged)
    return names


def files(out: Path) -> dict[str, bytes]:
    return {
        file.relative_to(out).as_posix(): file.read_bytes()
        for folder in ("patient_*", "spreadsheets")
        for file in out.glob(f"{folder}/**/*.csv")
    }


def test_another_cohort_is_built_without_the_sources_and_alike(
    cache, read, made_up, built, tmp_path, tools
):
    source = made_up(patients=40)
    mimiceye_duck.build(
        source=source, out=tmp_path / "out", cohort="all", files="none", cache_sources=cache
    )
    assert set(read) <= AS_THEY_LIE
    found = files(tmp_path / "out")
    wanted = tools.source(source).csv_tree("all")
    assert found.keys() == wanted.keys()
    plain = {path for path in wanted if "/Hosp/" in path or "/ICU/" in path or "/ED/" in path}
    assert [path for path in plain if found[path] != tools.csv_bytes(wanted[path])] == []
    other = files(built(source, cohort="all"))
    assert found == {path: other[path] for path in found}


def test_a_table_that_changed_is_read_again(cache, read, made_up, copied, tools, tmp_path):
    source = copied(made_up(patients=40))
    file = tools.source(source).file("Hosp/labevents")
    content = gzip.decompress(file.read_bytes())
    # Unpacked it is another file of the same rows.
    file.with_suffix("").write_bytes(content)
    file.unlink()
    mimiceye_duck.build(
        source=source, out=tmp_path / "out", cohort="all", files="none", cache_sources=cache
    )
    assert "labevents.csv" in read


def cut(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


def flipped(file: Path) -> None:
    """Other bytes in the first pages, and its end as it was."""
    content = bytearray(file.read_bytes())
    content[40:80] = bytes(byte ^ 255 for byte in content[40:80])
    file.write_bytes(content)


@pytest.mark.parametrize("damage", [cut, flipped])
def test_a_damaged_copy_is_made_again(kept, cache, made_up, read, tmp_path, damage):
    for copy in (*cache.rglob("labevents.*"), *cache.rglob("admissions.*")):
        damage(copy)
    mimiceye_duck.build(
        source=made_up(patients=40),
        out=tmp_path / "b",
        cohort="eye",
        files="none",
        cache_sources=cache,
    )
    wanted = ["admissions.csv.gz", "labevents.csv.gz"]
    assert sorted(set(read) - AS_THEY_LIE) == wanted
    assert files(kept / "a") == files(tmp_path / "b")


def test_builds_side_by_side_share_a_copy(made_up, command, tmp_path):
    source, cache = made_up(patients=40), tmp_path / "cache"
    words = ("build", "--source", source, "--files", "none", "--cache-sources", cache)
    with ThreadPoolExecutor(2) as pool:
        ran = [pool.submit(command, *words, "--out", tmp_path / place) for place in ("a", "b")]
    assert [one.result().code for one in ran] == [0, 0], [one.result().stderr for one in ran]
    assert files(tmp_path / "a") == files(tmp_path / "b")
    assert [*cache.rglob("*.part")] == []


@pytest.mark.parametrize("place", ["source/cache", "link/cache", "out/cache", "out", "."])
def test_a_copy_has_a_folder_of_its_own(made_up, tmp_path, place):
    source = made_up(patients=40)
    (tmp_path / "link").symlink_to(source)
    folder = source / "cache" if place.startswith("source") else tmp_path / place
    with pytest.raises(UsageError, match="--cache-sources"):
        mimiceye_duck.build(source=source, out=tmp_path / "out", cache_sources=folder)
