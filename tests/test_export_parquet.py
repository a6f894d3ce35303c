"""`export parquet`: what comes out is read with other libraries, and compared with the sources."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import closing
from datetime import date, datetime
from pathlib import Path
from threading import Thread

import duckdb
import numpy
import pandas
import polars
import pyarrow.dataset
import pyarrow.parquet
import pytest
import yaml

from mimiceye_duck.db import Database
from mimiceye_duck.export import parquet
from mimiceye_duck.export.folder import Folder

CONTRACTS = Path(__file__).parents[1] / "data_contracts"
PROGRAM = "import sys; from mimiceye_duck.cli import main; main(sys.argv[1:])"


@pytest.fixture(scope="session")
def source(made_up):
    return made_up()


@pytest.fixture(scope="session")
def database(built, source):
    return built(source) / "mimiceye.duckdb"


@pytest.fixture(scope="session")
def exported(command, database, tmp_path_factory):
    """All that is exported unless told otherwise; read it only."""
    out = tmp_path_factory.mktemp("exported") / "a folder é"
    ran = command("export", "parquet", "--database", database, "--out", out)
    assert ran.code == 0, ran.stderr
    return out, ran.stdout


@pytest.fixture(scope="session")
def everyone(command, database, tmp_path_factory):
    """The same of all patients; read it only."""
    out = tmp_path_factory.mktemp("everyone") / "out"
    ran = command("export", "parquet", "--all-patients", "--database", database, "--out", out)
    assert ran.code == 0, ran.stderr
    return out


@pytest.fixture
def export(command, database, tmp_path):
    """Export into a folder of the test's own; takes the tables and other words."""

    def run(tables, *words, out=tmp_path / "out", of=database):
        named = ["--tables", tables] if tables else []
        return command("export", "parquet", "--database", of, "--out", out, *named, *words)

    return run


@pytest.fixture
def own(database, tmp_path):
    """A copy of the database, changed by SQL."""

    def change(*statements):
        copy = Path(shutil.copy(database, tmp_path / "own.duckdb"))
        with duckdb.connect(str(copy)) as connection:
            for statement in statements:
                connection.execute(statement)
        return copy

    return change


def files(out):
    """The files below a folder, hidden ones too, as bytes."""
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in out.rglob("*")
        if path.is_file()
    }


def listed(out):
    """What dataset.json says of each table."""
    return {one["name"]: one for one in json.loads((out / "dataset.json").read_text())["tables"]}


def column(file, name="subject_id"):
    return pyarrow.parquet.read_table(file, columns=[name]).column(0).to_pylist()


# What is there


def test_every_source_table_link_and_mart_is_exported(exported, source):
    out, _ = exported
    found = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    clinical = {
        f"{schema}/{file.name.removesuffix('.csv.gz')}.parquet"
        for schema, folder in (
            ("mimiciv_hosp", "hosp"),
            ("mimiciv_icu", "icu"),
            ("mimiciv_ed", "ed"),
        )
        for file in source.rglob(f"{folder}/*.csv.gz")
    }
    assert len(clinical) > 35
    marts = {f"marts/{file.stem}.parquet" for file in Path("sql/marts").glob("*.sql")}
    links = {f"links/cxr_{name}.parquet" for name in ("stay", "admission", "icu_stay")}
    cxr = {f"mimic_cxr/{n}.parquet" for n in ("dicom", "record_list", "reports", "study_list")}
    jpg = {
        f"mimic_cxr_jpg/{name}.parquet"
        for name in ("chexpert", "image_filenames", "metadata", "negbio", "split")
    }
    gaze = {name for name in found if name.split("/")[0] in ("reflacx", "eye_gaze")}
    assert {"reflacx/gaze.parquet", "eye_gaze/transcript.parquet"} <= gaze and len(gaze) == 18
    lists = {"dataset.json", "croissant.json"}
    assert found == clinical | marts | links | cxr | jpg | gaze | lists


def test_the_answer_counts_tables_rows_and_bytes(exported):
    out, told = exported
    tables = [*out.rglob("*.parquet")]
    rows = sum(pyarrow.parquet.read_metadata(file).num_rows for file in tables)
    megabytes = sum(file.stat().st_size for file in tables) / 1e6
    assert told == f"{len(tables)} tables, {rows:,} rows, {megabytes:.1f} MB in {out}\n"


