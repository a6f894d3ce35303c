"""marts.reports: reports of the built studies, whole and by section."""

import pytest
from mart_world import Marts

SECTIONS = [
    "findings", "impression", "examination", "indication", "history", "technique", "comparison",
]  # fmt: skip


@pytest.fixture
def marts(world):
    marts = Marts(world)
    marts.given("cohort.studies", "subject_id | study_id\n1 | 5")
    marts.given(
        "cohort.cxr_reports",
        "study_id | subject_id | path | text\n5 | 1 | files/p10/p1/s5.txt | FINDINGS: Clear.",
    )
    return marts


def sections(marts, *lines):
    head = "study_id | place | header | section | text"
    marts.given("cohort.cxr_report_sections", "\n".join([head, *lines]))


def test_columns(marts):
    assert marts.columns("reports") == ["study_id", "subject_id", "path", "text", *SECTIONS]


def test_a_report_is_there_though_no_section_was_found(marts):
    assert marts.rows("reports") == [
        (5, 1, "files/p10/p1/s5.txt", "FINDINGS: Clear.", *[None] * len(SECTIONS))
    ]


@pytest.mark.parametrize("section", SECTIONS)
def test_a_section_stands_in_its_column_and_no_other(marts, section):
    sections(marts, f"5 | 1 | HEADING: | {section} | Some text.")
    assert marts.rows("reports", ", ".join(SECTIONS)) == [
        tuple("Some text." if name == section else None for name in SECTIONS)
    ]


def test_sections_of_one_name_are_joined_in_the_order_of_the_report(marts):
    sections(
        marts,
        "5 | 9 | IMPRESSION: | impression | Third.",
        "5 | 2 | IMPRESSION: | impression | First.",
        "5 | 4 | FINDINGS:   | findings   | Clear.",
        "5 | 5 | IMPRESSION: | impression | Second.",
    )
    assert marts.rows("reports", "findings, impression") == [
        ("Clear.", "First.\n\nSecond.\n\nThird.")
    ]


def test_sections_are_joined_by_their_places_whatever_they_say(marts):
    sections(
        marts,
        "5 | 9 | FINDINGS: | findings | Alone.",
        "5 | 10 | FINDINGS: | findings | Both.",
        "5 | 2 | FINDINGS: | findings | Clear.",
    )
    assert marts.rows("reports", "findings") == [("Clear.\n\nAlone.\n\nBoth.",)]


def test_findings_and_impression_in_one_stand_in_both(marts):
    sections(
        marts,
        "5 | 1 | FINDINGS AND IMPRESSION: | findings_and_impression | Clear.",
        "5 | 2 | IMPRESSION:              | impression              | Normal.",
    )
    assert marts.rows("reports", "findings, impression") == [("Clear.", "Clear.\n\nNormal.")]


def test_a_heading_without_text_is_no_section(marts):
    sections(
        marts,
        "5 | 1 | COMPARISON: | comparison | ''",
        "5 | 2 | FINDINGS:   | findings   | ''",
        "5 | 3 | FINDINGS:   | findings   | Clear.",
    )
    assert marts.rows("reports", "findings, comparison") == [("Clear.", None)]


def test_each_study_has_its_own_sections(marts):
    marts.given("cohort.studies", "subject_id | study_id\n1 | 5\n1 | 6")
    marts.given("cohort.cxr_reports", "study_id | subject_id\n5 | 1\n6 | 1")
    sections(marts, "5 | 1 | FINDINGS: | findings | Five.", "6 | 1 | FINDINGS: | findings | Six.")
    assert marts.rows("reports", "study_id, findings") == [(5, "Five."), (6, "Six.")]


def test_a_study_without_a_report_has_no_row(marts):
    marts.given("cohort.studies", "subject_id | study_id\n1 | 5\n1 | 6")
    assert marts.rows("reports", "study_id") == [(5,)]


def test_a_report_of_a_study_that_is_not_built_has_no_row(marts):
    marts.given("cohort.cxr_reports", "study_id | subject_id\n7 | 1")
    assert marts.rows("reports") == []
