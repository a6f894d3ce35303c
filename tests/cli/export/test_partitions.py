"""`export parquet --partition-by`: a folder for each value of a column."""

import shutil

import duckdb
import pyarrow.dataset
import pyarrow.parquet

from tests.cli.export.conftest import EVENTS
from tests.cli.export.reading import column, listed

ODD = ["a/b", 'it\'s "q"', None, "", "sp ace", "é%=&", "007", "..", "a\\b:*?", "null", "two\nlines"]


def test_partitions_have_hive_names_and_read_back(export, own, tmp_path):
    values = ", ".join("(?, ?)" for _ in ODD)
    made = own("create schema made")
    with duckdb.connect(str(made)) as connection:
        cells = [cell for pair in enumerate(ODD) for cell in pair]
        connection.execute(f"create table made.odd as from (values {values}) as t (n, kind)", cells)
    assert export("made.odd,marts.readings", "--partition-by", "KIND", of=made).code == 0
    out = tmp_path / "out"
    assert (out / "marts/readings.parquet").is_file()
    assert len([*(out / "made/odd").iterdir()]) == len(ODD)
    read = duckdb.sql(
        f"select n, kind from read_parquet('{out}/made/odd/*/*.parquet',"
        " hive_partitioning = true, hive_types = {'kind': varchar}) order by n"
    )
    assert read.fetchall() == [*enumerate(ODD)]
    text = pyarrow.schema([("kind", pyarrow.string())])
    flavour = pyarrow.dataset.partitioning(text, flavor="hive")
    table = pyarrow.dataset.dataset(out / "made/odd", partitioning=flavour).to_table()
    assert sorted(zip(*table.to_pydict().values(), strict=True)) == [*enumerate(ODD)]


def test_a_partitioned_table_is_listed_with_all_its_files(export, tmp_path, tools, source):
    assert export("mimic_cxr_jpg.split,marts.labels", "--partition-by", "split").code == 0
    out = tmp_path / "out"
    one = listed(out)["mimic_cxr_jpg.split"]
    assert (one["path"], one["partitioned_by"]) == ("mimic_cxr_jpg/split", "split")
    paths = {file.relative_to(out).as_posix() for file in (out / one["path"]).rglob("*.parquet")}
    assert {file["path"] for file in one["files"]} == paths and len(paths) > 1
    view = tools.source(source)
    cohort = view.cohort("eye")
    rows = [row for row in view.records("CXR-JPG/cxr_split") if row["subject_id"] in cohort]
    assert one["rows"] == len(rows)
    assert listed(out)["marts.labels"]["partitioned_by"] is None
    schema = pyarrow.parquet.read_schema(next((out / one["path"]).rglob("*.parquet")))
    assert "split" not in schema.names and schema.field("dicom_id").metadata[b"description"]


def test_a_column_that_no_table_has_is_told_with_what_was_meant(export, tmp_path):
    ran = export("mimic_cxr_jpg.split", "--partition-by", "splitt")
    assert ran.code == 1 and "did you mean split" in ran.stderr
    assert not (tmp_path / "out").exists()


def test_a_table_of_one_column_or_no_row_is_one_file(export, own, tmp_path):
    made = own("create table cohort.nobody as from cohort.images where false")
    words = ("cohort.subjects,cohort.nobody", "--partition-by", "subject_id")
    assert export(*words, of=made).code == 0
    found = {file.name for file in (tmp_path / "out/cohort").iterdir()}
    assert found == {"subjects.parquet", "nobody.parquet"}


def test_no_partition_of_an_older_export_stays(export, own, tmp_path):
    made = own("create table cohort.made as select 1 as n, 'old' as kind")
    assert export("cohort.made", "--partition-by", "kind", of=made).code == 0
    with duckdb.connect(str(made)) as connection:
        connection.execute("update cohort.made set kind = 'new'")
    words = ("cohort.made", "--partition-by", "kind")
    assert export(*words, of=made).code == 1
    assert export(*words, "--force", of=made).code == 0
    assert [folder.name for folder in (tmp_path / "out/cohort/made").iterdir()] == ["kind=new"]
    assert export("cohort.made", "--force", of=made).code == 0
    assert [one.name for one in (tmp_path / "out/cohort").iterdir()] == ["made.parquet"]


def test_partitions_are_sorted_into_row_groups_too(command, large, tmp_path):
    with duckdb.connect(str(shutil.copy(large, tmp_path / "own.duckdb"))) as connection:
        connection.execute(
            "create view mimiciv_hosp.omr as select * replace (number % 2 as itemid)"
            " from (select labevent_id as number, * exclude comments from mimiciv_hosp.labevents)"
        )
    words = ("--database", tmp_path / "own.duckdb", "--out", tmp_path / "out")
    ran = command(
        "export",
        "parquet",
        *words,
        "--tables",
        "omr",
        "--partition-by",
        "itemid",
        "--all-patients",
    )
    assert ran.code == 0, ran.stderr
    [file] = (tmp_path / "out/mimiciv_hosp/omr/itemid=1").iterdir()
    assert pyarrow.parquet.read_metadata(file).num_row_groups >= 3
    pairs = [*zip(column(file), column(file, "number"), strict=True)]
    wanted = ((90000000 + (n * 7919) % 5000, n) for n in range(1, EVENTS, 2))
    assert pairs == sorted(wanted)