def test_beside_the_database_unless_told_otherwise(command, own, tmp_path):
    ran = command("export", "parquet", "--database", own(), "--tables", "marts.readings")
    assert ran.code == 0, ran.stderr
    assert (tmp_path / "parquet" / "marts" / "readings.parquet").is_file()


# The values


def by_duckdb(file):
    return duckdb.sql(f"from read_parquet('{file}')").fetchall()


def by_pyarrow(file):
    return [tuple(row.values()) for row in pyarrow.parquet.read_table(file).to_pylist()]


def by_pandas(file):
    rows = pandas.read_parquet(file).itertuples(index=False, name=None)
    return [tuple(None if pandas.isna(cell) else cell for cell in row) for row in rows]


def by_polars(file):
    return polars.read_parquet(file).rows()


TEXTS = {
    "mimiciv_hosp/labevents": "order_provider_id value valueuom flag priority comments",
    "mimiciv_hosp/diagnoses_icd": "icd_code",
    "mimiciv_hosp/patients": "gender anchor_year_group",
    "mimiciv_ed/triage": "pain chiefcomplaint",
}
NUMBERS = {
    "mimiciv_hosp/labevents": "valuenum ref_range_lower ref_range_upper",
    "mimiciv_ed/triage": "temperature heartrate resprate o2sat sbp dbp acuity",
}
KEYS = {
    "mimiciv_hosp/labevents": "labevent_id",
    "mimiciv_hosp/diagnoses_icd": "hadm_id seq_num icd_code icd_version",
    "mimiciv_hosp/patients": "subject_id",
    "mimiciv_ed/triage": "stay_id",
}


def typed(table, name, cell):
    if cell == "":
        return None
    if name in TEXTS[table].split():
        return cell
    if name in NUMBERS.get(table, "").split():
        return float(cell)
    if name.endswith("time"):
        return datetime.strptime(cell, "%Y-%m-%d %H:%M:%S")
    return date.fromisoformat(cell) if name == "dod" else int(cell)


@pytest.mark.parametrize("read", [by_duckdb, by_pyarrow, by_pandas, by_polars])
@pytest.mark.parametrize("table", TEXTS)
def test_rows_are_the_cohorts_typed_and_sorted(table, read, exported, source, tools):
    view = tools.source(source)
    folder, name = table.removeprefix("mimiciv_").split("/")
    cells = view.table(f"{ {'hosp': 'Hosp', 'ed': 'ED'}[folder] }/{name}")
    cohort = view.cohort("eye")
    rows = [
        tuple(typed(table, name, cell) for name, cell in row.items())
        for row in cells.records()
        if row["subject_id"] in cohort
    ]
    places = [cells.header.index(name) for name in ["subject_id", *KEYS[table].split()]]
    rows.sort(key=lambda row: [row[place] for place in places])
    assert 0 < len(rows) < len(cells.rows)
    assert read(exported[0] / f"{table}.parquet") == rows


def test_texts_keep_zeros_and_nulls_are_no_texts(exported):
    codes = column(exported[0] / "mimiciv_hosp/d_icd_diagnoses.parquet", "icd_code")
    assert {"0389", "0010"} <= set(codes)
    comments = column(exported[0] / "mimiciv_hosp/labevents.parquet", "comments")
    assert None in comments and "" not in comments


def test_a_list_of_records_stays_one(exported, source):
    [table] = [pyarrow.parquet.read_table(exported[0] / "eye_gaze/transcript.parquet").to_pylist()]
    [file] = source.rglob(f"{table[0]['dicom_id']}/transcript.json")
    assert table[0]["time_stamped_text"] == json.loads(file.read_text())["time_stamped_text"]


def test_a_table_without_rows_has_its_columns(export, own, tmp_path):
    assert export("marts.lesions", of=own("delete from staging.reflacx_readings")).code == 0
    empty = pyarrow.parquet.read_table(tmp_path / "out/marts/lesions.parquet")
    assert empty.num_rows == 0 and {"reading_id", "xmin"} <= set(empty.column_names)


# Whose rows


