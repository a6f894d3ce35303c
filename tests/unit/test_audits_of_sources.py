"""Which audits are run of which sources: one whose source is absent is skipped and names it."""

import re

import pytest

from mimiceye_duck.catalog.contracts.reading import contracts
from mimiceye_duck.core.errors import UserError
from mimiceye_duck.pipeline.steps.audits import audits, run

METADATA, HEADERS = "mimic_cxr_jpg.metadata", "mimic_cxr.dicom"
LISTED = "listed_images_are_there"
AGREE = "headers_agree_with_the_metadata"
EVERY = frozenset(contracts())


# Of these a build goes on, as the specification says: rows of the sources, not of ours.
WARNINGS = {
    "ed_stay_ends_after_it_starts",
    "files_are_there",
    "headers_agree_with_the_metadata",
    "image_has_a_study_time",
    "images_have_the_metadatas_size",
    "listed_images_are_there",
    "listed_reports_are_there",
}


class Engine:
    """Finds as many rows against every claim, and counts what it was asked."""

    def __init__(self, rows: int = 0) -> None:
        self.rows = rows
        self.asked = 0

    def value(self, sql: str) -> int:
        self.asked += 1
        return self.rows


def skipped(present, stand_ins=()):
    """The audits that were skipped, each with what it lacked; all others were asked."""
    engine = Engine()
    results = run(engine, present, stand_ins)
    assert [result.name for result in results] == [*audits()]
    found = {one.name: one.absent for one in results if one.status == "skipped"}
    assert engine.asked == len(results) - len(found)
    return found


def test_with_every_source_every_audit_is_run():
    assert skipped(EVERY) == {}


@pytest.mark.parametrize(
    ("absent", "wanted"),
    [
        # The files that it looks for are nowhere: it is about them without reading them.
        (HEADERS, {LISTED, AGREE}),
        ("mimic_cxr.reports", {"listed_reports_are_there"}),
        ("mimic_cxr.record_list", {LISTED}),
        ("eye_gaze.fixations", {"eye_gaze_rows_are_accounted_for"}),
    ],
)
def test_an_audit_is_skipped_without_what_it_reads_or_is_about(absent, wanted):
    found = skipped(EVERY - {absent})
    assert {name for name, lacked in found.items() if absent in lacked} == set(found) == wanted


def test_what_stands_in_for_a_table_may_be_read_but_not_compared_with_itself():
    assert METADATA in {lacked for one in skipped(EVERY - {METADATA}).values() for lacked in one}
    found = skipped(EVERY - {METADATA}, [METADATA])
    assert found == dict.fromkeys([AGREE, "images_have_the_metadatas_size"], (METADATA,))


def test_every_broken_claim_but_a_warning_is_told_with_its_rows():
    with pytest.raises(UserError) as caught:
        run(Engine(1234), EVERY)
    told = str(caught.value)
    failed = re.findall(r"the audit (\w+) found 1,234 rows", told)
    assert failed == [name for name in audits() if name not in WARNINGS]


def test_a_warning_stops_nothing():
    chosen = {name: audits()[name] for name in WARNINGS}
    found = run(Engine(5), EVERY, chosen=chosen)
    assert {(one.name, one.status, one.rows) for one in found} == {
        (name, "warned", 5) for name in WARNINGS
    }
