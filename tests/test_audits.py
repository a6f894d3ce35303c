"""Each audit can fail; what a build does when one does, cannot run, or only warns."""

import csv
import gzip
import io
import json
import re
import shutil

import duckdb
import pyarrow.parquet
import pytest

from mimiceye_duck.pipeline.steps.audits import audits

# A world in which every claim is true: two patients, the first image in a stay, the second after.
CLEAN = """
create schema mimiciv_ed; create schema staging; create schema links; create schema settings;
create schema run; create schema eye_gaze; create schema repaired; create schema cohort;
create schema mimic_cxr; create schema summary;
create table settings.link as
    select 'within-or-after' as link_rule, 600.0::double as window_seconds;
create table mimiciv_ed.edstays (subject_id integer, stay_id integer, intime timestamp,
    outtime timestamp);
insert into mimiciv_ed.edstays values
    (1, 10, '2150-01-01 10:00:00', '2150-01-01 12:00:00'),
    (2, 20, '2150-02-01 10:00:00', '2150-02-01 12:00:00');
create table staging.ed_stays as from mimiciv_ed.edstays;
create table staging.cxr_images (dicom_id varchar, study_id integer, subject_id integer,
    study_at timestamp);
insert into staging.cxr_images values
    ('a', 100, 1, '2150-01-01 11:00:00'), ('b', 200, 2, '2150-02-01 12:10:00'),
    ('c', 200, 2, '2150-06-01 12:00:00');
create table links.cxr_stay (dicom_id varchar, study_id integer, subject_id integer,
    study_at timestamp, stay_id integer, link varchar, gap_seconds double, n_candidates bigint);
insert into links.cxr_stay values
    ('a', 100, 1, '2150-01-01 11:00:00', 10, 'within', 0, 1),
    ('b', 200, 2, '2150-02-01 12:10:00', 20, 'after', 600, 1),
    ('c', 200, 2, '2150-06-01 12:00:00', null, null, null, 0);
create table staging.reflacx_readings (phase integer, id varchar, dicom_id varchar,
    subject_id integer);
insert into staging.reflacx_readings values (1, 'P1R1', 'a', 1), (2, 'P2R1', 'z', 3);
create table staging.eye_gaze_images (dicom_id varchar, study_id integer, subject_id integer);
insert into staging.eye_gaze_images values ('b', 200, 2);
create table eye_gaze.eye_gaze as select unnest(['b', 'b', 'x', 'y']) as dicom_id;
create table eye_gaze.fixations as select unnest(['b', 'b_calibration']) as dicom_id;
create table repaired.eye_gaze_eye_gaze as select unnest(['b', 'b', 'b']) as dicom_id;
create table repaired.eye_gaze_fixations as select unnest(['b']) as dicom_id;
create table staging.eye_gaze_id_repairs (file varchar, id_found varchar, action varchar,
    id_used varchar, n_rows bigint);
insert into staging.eye_gaze_id_repairs values
    ('eye_gaze.csv', 'x', 'replaced', 'b', 1), ('eye_gaze.csv', 'y', 'deleted', 'b', 1),
    ('fixations.csv', 'b_calibration', 'set_aside', null, 1);
create table run.tables (table_name varchar, cohort_rows bigint, rows_written bigint);
insert into run.tables values ('mimiciv_ed.edstays', 2, 2), ('mimiciv_hosp.omr', 0, 0);
create table run.files (table_name varchar, path varchar, is_there boolean,
    may_be_missing boolean);
insert into run.files values
    ('mimic_cxr.reports', 'patient_1/CXR-DICOM/s100.txt', true, false),
    ('eye_gaze.audio', 'patient_2/EyeGaze/audio.mp3', false, true);
alter table run.files add column study_id integer;
alter table run.files add column dicom_id varchar;
insert into run.files values ('mimic_cxr.dicom', null, true, false, 100, 'a');
update run.files set study_id = 100 where path like '%s100.txt';
create table cohort.studies as select 1 as subject_id, 100 as study_id;
create table mimic_cxr.record_list as
    select 1 as subject_id, 100 as study_id, 'a' as dicom_id, 'a.dcm' as path
    union all select 2, 200, 'b', 'b.dcm';
create table mimic_cxr.study_list as
    select 1 as subject_id, 100 as study_id, 's100.txt' as path
    union all select 2, 200, 's200.txt';
create table summary.header_differences (dicom_id varchar, reason varchar);
"""

