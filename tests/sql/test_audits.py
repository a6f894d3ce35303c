"""Each audit can fail, and does not where it need not."""

import duckdb
import pytest

from mimiceye_duck.pipeline.steps.audits import audits, grains

# A world in which every claim is true: two patients, the first image in a stay, the second after.
CLEAN = """
create schema mimiciv_ed; create schema staging; create schema links; create schema settings;
create schema run; create schema eye_gaze; create schema repaired; create schema cohort;
create schema mimic_cxr; create schema mimic_cxr_jpg; create schema summary;
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
alter table run.files add column pixel_rows integer;
alter table run.files add column pixel_columns integer;
insert into run.files values
    ('mimic_cxr.dicom', null, true, false, 100, 'a', null, null),
    ('mimic_cxr_jpg.images', null, true, false, 100, 'a', 30, 20),
    ('mimic_cxr_jpg.images', null, true, false, 200, 'b', null, null),
    ('eye_gaze.segmentation_masks', null, true, false, 100, 'a', 8, 8);
create table mimic_cxr_jpg.metadata as
    select 'a' as dicom_id, 30 as "Rows", 20 as "Columns"
    union all select 'b', 30, 20;
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
        "images_have_the_metadatas_size",
        "as many columns, other rows",
        "update run.files set pixel_rows = 15 where pixel_rows = 30",
    ),
    (
        "images_have_the_metadatas_size",
        "rows and columns exchanged",
        "update run.files set pixel_rows = 20, pixel_columns = 30 where pixel_rows = 30",
    ),
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


# Every link and mart whose header names a key; patient_timeline has none.
UNIQUE = {
    "links_cxr_admission_is_unique": "dicom_id",
    "links_cxr_icu_stay_is_unique": "dicom_id",
    "links_cxr_stay_is_unique": "dicom_id",
    "links_nearest_stay_is_unique": "dicom_id",
    "links_rule_differences_is_unique": "dicom_id link_rule",
    "links_rules_is_unique": "link_rule",
    "links_stay_by_rule_is_unique": "link_rule dicom_id",
    "marts_cxr_clinical_is_unique": "dicom_id",
    "marts_cxr_meta_is_unique": "dicom_id",
    "marts_files_is_unique": "table_name path dicom_id",
    "marts_fixations_in_lesions_is_unique": "reading_id fixation ellipse",
    "marts_fixations_is_unique": "reading_id fixation",
    "marts_image_labels_is_unique": "dicom_id labeler label",
    "marts_labels_is_unique": "reading_id label_class",
    "marts_labs_near_image_is_unique": "dicom_id itemid unit",
    "marts_lesion_labels_is_unique": "reading_id ellipse label_class",
    "marts_lesions_is_unique": "reading_id ellipse",
    "marts_outcomes_is_unique": "dicom_id",
    "marts_prior_images_is_unique": "dicom_id prior_dicom_id",
    "marts_readings_is_unique": "dataset reading_id",
    "marts_reports_is_unique": "study_id",
    "marts_rule_differences_is_unique": "dicom_id link_rule",
    "marts_transcripts_is_unique": "reading_id place",
    "marts_vitals_near_image_is_unique": "dicom_id vital_sign",
    "marts_words_and_fixations_is_unique": "reading_id place fixation",
}


def test_each_grain_of_a_link_or_mart_is_audited():
    assert set(grains()) == set(UNIQUE)


@pytest.mark.parametrize(("name", "key"), UNIQUE.items())
def test_a_key_that_is_there_twice_is_selected(name, key):
    (relation,) = grains()[name].reads
    columns = key.split()
    # One row, and for each column of the key one that differs in it alone.
    rows = [tuple(int(other == column) for other in columns) for column in ["", *columns]]
    with duckdb.connect() as connection:
        connection.execute(f"create schema {relation.split('.')[0]}")
        connection.execute(f"create table {relation} ({', '.join(f'{c} bigint' for c in columns)})")
        insert = f"insert into {relation} values ({', '.join('?' * len(columns))})"
        connection.executemany(insert, rows)
        assert connection.execute(grains()[name].sql).fetchall() == []
        connection.execute(insert, rows[0])
        assert connection.execute(grains()[name].sql).fetchall() == [rows[0]]
