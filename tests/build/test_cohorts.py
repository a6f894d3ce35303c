"""Cohorts by ids of images and by a select, on the linked tables."""

import json
from pathlib import Path
from typing import Any

import pytest

import mimiceye_duck
from mimiceye_duck.core.errors import UserError
from tests.conftest import read_csv

BY_VIEW = "select dicom_id from mimic_cxr_jpg.metadata where ViewPosition = 'PA'"


@pytest.fixture
def build(small, tmp_path):
    def make(cohort: object, **options: Any) -> Path:
        out = tmp_path / "out"
        mimiceye_duck.build(source=small, out=out, cohort=str(cohort), files="none", **options)
        return out

    return make


def images(out: Path) -> tuple[set[str], set[str]]:
    """The dicom_ids of the spreadsheet, and those of the patients' own files."""
    found = []
    for pattern in ("spreadsheets/**/cxr_meta.csv", "patient_*/**/cxr_meta.csv"):
        listed = [one for file in out.glob(pattern) for one in read_csv(file).column("dicom_id")]
        assert len(set(listed)) == len(listed)
        found.append(set(listed))
    return found[0], found[1]


def record(out: Path) -> Any:
    return json.loads((out / "build.json").read_text())


def pa_images(small: Path, tools: Any) -> dict[str, str]:
    """The patient of each PA image."""
    rows = tools.source(small).metadata
    return {row["dicom_id"]: row["subject_id"] for row in rows if row["ViewPosition"] == "PA"}


def test_a_select_of_images_builds_these_images_alone(small, build, tools):
    wanted = pa_images(small, tools)
    assert 0 < len(wanted) < len(tools.source(small).metadata)
    out = build(BY_VIEW)
    assert images(out)[1] == set(wanted)
    folders = {file.name.removeprefix("patient_") for file in out.glob("patient_*")}
    assert folders == set(wanted.values())
    assert record(out)["options"]["query"] == BY_VIEW
    assert tools.query(out, "select dicom_id from cohort.images order by 1") == [
        (image,) for image in sorted(wanted)
    ]


def test_a_select_may_stand_in_a_file_and_read_the_links(build, tools, tmp_path):
    file = tmp_path / "linked.sql"
    file.write_text("-- linked ones\nselect * from links.cxr_stay where link is not null;\n")
    out = build(file)
    linked = tools.query(out, "select dicom_id from links.cxr_stay where stay_id is not null")
    assert images(out)[1] == {image for (image,) in linked} != set()


def test_a_select_of_patients_builds_all_their_images(small, build, tools):
    rows = tools.source(small).records("Hosp/patients")
    women = {row["subject_id"] for row in rows if row["gender"] == "F"}
    out = build("select subject_id from mimiciv_hosp.patients where gender = 'F'")
    found = tools.query(out, "select subject_id from cohort.subjects")
    assert {str(subject) for (subject,) in found} == women != set()
    theirs = {r["dicom_id"] for r in tools.source(small).metadata if r["subject_id"] in women}
    assert images(out)[1] == theirs


def test_a_file_of_images_builds_them_and_names_those_that_are_not_there(
    small, build, tools, tmp_path
):
    wanted, absent = sorted(pa_images(small, tools))[:2], "-".join(["0" * 8] * 5)
    file = tmp_path / "images.csv"
    file.write_text("\n".join(["note,dicom_id", *(f"x,{one}" for one in [*wanted, absent])]))
    out = build(file)
    assert images(out)[1] == set(wanted)
    assert record(out)["images_not_found"] == [absent]
    file.write_text(absent)
    with pytest.raises(UserError, match="no image that --cohort names is in the sources"):
        build(file)


def test_another_select_builds_again_and_the_same_does_not(small, build):
    out = build(BY_VIEW)
    found = [
        mimiceye_duck.plan(source=small, out=out, cohort=query, files="none")
        for query in (BY_VIEW, BY_VIEW.replace("'PA'", "'AP'"))
    ]
    assert [plan.is_up_to_date for plan in found] == [True, False]
    assert "option --cohort: another query" in found[1].replaces
    assert found[1].cohort.startswith("a query of dicom_id; linking finds how many")


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("select nothing_such from links.cxr_stay", "nothing_such"),
        ("select study_id from staging.cxr_images", "neither subject_id nor dicom_id"),
        ("select dicom_id from marts.cxr_meta", "made of the cohort"),
        ("select dicom_id from cohort.images", "made of the cohort"),
        ("select subject_id from mimiciv_hosp.patient", "mimiciv_hosp.patients"),
        ("select dicom_id from 'images.csv'", "images.csv"),
        ("select dicom_id from read_csv('images.csv')", r"read_csv\(\)"),
        (
            """with x as (with "a.csv" as (select 1 as subject_id) from "a.csv")
            select subject_id from x union all select subject_id from 'a.csv'""",
            "reaches for another file",
        ),
        ("with x as (delete from a returning *) select * from x", "only a select"),
        ("select 1 as subject_id; drop table x", "select"),
        ("select dicom_id from links.cxr_stay where false", "selects nothing"),
        ("select 90000000 - 1 as subject_id", "no patient that --cohort names"),
        ("select 'secret' as subject_id", "--cohort: "),
    ],
)
def test_a_select_that_gives_no_cohort_is_refused(build, query, words):
    with pytest.raises(UserError, match=words) as caught:
        build(query)
    assert "secret" not in str(caught.value)


def test_spark_refuses_a_select(build):
    with pytest.raises(UserError, match="runs on DuckDB"):
        build(BY_VIEW, engine="spark")