BROKEN = [
    (
        "headers_agree_with_the_metadata",
        "another size",
        "insert into summary.header_differences values ('a', 'another size')",
    ),
    (
        "listed_images_are_there",
        "a file that is not there",
        "update run.files set is_there = false where dicom_id = 'a'",
    ),
    (
        "listed_images_are_there",
        "an image that no table but the list names",
        "insert into mimic_cxr.record_list values (1, 100, 'c', 'c.dcm')",
    ),
    (
        "listed_reports_are_there",
        "a report that is not there",
        "delete from run.files where table_name = 'mimic_cxr.reports'",
    ),
    (
        "cxr_stay_keeps_every_image",
        "an image without a row",
        "delete from links.cxr_stay where dicom_id = 'c'",
    ),
    (
        "cxr_stay_keeps_every_image",
        "an image with two rows",
        "insert into links.cxr_stay from links.cxr_stay where dicom_id = 'a'",
    ),
    (
        "cxr_stay_keeps_every_image",
        "an image twice in the metadata",
        "insert into staging.cxr_images from staging.cxr_images where dicom_id = 'a'",
    ),
    (
        "cxr_stay_keeps_every_image",
        "an image without an id",
        "insert into staging.cxr_images values (null, 100, 1, null)",
    ),
    (
        "cxr_stay_keeps_every_image",
        "a row without an image",
        "insert into links.cxr_stay values ('nobody', 1, 1, null, null, null, null, 0)",
    ),
    (
        "ed_stay_has_one_subject",
        "a stay of two subjects",
        "insert into staging.ed_stays values (2, 10, '2150-01-01 10:00', '2150-01-01 12:00')",
    ),
    (
        "cxr_stay_is_of_the_subject",
        "another's stay",
        "update links.cxr_stay set stay_id = 20 where dicom_id = 'a'",
    ),
    (
        "cxr_stay_is_of_the_subject",
        "nobody's stay",
        "update links.cxr_stay set stay_id = 99 where dicom_id = 'a'",
    ),
    (
        "cxr_stay_within_is_inside",
        "before the stay",
        "update links.cxr_stay set study_at = '2150-01-01 09:59:59.999' where dicom_id = 'a'",
    ),
    (
        "cxr_stay_within_is_inside",
        "after the stay",
        "update links.cxr_stay set study_at = '2150-01-01 12:00:00.001' where dicom_id = 'a'",
    ),
    (
        "cxr_stay_within_is_inside",
        "with a gap",
        "update links.cxr_stay set gap_seconds = 0.001 where dicom_id = 'a'",
    ),
    (
        "cxr_stay_within_is_inside",
        "by days, the day before",
        "update settings.link set link_rule = 'egd-date';"
        "update links.cxr_stay set study_at = '2149-12-31 23:59:59' where dicom_id = 'a'",
    ),
    (
        "cxr_stay_within_is_inside",
        "by days, the day after",
        "update settings.link set link_rule = 'egd-date';"
        "update links.cxr_stay set study_at = '2150-01-02 00:00:00' where dicom_id = 'a'",
    ),
    (
        "cxr_stay_within_is_inside",
        "without a time",
        "update links.cxr_stay set study_at = null where dicom_id = 'a'",
    ),
    (
        "cxr_stay_gap_is_in_the_window",
        "above the window",
        "update links.cxr_stay set gap_seconds = 600.001 where dicom_id = 'b'",
    ),
    (
        "cxr_stay_gap_is_in_the_window",
        "negative",
        "update links.cxr_stay set gap_seconds = -0.001 where dicom_id = 'b'",
    ),
    (
        "cxr_stay_gap_is_in_the_window",
        "a gap to no stay",
        "update links.cxr_stay set gap_seconds = 1 where dicom_id = 'c'",
    ),
    (
        "cxr_stay_gap_is_in_the_window",
        "a stay without gap",
        "update links.cxr_stay set gap_seconds = null where dicom_id = 'b'",
    ),
    (
        "reading_is_of_its_images_subject",
        "REFLACX, another's image",
        "update staging.reflacx_readings set subject_id = 2 where dicom_id = 'a'",
    ),
    (
        "reading_is_of_its_images_subject",
        "EyeGaze, another's image",
        "update staging.eye_gaze_images set subject_id = 1 where dicom_id = 'b'",
    ),
    (
        "reading_is_of_its_images_subject",
        "REFLACX, nobody",
        "update staging.reflacx_readings set subject_id = null where dicom_id = 'a'",
    ),
    (
        "reading_is_of_its_images_subject",
        "EyeGaze, nobody, of no image",
        "insert into staging.eye_gaze_images values ('unknown', 1, null)",
    ),
    (
        "eye_gaze_rows_are_accounted_for",
        "a row of gaze lost",
        "delete from eye_gaze.eye_gaze where dicom_id = 'x'",
    ),
    (
        "eye_gaze_rows_are_accounted_for",
        "a fixation more",
        "insert into repaired.eye_gaze_fixations values ('b')",
    ),
    (
        "eye_gaze_rows_are_accounted_for",
        "an unreported row",
        "delete from staging.eye_gaze_id_repairs where action = 'set_aside'",
    ),
    (
        "eye_gaze_rows_are_accounted_for",
        "all kept rows lost",
        "delete from repaired.eye_gaze_fixations",
    ),
    (
        "rows_written_are_the_cohorts",
        "a row not written",
        "update run.tables set rows_written = 1 where cohort_rows = 2",
    ),
    (
        "rows_written_are_the_cohorts",
        "a row written twice",
        "update run.tables set rows_written = 3 where cohort_rows = 2",
    ),
    (
        "rows_written_are_the_cohorts",
        "no row written",
        "insert into run.tables values ('mimiciv_icu.chartevents', 5, 0)",
    ),
    (
        "files_are_there",
        "a report that is not there",
        "update run.files set is_there = false where table_name = 'mimic_cxr.reports'",
    ),
    (
        "image_has_a_study_time",
        "no time",
        "update staging.cxr_images set study_at = null where dicom_id = 'c'",
    ),
    (
        "ed_stay_ends_after_it_starts",
        "no length",
        "update mimiciv_ed.edstays set outtime = intime where stay_id = 10",
    ),
    (
        "ed_stay_ends_after_it_starts",
        "inverted",
        "update mimiciv_ed.edstays set outtime = '2150-01-01 09:00' where stay_id = 10",
    ),
    (
        "ed_stay_ends_after_it_starts",
        "no start",
        "update mimiciv_ed.edstays set intime = null where stay_id = 10",
    ),
    (
        "ed_stay_ends_after_it_starts",
        "no end",
        "update mimiciv_ed.edstays set outtime = null where stay_id = 10",
    ),
]
ALLOWED = [
    (
        "cxr_stay_within_is_inside",
        "at its start, by a closed rule",
        "update links.cxr_stay set study_at = '2150-01-01 10:00:00' where dicom_id = 'a'",
    ),
    (
        "cxr_stay_within_is_inside",
        "at its end, by a closed rule",
        "update links.cxr_stay set study_at = '2150-01-01 12:00:00' where dicom_id = 'a'",
    ),
    (
        "cxr_stay_within_is_inside",
        "at the end of its day, by days",
        "update settings.link set link_rule = 'egd-date';"
        "update links.cxr_stay set study_at = '2150-01-01 23:59:59.999' where dicom_id = 'a'",
    ),
    (
        "cxr_stay_within_is_inside",
        "in a stay without end, by the published rule",
        "update settings.link set link_rule = 'mimic-eye-1.0';"
        "update staging.ed_stays set outtime = null where stay_id = 10;"
        "update links.cxr_stay set study_at = '2160-01-01 12:00' where dicom_id = 'a'",
    ),
    (
        "cxr_stay_within_is_inside",
        "after a stay it does not claim to be in",
        "update links.cxr_stay set study_at = '2150-02-01 12:00' where dicom_id = 'b'",
    ),
]
WARNINGS = {
    "files_are_there",
    "image_has_a_study_time",
    "ed_stay_ends_after_it_starts",
    "headers_agree_with_the_metadata",
    "listed_images_are_there",
    "listed_reports_are_there",
}