def test_all_patients_have_the_rows_of_the_sources(everyone, source, tools):
    view = tools.source(source)
    for table, name in [("mimiciv_hosp/omr", "Hosp/omr"), ("mimiciv_ed/pyxis", "ED/pyxis")]:
        wanted = sorted(int(subject) for subject in view.table(name).column("subject_id"))
        assert column(everyone / f"{table}.parquet") == wanted
    images = {row["dicom_id"] for row in view.metadata}
    assert set(column(everyone / "links/cxr_stay.parquet", "dicom_id")) == images


def test_the_list_says_whose_rows_each_table_holds(exported, everyone):
    names = ["mimiciv_hosp.labevents", "links.cxr_stay", "reflacx.gaze", "marts.labels"]
    names += ["mimiciv_hosp.d_labitems", "eye_gaze.eye_gaze"]
    cohort, every = listed(exported[0]), listed(everyone)
    assert [cohort[name]["patients"] for name in names] == ["cohort"] * 4 + [None, "cohort"]
    assert [every[name]["patients"] for name in names] == ["all"] * 3 + ["cohort", None, "all"]


OWNED = {
    "mimic_cxr.dicom": "subject_id",
    "mimic_cxr.reports": "subject_id",
    "staging.cxr_images": "subject_id",
    "links.cxr_admission": "dicom_id",
    "link_rules.closed": "dicom_id",
    "reflacx.gaze": "id",
}


def test_what_no_build_stores_is_of_the_cohort_too(export, own, tmp_path):
    with duckdb.connect(str(own()), read_only=True) as connection:

        def rows(sql):
            return connection.execute(sql).fetchall()

        readings = rows("select subject_id, dicom_id, id from staging.reflacx_readings")
        images = rows("select subject_id, dicom_id from staging.cxr_images")
        admitted = rows("select dicom_id from links.cxr_admission")
        ids = {
            table: [one for (one,) in rows(f"select {name} from {table}")]
            for table, name in OWNED.items()
        }
    chosen = next(subject for subject, dicom_id, _ in readings if (dicom_id,) in admitted)
    theirs = {
        "subject_id": {chosen},
        "dicom_id": {dicom_id for subject, dicom_id in images if subject == chosen},
        "id": {reading for subject, _, reading in readings if subject == chosen},
    }
    alone = own(f"delete from cohort.subjects where subject_id <> {chosen}")
    assert export(",".join(OWNED), of=alone).code == 0
    for table, name in OWNED.items():
        wanted = sorted(one for one in ids[table] if one in theirs[name])
        assert 0 < len(wanted) < len(ids[table]), table
        file = tmp_path / "out" / (table.replace(".", "/") + ".parquet")
        assert sorted(column(file, name)) == wanted, table


def test_a_database_of_views_has_all_patients_only(command, source, export, tmp_path):
    views = tmp_path / "views.duckdb"
    assert command("attach", "--source", source, "--database", views).code == 0
    ran = export("", of=views)
    assert ran.code == 1 and "no cohort" in ran.stderr and "--all-patients" in ran.stderr
    assert not (tmp_path / "out").exists()
    assert export("triage,d_items", "--all-patients", of=views).code == 0
    assert [one["patients"] for one in listed(tmp_path / "out").values()] == ["all", None]
    build = json.loads((tmp_path / "out/dataset.json").read_text())["build"]
    assert (
        build["cohort"] is None and {"dataset": "EyeGaze", "release": "1.0.0"} in build["sources"]
    )


def test_a_source_that_moved_is_named(command, copied, source, export, tmp_path):
    views, moved = tmp_path / "views.duckdb", copied(source, "moved")
    assert command("attach", "--source", moved, "--database", views).code == 0
    [file] = moved.rglob("triage.csv.gz")
    file.unlink()
    ran = export("triage,edstays", "--all-patients", of=views)
    assert ran.code == 1 and str(file) in ran.stderr and "attach" in ran.stderr
    assert "mimiciv_ed.triage cannot" in ran.stderr and "edstays cannot" not in ran.stderr
    assert not (tmp_path / "out").exists()


# Which tables


def test_tables_are_named_once_or_more_with_or_without_schema(export, tmp_path):
    ran = export(
        "EDSTAYS, marts.labels", "--tables", "cohort.subjects", "--tables", "summary.facts"
    )
    assert ran.code == 0, ran.stderr
    assert set(listed(tmp_path / "out")) == {
        "mimiciv_ed.edstays",
        "marts.labels",
        "cohort.subjects",
        "summary.facts",
    }
    assert len([*(tmp_path / "out").rglob("*.parquet")]) == 4


