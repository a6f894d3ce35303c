"""Which files a set has: one walker for the build, the checks, the estimate and Spark."""

import os

import pytest

from mimiceye_duck.catalog.contracts.reading import contracts
from mimiceye_duck.readers.dicom.files import states
from mimiceye_duck.readers.file_sets import files, is_path_of, paths_below
from mimiceye_duck.readers.sources import Source

DICOM, GAZE = contracts()["mimic_cxr.dicom"], contracts()["reflacx.gaze"]
HEADERS = ["B.DCM", "deep/down/c.dcm", "p90/p90000001/s50000001/a.dcm"]


def tree(root, paths):
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text("x")
    return root


def test_a_dicom_file_is_of_its_set_wherever_it_lies_and_however_it_is_written(tmp_path):
    root = tree(tmp_path, [*HEADERS, "p90/index.html", "deep/c.dcm.txt"])
    (root / "folder.dcm").mkdir()
    source = Source(DICOM, None, folders=(root,))
    assert list(paths_below(root, DICOM)) == HEADERS
    assert [file.relative_to(root).as_posix() for file in files(source)] == HEADERS
    # What a later build compares are these files too.
    there = {os.path.relpath(path, root).replace(os.sep, "/") for path, _ in states([root])}
    assert there == {*HEADERS, "folder.dcm"}
    assert all(is_path_of(DICOM, path) for path in HEADERS) and not is_path_of(DICOM, "a.txt")


def test_any_other_file_is_of_its_set_where_the_contract_says(tmp_path):
    ours = ["P102R000001/gaze.csv", "P300R000002/gaze.csv"]
    others = ["gaze.csv", "P102R000001/deep/gaze.csv", "P102R000001/gaze.CSV.txt"]
    root = tree(tmp_path, [*reversed(ours), *others])
    (root / "P102R000003/gaze.csv").mkdir(parents=True)
    assert list(paths_below(root, GAZE)) == ours
    assert [is_path_of(GAZE, path) for path in [*ours, *others]] == [True, True, *[False] * 3]
    assert list(paths_below(root / "none", GAZE)) == []


def test_a_link_that_leads_nowhere_is_no_file(tmp_path):
    root = tree(tmp_path, ["P102R000001/gaze.csv"])
    (root / "P102R000002").mkdir()
    try:
        (root / "P102R000002/gaze.csv").symlink_to(root / "nowhere")
    except OSError:
        pytest.skip("no right to make links")
    assert list(paths_below(root, GAZE)) == ["P102R000001/gaze.csv"]