@pytest.fixture
def selected():
    """The names of these audits, or of all, that select a row after some statements."""
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute(CLEAN)

        def ask(statements="", names=None):
            if statements:
                connection.execute(statements)
            return {
                name
                for name in names or audits()
                if connection.execute(audits()[name].sql).fetchall()
            }

        yield ask


def test_clean_world_breaks_no_audit(selected):
    assert selected() == set()


@pytest.mark.parametrize(
    ("name", "statements"),
    [pytest.param(name, statements, id=f"{name}: {what}") for name, what, statements in BROKEN],
)
def test_audit_selects_what_must_not_exist(selected, name, statements):
    assert selected(names=[name]) == set()
    assert selected(statements, [name]) == {name}


@pytest.mark.parametrize(
    ("name", "statements"),
    [pytest.param(name, statements, id=f"{name}: {what}") for name, what, statements in ALLOWED],
)
def test_audit_leaves_alone_what_may_exist(selected, name, statements):
    assert selected(statements, [name]) == set()


def test_every_audit_is_broken_here_once():
    assert {name for name, _, _ in BROKEN} == set(audits())


def rewrite(file, change):
    """Change a source's rows, given as header and lists of cells."""
    packed = file.suffix == ".gz"
    data = file.read_bytes()
    text = (gzip.decompress(data) if packed else data).decode()
    header, *rows = csv.reader(io.StringIO(text, newline=""))
    rows = change(header, rows)
    target = io.StringIO(newline="")
    csv.writer(target, lineterminator="\n").writerows([header, *rows])
    data = target.getvalue().encode()
    file.write_bytes(gzip.compress(data) if packed else data)