def test_every_unknown_table_is_told_with_what_was_meant(export, tmp_path):
    ran = export("mimiciv_ed.edstay,marts.label,links.cxr_stay")
    assert ran.code == 1
    assert "did you mean mimiciv_ed.edstays" in ran.stderr and "marts.labels" in ran.stderr
    assert not (tmp_path / "out").exists()


# Sorted, in row groups, within memory


@pytest.fixture(scope="session")
def large(tmp_path_factory):
    """A database of laboratory events, many and in no order, with long comments."""
    database = tmp_path_factory.mktemp("large") / "large.duckdb"
    with duckdb.connect(str(database)) as connection:
        connection.execute("create schema mimiciv_hosp")
        connection.execute(
            "create view mimiciv_hosp.labevents as select number as labevent_id,"
            " 90000000 + (number * 7919) % 5000 as subject_id, number % 20 as itemid,"
            " repeat(md5(cast(number as varchar)), 12) as comments"
            f" from range({EVENTS}) as made (number)"
        )
    return database


EVENTS = 500_000
LARGE = ("export", "parquet", "--all-patients", "--tables", "labevents")


def test_more_rows_than_memory_are_sorted_into_row_groups(command, large, tmp_path):
    words = (*LARGE, "--database", large, "--out", tmp_path / "out")
    ran = command(*words, "--memory-limit", "150MB", "--threads", "1")
    assert ran.code == 0, ran.stderr
    file = tmp_path / "out/mimiciv_hosp/labevents.parquet"
    assert EVENTS * 12 * 32 > 190e6
    rows = duckdb.sql(
        f"select subject_id, labevent_id, sum(length(comments)) over () from '{file}'"
    ).fetchnumpy()
    subjects, events, lengths = rows.values()
    number = numpy.arange(EVENTS)
    wanted = 90000000 + (number * 7919) % 5000
    order = numpy.lexsort((number, wanted))
    assert (subjects == wanted[order]).all() and (events == number[order]).all()
    assert lengths[0] == EVENTS * 12 * 32
    metadata = pyarrow.parquet.read_metadata(file)
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    assert len(groups) >= 5 and max(group.num_rows for group in groups) <= 122_880
    place = metadata.schema.names.index("subject_id")
    ranges = [group.column(place).statistics for group in groups]
    assert all(one.max <= next.min for one, next in zip(ranges, ranges[1:], strict=False))
    assert groups[0].column(place).compression == "ZSTD"


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


@pytest.mark.parametrize(
    ("memory", "tables"),
    [
        pytest.param("300MB", 1, id="one, though it may spill"),
        pytest.param("2.5GB", 2, id="a gigabyte each"),
        pytest.param("64GB", 4, id="no more than threads"),
    ],
)
def test_as_many_tables_at_once_as_memory_allows(memory, tables):
    with closing(Database.open(threads=4, memory_limit=memory)) as opened:
        assert parquet._workers(opened) == tables


def test_the_same_rows_give_the_same_bytes(export, exported, tmp_path):
    names = "mimiciv_hosp.emar_detail,mimiciv_ed.pyxis,marts.patient_timeline,links.cxr_stay"
    assert export(names, "--threads", "1").code == 0
    again, before = listed(tmp_path / "out"), listed(exported[0])
    assert all(again[name]["files"] == before[name]["files"] for name in again)


# What a file says of itself


def contract(name):
    schema, table = name.split(".")
    file = CONTRACTS / schema / f"{table}.odcs.yaml"
    return yaml.safe_load(file.read_text(encoding="utf-8"))["schema"][0]


def test_columns_carry_descriptions_and_units(exported):
    schema = pyarrow.parquet.read_schema(exported[0] / "mimiciv_ed/triage.parquet")
    for node in contract("mimiciv_ed.triage")["properties"]:
        custom = {one["property"]: one["value"] for one in node.get("customProperties", ())}
        told = {"description": node["description"], "unit": custom.get("unit")}
        wanted = {key.encode(): text.encode() for key, text in told.items() if text}
        assert schema.field(node["name"]).metadata == wanted
    assert schema.field("temperature").metadata[b"unit"] == b"degF"


