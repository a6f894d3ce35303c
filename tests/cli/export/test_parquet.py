"""`export parquet`: what comes out is read with other libraries, and compared with the sources."""

import hashlib
import json
import os
from contextlib import closing
from datetime import date, datetime
from pathlib import Path

import duckdb
import numpy
import pandas
import polars
import pyarrow.parquet
import pytest

from mimiceye_duck.database.connection import Database
from mimiceye_duck.usecases.export import parquet
from tests.cli.export.conftest import EVENTS
from tests.cli.export.reading import column, files, listed
from tests.conftest import read_yaml

CONTRACTS = Path(__file__).parents[3] / "data_contracts"


@pytest.fixture(scope="session")
def everyone(command, database, shared):
    """The same of all patients; read it only."""

    def export(folder):
        words = ("--all-patients", "--database", database, "--out", folder / "out")
        ran = command("export", "parquet", *words)
        assert ran.code == 0, ran.stderr
        return folder / "out"

    return shared.make("everyone", (), export)


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
    marts = {f"marts/{file.stem}.parquet" for file in Path("sql/models/marts").glob("*.sql")}
    names = ("cxr_stay", "cxr_admission", "cxr_icu_stay", "rule_differences")
    links = {f"links/{name}.parquet" for name in names}
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


def test_tables_of_the_built_patients_are_told_when_all_were_asked_for(export):
    ran = export("marts.labels,mimiciv_ed.triage", "--all-patients")
    assert ran.code == 0 and "1 of them hold the built patients only" in ran.stdout
    assert "only" not in export("mimiciv_ed.pyxis", "--all-patients").stdout


def test_no_table_named_is_wrong_usage(export):
    ran = export(" , ")
    assert ran.code == 2 and "names no table" in ran.stderr


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
    return read_yaml(file)["schema"][0]


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