def image_twice(source, tools):
    file = tools.source(source).file("CXR-JPG/cxr_metadata")
    rewrite(file, lambda header, rows: [*rows, rows[3]])
    row = tools.read_csv(file).rows[3]
    return [cell for cell in row if len(cell) > 5]


def stay_of_two(source, tools):
    file = tools.source(source).file("ED/edstays")

    def change(header, rows):
        subject = header.index("subject_id")
        whole = [
            row
            for row in rows
            if all(row[header.index(n)] for n in ("intime", "outtime"))
            and row[header.index("intime")] < row[header.index("outtime")]
        ]
        one = whole[0]
        other = next(row for row in whole if row[subject] != one[subject])
        copy = list(one)
        copy[subject] = other[subject]
        return [*rows, copy]

    rewrite(file, change)
    return [cell for cell in tools.read_csv(file).rows[-1] if len(cell) > 5]


def reading_of_another(source, tools):
    file = tools.source(source).file("REFLACX/phase_2")

    def change(header, rows):
        place = header.index("subject_id")
        subjects = sorted({row[place] for row in rows})
        rows[0][place] = next(one for one in subjects if one != rows[0][place])
        return rows

    rewrite(file, change)
    return [cell for cell in tools.read_csv(file).rows[0] if len(cell) > 6]