def test_readers_without_arrow_find_the_same_words(exported):
    file = exported[0] / "mimiciv_hosp/labevents.parquet"
    rows = duckdb.sql(f"select decode(key), decode(value) from parquet_kv_metadata('{file}')")
    told = dict(rows.fetchall())
    node = contract("mimiciv_hosp.labevents")
    assert node["description"] in told["description"]
    assert (told["key"], told["patients"]) == ("labevent_id", "cohort")
    assert (told["source"], told["release"]) == ("MIMIC-IV", "2.2")
    assert told["file"] == "hosp/labevents.csv.gz"
    columns = json.loads(told["columns"])
    assert [one["name"] for one in columns] == [one["name"] for one in node["properties"]]
    assert columns[0]["description"] == node["properties"][0]["description"]


def test_a_marts_columns_are_described(exported):
    schema = pyarrow.parquet.read_schema(exported[0] / "marts/cxr_clinical.parquet")
    assert all(field.metadata and field.metadata.get(b"description") for field in schema)


def test_the_list_is_true_of_the_files(exported):
    out, _ = exported
    content = json.loads((out / "dataset.json").read_text())
    assert (
        content["build"]["cohort"] == "eye" and content["build"]["link_rule"] == "within-or-after"
    )
    assert datetime.fromisoformat(content["created"]).tzinfo
    assert "Do not share" in content["notice"]
    seen = set()
    for one in content["tables"]:
        [file] = one["files"]
        data = (out / file["path"]).read_bytes()
        metadata = pyarrow.parquet.read_metadata(out / file["path"])
        assert (file["path"], file["rows"]) == (one["path"], metadata.num_rows)
        assert (file["bytes"], file["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())
        assert [column["name"] for column in one["columns"]] == metadata.schema.names or one[
            "name"
        ] in ("eye_gaze.transcript", "mimic_cxr.dicom")
        seen.add(file["path"])
    assert seen == {file.relative_to(out).as_posix() for file in out.rglob("*.parquet")}


def test_nothing_written_names_a_folder_of_this_machine(exported, source):
    # marts.files says where each file was found.
    written = files(exported[0])
    del written["marts/files.parquet"]
    data = b"".join(written.values())
    assert str(source).encode() not in data and os.fsencode(exported[0].parent) not in data


# Partitions

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


# What is there already


def test_nothing_is_overwritten_without_force(export, tmp_path):
    out = tmp_path / "out"
    (out / "marts").mkdir(parents=True)
    (out / "marts/labels.parquet").write_text("mine")
    (out / "marts/notes.txt").write_text("mine")
    before = files(out)
    ran = export("marts.labels,marts.readings")
    assert ran.code == 1 and "marts/labels.parquet" in ran.stderr and "--force" in ran.stderr
    assert "marts/readings.parquet" not in ran.stderr
    assert files(out) == before
    assert export("marts.labels,marts.readings", "--force").code == 0
    assert (out / "marts/notes.txt").read_text() == "mine"
    assert column(out / "marts/labels.parquet", "reading_id")


def test_a_folder_of_other_origin_is_never_replaced(export, tmp_path):
    theirs = tmp_path / "out/mimic_cxr_jpg/split"
    theirs.mkdir(parents=True)
    (theirs / "notes.txt").write_text("mine")
    before = files(tmp_path / "out")
    ran = export("mimic_cxr_jpg.split", "--partition-by", "split", "--force")
    assert ran.code == 1 and "mimic_cxr_jpg/split" in ran.stderr
    assert files(tmp_path / "out") == before


def test_a_second_export_adds_to_the_list(export, tmp_path):
    assert export("marts.labels").code == 0
    first = listed(tmp_path / "out")["marts.labels"]
    assert export("marts.readings").code == 0
    both = listed(tmp_path / "out")
    assert [*both] == ["marts.labels", "marts.readings"] and both["marts.labels"] == first
    (tmp_path / "out/marts/labels.parquet").unlink()
    assert export("links.cxr_stay").code == 0
    assert [*listed(tmp_path / "out")] == ["links.cxr_stay", "marts.readings"]


def test_exports_of_two_builds_are_not_mixed(export, own, tmp_path):
    assert export("marts.labels").code == 0
    other = own("update settings.link set window_seconds = 5")
    before = files(tmp_path / "out")
    ran = export("marts.readings", of=other)
    assert ran.code == 1 and "another build" in ran.stderr
    assert files(tmp_path / "out") == before
    assert export("marts.readings", "--force", of=other).code == 0
    assert [*listed(tmp_path / "out")] == ["marts.readings"]
    assert not (tmp_path / "out/marts/labels.parquet").exists()


def test_a_list_cannot_make_an_export_remove_what_is_elsewhere(export, own, tmp_path):
    assert export("marts.labels").code == 0
    precious = tmp_path / "precious.parquet"
    precious.write_text("mine")
    file = tmp_path / "out/dataset.json"
    content = json.loads(file.read_text())
    content["tables"][0]["path"] = "../precious.parquet"
    content["tables"].append({**content["tables"][0], "name": "../../precious"})
    content["tables"].append({**content["tables"][0], "name": "...precious"})
    file.write_text(json.dumps(content))
    other = own("update settings.link set window_seconds = 5")
    assert export("marts.readings", "--force", of=other).code == 0
    assert precious.read_text() == "mine"


def test_what_the_database_reads_is_spared(export, database, tmp_path):
    out = tmp_path / "build"
    shutil.copytree(database.parent / "mimic_cxr", out / "mimic_cxr")
    copy = Path(shutil.copy(database, out))
    with duckdb.connect(str(copy)) as connection:
        file = out / "mimic_cxr/dicom.parquet"
        connection.execute(f"create or replace view mimic_cxr.dicom as from '{file}'")
        connection.execute(
            "create or replace view settings.sources as select 'mimic_cxr.dicom' as table_name,"
            f" 'MIMIC-CXR' as dataset, '2.0.0' as release, '{file}' as path,"
            " false as is_folder, cast(null as bigint) as n_rows"
        )
    before = file.read_bytes()
    ran = export("mimic_cxr.dicom", "--force", of=copy, out=out)
    assert ran.code == 1 and "mimic_cxr/dicom.parquet" in ran.stderr
    assert file.read_bytes() == before


def test_out_that_is_a_file_is_wrong_usage(export, tmp_path):
    (tmp_path / "out").write_text("mine")
    ran = export("marts.labels")
    assert ran.code == 2 and "is a file" in ran.stderr
    assert (tmp_path / "out").read_text() == "mine"


def test_without_a_database_there_is_an_error(export, tmp_path):
    ran = export("marts.labels", of=tmp_path / "none.duckdb")
    assert ran.code == 1 and "no database" in ran.stderr


def test_names_are_quoted_and_stay_below_out(export, own, tmp_path):
    made = own(
        'create schema "sche""ma"',
        'create table "sche""ma"."/o\'t" as select 1 as "co""l\'umn", 2 as "order"',
    )
    assert export("sche\"ma./o't", of=made).code == 0
    [file] = (tmp_path / "out").rglob("*.parquet")
    assert pyarrow.parquet.read_table(file).to_pylist() == [{"co\"l'umn": 1, "order": 2}]


@pytest.mark.parametrize("name", ["a?b", "[a]*", "it's é"])
def test_any_folder_will_do(name, export, tmp_path):
    for words in ((), ("--partition-by", "split", "--force")):
        assert export("mimic_cxr_jpg.split", *words, out=tmp_path / name).code == 0
    assert len([*(tmp_path / name).rglob("*.parquet")]) > 1


# Stopped, killed, out of room


def stop_in(monkeypatch, error, after=1):
    """Let so many tables be written, then raise."""
    written = []
    one = parquet.write

    def write(*arguments):
        if len(written) >= after:
            raise error
        written.append(arguments)
        return one(*arguments)

    monkeypatch.setattr(parquet, "write", write)


def test_a_stopped_export_leaves_nothing(export, monkeypatch, tmp_path):
    stop_in(monkeypatch, KeyboardInterrupt())
    ran = export("marts.labels,marts.readings,links.cxr_stay", out=tmp_path / "a/b")
    assert ran.code == 1 and "stopped" in ran.stderr
    assert not (tmp_path / "a").exists()


def test_a_stopped_export_leaves_the_one_before(export, monkeypatch, tmp_path):
    assert export("marts.labels,marts.readings").code == 0
    before = files(tmp_path / "out")
    stop_in(monkeypatch, KeyboardInterrupt())
    assert export("marts.labels,marts.readings", "--force").code == 1
    assert files(tmp_path / "out") == before


@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError(13, "no")])
def test_stopped_while_renaming_all_is_as_it_was(export, own, error, monkeypatch, tmp_path):
    assert export("marts.labels,marts.readings", "--partition-by", "split").code == 0
    (tmp_path / "out/marts/notes.txt").write_text("mine")
    before = files(tmp_path / "out")
    replace, count = os.replace, iter(range(100))

    def replace_until_stopped(*paths):
        if next(count) == 7:
            raise error
        replace(*paths)

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", replace_until_stopped)
        ran = export("marts.labels,marts.readings,links.cxr_stay", "--force")
    assert ran.code == 1 and "Traceback" not in ran.stderr
    assert files(tmp_path / "out") == before


