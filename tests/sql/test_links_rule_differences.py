"""links.rule_differences: what another rule says of an image, and why."""

import pytest

HEAD = "dicom_id | subject_id | study_at"
STAYS = "stay_id | subject_id | intime | outtime"
DAY = "2150-05-05"


@pytest.fixture
def differ(world, given, rows):
    """Image `a` with its time and stays; the rows of the rules that differ from the build's."""

    def ask(study_at, *stays, columns="link_rule, stay_id, built_stay_id, reason"):
        given("staging.cxr_images", f"{HEAD}\na | 1 | {study_at}")
        given("staging.ed_stays", "\n".join([STAYS, *stays]))
        return rows("links.rule_differences", columns)

    return ask


def test_rules_that_agree_have_no_row(differ):
    assert differ(f"{DAY} 12:00", f"10 | 1 | {DAY} 10:00 | {DAY} 14:00") == []


def test_an_image_before_ten_is_lost_to_the_dropped_zero(differ):
    assert differ(f"{DAY} 09:59:59", f"10 | 1 | {DAY} 08:00 | {DAY} 14:00") == [
        ("mimic-eye-1.0", None, 10, "before ten o'clock")
    ]


def test_an_image_within_the_window_is_lost_to_rules_without_one(differ):
    found = differ(f"{DAY} 15:00", "10 | 1 | 2150-05-04 10:00 | 2150-05-04 14:00")
    reason = "only within the window"
    assert found == [(rule, None, 10, reason) for rule in ("closed", "egd-date", "mimic-eye-1.0")]


def test_an_image_before_a_stay_is_found_by_nearest(differ):
    found = differ(f"{DAY} 15:00", "10 | 1 | 2150-05-06 10:00 | 2150-05-06 14:00")
    assert found == [("nearest", 10, None, "only within the window")]


def test_a_boundary_is_a_reason(differ):
    found = differ(f"{DAY} 10:00", f"10 | 1 | {DAY} 10:00 | {DAY} 14:00")
    assert {(rule, reason) for rule, _, _, reason in found} == {
        ("closed", "at a boundary"),
        ("egd-date", "at a boundary"),
        ("nearest", "at a boundary"),
    }


def test_a_stay_of_the_day_is_found_by_the_date(differ):
    found = differ(
        f"{DAY} 09:00",
        f"10 | 1 | {DAY} 10:00 | {DAY} 14:00",
        columns="link_rule, stay_id, link, built_link, reason",
    )
    assert found == [
        ("egd-date", 10, "within", None, "only on the same day"),
        ("nearest", 10, "before", None, "only within the window"),
    ]


def test_a_stay_without_end_counts_among_several(differ):
    """The published rule drops an image inside a stay and inside one without end, as two."""
    found = differ(
        f"{DAY} 12:00", f"10 | 1 | {DAY} 10:00 | {DAY} 14:00", "11 | 1 | 2150-01-01 10:00 |"
    )
    assert found == [("mimic-eye-1.0", None, 10, "several stays")]


def test_a_stay_without_end_alone_is_endless_to_the_published_rule(differ):
    found = differ(f"{DAY} 12:00", f"11 | 1 | {DAY} 10:00 |")
    assert found == [("mimic-eye-1.0", 11, None, "in a stay without an outtime")]


def test_an_image_without_a_time_and_a_patient_without_a_stay_differ_nowhere(differ):
    assert differ("", f"10 | 1 | {DAY} 10:00 | {DAY} 14:00") == []
    assert differ(f"{DAY} 12:00", f"10 | 2 | {DAY} 10:00 | {DAY} 14:00") == []


def test_the_mart_has_the_built_images_alone(world, given):
    given("cohort.images", "dicom_id | study_id | subject_id\na | 5 | 1")
    given("links.rule_differences", "dicom_id | link_rule | reason\na | closed | x\nb | closed | x")
    assert world.rows("marts.rule_differences", "dicom_id, study_id, link_rule, reason") == [
        ("a", 5, "closed", "x")
    ]