@pytest.mark.parametrize(
    ("audit", "spoil"),
    [
        pytest.param("cxr_stay_keeps_every_image", image_twice, id="an image twice"),
        pytest.param("ed_stay_has_one_subject", stay_of_two, id="a stay of two patients"),
        pytest.param("reading_is_of_its_images_subject", reading_of_another, id="a reading"),
    ],
)
def test_broken_audit_fails_the_build(command, made_up, copied, tools, tmp_path, audit, spoil):
    source, out = copied(made_up(patients=6)), tmp_path / "out"
    values = spoil(source, tools)
    ran = command("build", "--source", source, "--out", out, "--files", "none")
    assert (ran.code, ran.stdout) == (1, "")
    assert audit in ran.stderr and "error: " in ran.stderr
    assert "try " in ran.stderr and "Traceback" not in ran.stderr
    assert values and not any(value in ran.stderr for value in values)
    assert not re.search(r"\b9\d{7}\b|\d{4}-\d\d-\d\d", ran.stderr.replace(str(tmp_path), ""))
    assert not (out / "build.json").exists()
    assert not (out / "mimiceye.duckdb").exists()
    assert not list(out.glob("patient_*"))


def test_broken_audits_are_told_together_and_leave_an_older_build_alone(
    command, made_up, copied, tools, tmp_path
):
    source, out = copied(made_up(patients=6)), tmp_path / "out"
    ours = r"patient_\d+|spreadsheets|build.json|manifest.parquet"
    words = ["build", "--source", source, "--out", out, "--files", "none"]
    assert command(*words).code == 0
    before = tools.tree_bytes(out, below=ours)
    image_twice(source, tools)
    stay_of_two(source, tools)
    ran = command(*words)
    assert ran.code == 1
    assert "cxr_stay_keeps_every_image" in ran.stderr and "ed_stay_has_one_subject" in ran.stderr
    assert tools.tree_bytes(out, below=ours) == before and len(before) > 10


def test_build_is_completed_when_what_broke_it_is_mended(command, made_up, copied, tools, tmp_path):
    source, out = copied(made_up(patients=6)), tmp_path / "out"
    file = tools.source(source).file("CXR-JPG/cxr_metadata")
    before = file.read_bytes()
    image_twice(source, tools)
    words = ["build", "--source", source, "--out", out, "--files", "none"]
    assert command(*words).code == 1
    file.write_bytes(before)
    assert command(*words).code == 0
    assert results(out)[0]["cxr_stay_keeps_every_image"]["status"] == "passed"
    assert not (out / ".mimiceye-duck").exists()


def results(out):
    record = json.loads((out / "build.json").read_text("utf-8"))
    return {audit["name"]: audit for audit in record["audits"]}, record


@pytest.fixture(scope="session")
def whole(made_up, command, tmp_path_factory):
    """A build of a made-up tree with all its files, and what it said."""
    out = tmp_path_factory.mktemp("whole") / "out"
    ran = command("build", "--source", made_up(), "--out", out)
    assert ran.code == 0, ran.stderr
    return out, ran


def test_every_audit_is_in_build_json(whole):
    out, ran = whole
    found, _ = results(out)
    assert set(found) == set(audits())
    assert {audit["status"] for audit in found.values()} <= {"passed", "warned"}
    assert {name for name, audit in found.items() if audit["status"] == "warned"} <= WARNINGS
    assert all(audit["claim"] for audit in found.values())
    passed = sum(audit["status"] == "passed" for audit in found.values())
    assert f"{passed} of {len(found)} passed" in ran.stdout


def test_warnings_count_the_rows_of_the_source(whole, made_up, tools):
    out, ran = whole
    found, _ = results(out)
    source = tools.source(made_up())
    stays = sum(
        not (row["intime"] and row["outtime"] and row["intime"] < row["outtime"])
        for row in source.records("ED/edstays")
    )
    assert found["ed_stay_ends_after_it_starts"]["rows"] == stays > 0
    assert f"ed_stay_ends_after_it_starts: {stays} rows" in ran.stdout
    times = sum(not link.study_at for link in source.links().values())
    assert found["image_has_a_study_time"]["rows"] == times
    assert found["files_are_there"] == found["files_are_there"] | {"status": "passed", "rows": 0}