def begun(large, out, *words):
    """An export under way: its first file is being written."""
    program = [sys.executable, "-c", PROGRAM, *LARGE, "--database", large, "--out", out, *words]
    running = subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while running.poll() is None and not [*out.glob(".*/tree/*/*")]:
        time.sleep(0.005)
    return running


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signal")
@pytest.mark.parametrize("words", [(), ("--partition-by", "itemid")])
def test_ctrl_c_stops_at_once_and_leaves_nothing(large, words, tmp_path):
    out = tmp_path / "out"
    running = begun(large, out, *words)
    running.send_signal(signal.SIGINT)
    _, told = running.communicate(timeout=30)
    assert running.returncode == 1 and "stopped" in told and "Traceback" not in told
    assert not out.exists()


def test_what_is_done_in_order_aside_stops_too(tmp_path):
    stopped = []

    def work(writer):
        try:
            writer.rows(
                "select sum(hash(a.range + b.range)) from range(1000000) a, range(100000) b"
            )
        except duckdb.InterruptException:
            stopped.append(True)

    with closing(Database.open()) as opened, opened.aside(tmp_path) as writer:
        working = Thread(target=work, args=[writer])
        working.start()
        while working.is_alive():
            opened.interrupt()
            working.join(0.05)
    assert stopped


