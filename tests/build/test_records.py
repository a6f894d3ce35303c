"""What is told by its bytes is what SQL reads: the same files, the same stored rows."""

import csv
import gzip
import random
from pathlib import Path

import duckdb
import pyarrow
import pytest

import mimiceye_duck
from mimiceye_duck.database.errors import is_disk_full
from mimiceye_duck.pipeline.steps import csv_scan
from mimiceye_duck.readers import views
from mimiceye_duck.writers import csv_tree


@pytest.fixture(scope="module")
def shuffled(made_up, shared) -> Path:
    """A source whose clinical rows are in no order, as in the open demos."""
    return Path(shared.make("shuffled", (), lambda folder: shuffle(folder, made_up)))


def shuffle(source, made_up) -> Path:
    dice = random.Random(0)
    for file in made_up(patients=40).rglob("*.*"):
        if file.is_dir():
            continue
        target = source / file.relative_to(made_up(patients=40))
        target.parent.mkdir(parents=True, exist_ok=True)
        content = file.read_bytes()
        if file.name.endswith(".csv.gz") and file.parent.name in ("hosp", "icu", "ed"):
            header, *rows = csv.reader(gzip.decompress(content).decode().splitlines(True))
            dice.shuffle(rows)
            with gzip.open(target, "wt", encoding="utf-8", newline="") as opened:
                csv.writer(opened, lineterminator="\n").writerows([header, *rows])
        else:
            target.write_bytes(content)
    return source


def content(out: Path) -> dict[str, bytes]:
    return {
        file.relative_to(out).as_posix(): file.read_bytes()
        for file in [*out.rglob("*.csv"), out / "manifest.parquet"]
        if ".mimiceye-duck" not in file.parts
    }


def stored(out: Path) -> dict[str, list[tuple[object, ...]]]:
    with duckdb.connect(str(out / "mimiceye.duckdb"), read_only=True) as database:
        names = "select table_name from duckdb_tables() where schema_name = 'cohort'"
        return {
            name: database.execute(f"from cohort.{name}").fetchall()
            for (name,) in database.execute(names).fetchall()
            if name.startswith(("hosp_", "icu_", "ed_"))
        }


@pytest.mark.parametrize("as_published", [False, True], ids=["usual", "as published"])
@pytest.mark.parametrize("order", ["sorted", "shuffled"])
def test_bytes_and_sql_come_to_the_same(
    order, as_published, made_up, shuffled, tmp_path, monkeypatch
):
    source = made_up(patients=40) if order == "sorted" else shuffled
    by_bytes, write = set(), csv_scan.write

    def told(run, database, source, key):
        done = write(run, database, source, key)
        if done:
            by_bytes.add(source.contract.table)
        return done

    monkeypatch.setattr(csv_scan, "write", told)
    options = {"source": source, "cohort": "eye", "files": "none", "as_published": as_published}
    mimiceye_duck.build(out=tmp_path / "bytes", **options)
    assert by_bytes >= {"labevents", "chartevents", "emar_detail", "prescriptions", "vitalsign"}
    monkeypatch.setattr(csv_scan, "write", lambda *one: None)
    mimiceye_duck.build(out=tmp_path / "sql", **options)
    assert content(tmp_path / "bytes") == content(tmp_path / "sql")
    assert stored(tmp_path / "bytes") == stored(tmp_path / "sql")


def test_a_view_reads_the_longest_lines_of_a_packed_table(tmp_path):
    file = tmp_path / "a.csv.gz"
    rows = [f"{n},{'x' * 1_900_000 if n % 5 == 0 else n}" for n in range(25)]
    file.write_bytes(gzip.compress("\n".join(["a,b", *rows, ""]).encode()))
    view = views.csv_text(file, buffer=views._FIRST_LOOK)
    found = duckdb.sql(f"select a, strlen(b) from {view}").fetchall()
    assert found == [(row.split(",")[0], len(row.split(",")[1])) for row in rows]


def test_nobody_is_none_of_the_patients():
    batch = pyarrow.record_batch(
        {"patient": pyarrow.array([None, None, -1, -1, 5], "int64"), "line": list("abcde")}
    )
    found = [(patient, bytes(text), rows) for patient, text, rows in csv_tree._slices([batch])]
    assert found == [(None, b"ab", 2), (-1, b"cd", 2), (5, b"e", 1)]


def test_a_full_disk_is_seen_in_what_a_write_beside_others_says():
    told = '{"exception_message":"Could not write file \\\\"x\\\\": No space left","errno":"28"}'
    assert is_disk_full(
        duckdb.IOException(f"IO Error: Async write failed for range [0, 1]: {told}")
    )
