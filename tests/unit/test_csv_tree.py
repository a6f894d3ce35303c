"""CSV files that come in slices: what is told of each is what Python's csv finds in it."""

import csv
import subprocess

import pyarrow
import pytest

from mimiceye_duck.writers.csv_tree import Csv, _slices, write_slices
from mimiceye_duck.writers.manifest import Entry

HEADER = ["subject_id", "comment"]
# Two patients whose records lie in more than one batch, and one who has none but his own.
BATCHES = [
    [(90000001, "90000001,a\n"), (90000001, '90000001,"b\nc"\n'), (90000002, "90000002,d\n")],
    [(90000002, "90000002,é\n")],
    [],
    [(90000002, "90000002,\n"), (90000002, "90000002,f\n"), (90000003, "90000003,g\n")],
]


def batches(records):
    """Record batches as DuckDB gives them, each record with its patient."""
    for some in records:
        patients = pyarrow.array([patient for patient, _ in some], pyarrow.int64())
        lines = pyarrow.array([line for _, line in some], pyarrow.string())
        yield pyarrow.record_batch([patients, lines], ["patient", "line"])


def sha256sum(content):
    done = subprocess.run(["sha256sum"], input=content, capture_output=True, check=True)
    return done.stdout.split()[0].decode()


@pytest.mark.parametrize("each", [False, True], ids=["as they come", "one by one"])
def test_rows_and_bytes_are_added_up_over_slices(each, tmp_path):
    records = [[one] for some in BATCHES for one in some] if each else BATCHES
    csv_files = Csv(tmp_path, "mimiciv_hosp.made", HEADER, numbered=False)
    entries = write_slices(_slices(batches(records)), csv_files, "Hosp/made.csv")
    wanted = []
    for patient in (90000001, 90000002, 90000003):
        path = f"patient_{patient}/Hosp/made.csv"
        with open(tmp_path / path, encoding="utf-8", newline="") as lines:
            header, *rows = csv.reader(lines)
        own = [line for some in BATCHES for one, line in some if one == patient]
        assert header == HEADER
        assert rows == [*csv.reader("".join(own).splitlines(keepends=True))]
        content = (tmp_path / path).read_bytes()
        wanted.append(
            Entry(path, "mimiciv_hosp.made", patient, len(rows), len(content), sha256sum(content))
        )
    assert [entry.rows for entry in wanted] == [2, 4, 1]
    assert entries == wanted


def test_a_table_of_nobodys_is_one_file_whatever_slices_it_comes_in(tmp_path):
    csv_files = Csv(tmp_path, "mimiciv_hosp.made", HEADER, numbered=False)
    slices = [(None, b"1,a\n", 1), (None, b"2,b\n3,c\n", 2)]
    entries = write_slices(slices, csv_files, "spreadsheets/Hosp/made.csv")
    content = b"subject_id,comment\n1,a\n2,b\n3,c\n"
    assert (tmp_path / "spreadsheets/Hosp/made.csv").read_bytes() == content
    path = "spreadsheets/Hosp/made.csv"
    digest = sha256sum(content)
    assert entries == [Entry(path, "mimiciv_hosp.made", None, 3, len(content), digest)]