def test_a_killed_export_leaves_nothing_that_looks_whole(large, command, tmp_path):
    out = tmp_path / "out"
    running = begun(large, out)
    running.kill()
    running.communicate()
    assert running.returncode != 0, "killed too late to show anything"
    assert all(path.name.startswith(".") for path in out.iterdir())
    assert command(*LARGE, "--database", large, "--out", out).code == 0
    assert {path.name for path in out.iterdir()} == {
        "mimiciv_hosp",
        "dataset.json",
        "croissant.json",
    }


def test_a_full_disk_says_how_much_is_needed(export, monkeypatch, tmp_path):
    stop_in(monkeypatch, OSError(28, "No space left on device"))
    ran = export("marts.labels,mimiciv_hosp.labevents")
    assert ran.code == 1 and "the disk is full" in ran.stderr
    assert "needed" in ran.stderr and "free" in ran.stderr
    assert not (tmp_path / "out").exists()


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 200 kB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(disk)]
    if not shutil.which("mount") or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("only root can mount a small file system")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.parametrize(
    "words", [(), ("--temp-dir", "elsewhere", "--partition-by", "labevent_id")]
)
def test_a_disk_that_is_full_is_an_error(export, small_disk, words, tmp_path):
    words = [tmp_path / "elsewhere" if word == "elsewhere" else word for word in words]
    ran = export("labevents" if words else "", *words, out=small_disk / "out")
    assert ran.code == 1 and "the disk is full" in ran.stderr and "needed" in ran.stderr
    assert "204.8 kB free" in ran.stderr
    assert [*small_disk.iterdir()] == []


def test_a_folder_tells_no_value_of_an_error(tmp_path):
    with pytest.raises(Exception, match="the export stopped") as caught, Folder(tmp_path / "out"):
        duckdb.sql("select cast('John Smith' as integer)").fetchall()
    assert "Smith" not in str(caught.value)