@pytest.mark.parametrize(
    ("dataset", "title", "skipped"),
    [
        pytest.param(
            "mimic-cxr-jpg",
            "MIMIC-CXR-JPG",
            {
                "cxr_stay_keeps_every_image": "mimic_cxr_jpg.metadata",
                "image_has_a_study_time": "mimic_cxr_jpg.metadata",
                "reading_is_of_its_images_subject": "mimic_cxr_jpg.metadata",
                "cxr_stay_is_of_the_subject": "mimic_cxr_jpg.metadata",
                "cxr_stay_within_is_inside": "mimic_cxr_jpg.metadata",
                "cxr_stay_gap_is_in_the_window": "mimic_cxr_jpg.metadata",
            },
            id="images",
        ),
        pytest.param(
            "mimic-iv-ed",
            "MIMIC-IV-ED",
            {
                "ed_stay_ends_after_it_starts": "mimiciv_ed.edstays",
                "ed_stay_has_one_subject": "mimiciv_ed.edstays",
                "cxr_stay_is_of_the_subject": "mimiciv_ed.edstays",
                "cxr_stay_within_is_inside": "mimiciv_ed.edstays",
            },
            id="stays",
        ),
        pytest.param(
            "egd-cxr",
            "EyeGaze",
            {"eye_gaze_rows_are_accounted_for": "eye_gaze.eye_gaze"},
            id="EyeGaze",
        ),
    ],
)
def test_audit_over_an_absent_source_is_skipped_and_named(
    command, made_up, copied, tmp_path, dataset, title, skipped
):
    source, out = copied(made_up(patients=6)), tmp_path / "out"
    [folder] = source.rglob(dataset)
    shutil.rmtree(folder)
    for header in source.rglob("*.dcm"):
        header.unlink()  # it would stand in for the metadata
    ran = command("build", "--source", source, "--out", out, "--files", "none")
    assert ran.code == 0, ran.stderr
    found, record = results(out)
    assert record["absent"] == [title] and title in ran.stdout
    wrong = []
    for name, table in skipped.items():
        told = [line for line in ran.stdout.splitlines() if "skipped" in line and name in line]
        if not (
            found[name]["status"] == "skipped"
            and table in found[name]["absent"]
            and len(told) == 1
            and table in told[0]
        ):
            wrong.append((name, found[name]["status"]))
    assert wrong == []


def test_absent_table_of_a_dataset_skips_its_audits(command, made_up, tmp_path):
    ran = command(
        "build",
        "--source",
        made_up(patients=6),
        "--out",
        tmp_path / "out",
        "--files",
        "none",
        "--skip",
        "edstays",
    )
    assert ran.code == 0, ran.stderr
    found, _ = results(tmp_path / "out")
    assert found["ed_stay_has_one_subject"]["status"] == "skipped"
    assert "mimiciv_ed.edstays" in found["ed_stay_has_one_subject"]["absent"]


def test_missing_files_are_a_warning_with_their_count(command, made_up, copied, tools, tmp_path):
    source, out = copied(made_up()), tmp_path / "out"
    placed = tools.source(source).placed_files("eye")
    images = sorted(path for path in placed if path.endswith(".jpg"))[:2]
    reports = sorted(path for path in placed if "/CXR-DICOM/" in path)[1:2]
    for file in [*source.rglob("mimic-cxr-reports.*"), *(placed[p] for p in [*images, *reports])]:
        file.unlink()
    ran = command("build", "--source", source, "--out", out)
    assert ran.code == 0, ran.stderr
    found, record = results(out)
    assert (found["files_are_there"]["status"], found["files_are_there"]["rows"]) == ("warned", 3)
    assert record["missing"] == {"mimic_cxr.reports": 1, "mimic_cxr_jpg.images": 2}
    assert "files_are_there: 3 rows" in ran.stdout
    rows = pyarrow.parquet.read_table(out / "manifest.parquet").to_pylist()
    without = {row["path"]: row["table"] for row in rows if row["bytes"] is None}
    assert without == {
        **dict.fromkeys(images, "mimic_cxr_jpg.images"),
        **dict.fromkeys(reports, "mimic_cxr.reports"),
    }
    assert not any((out / path).exists() for path in without)
    assert all(
        (out / row["path"]).stat().st_size == row["bytes"]
        for row in rows
        if row["bytes"] is not None
    )
