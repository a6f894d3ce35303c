"""A table's file in parts, as Parquet, in a flat folder, with zeros after its end."""

import csv
import gzip
import io
import os

import duckdb
import pyarrow
import pyarrow.parquet
import pytest

from mimiceye_duck.catalog.contracts.reading import contracts
from mimiceye_duck.core.errors import UserError
from mimiceye_duck.readers import views
from mimiceye_duck.readers.discovery import find
from mimiceye_duck.readers.records.padding import is_padded, without_padding

STAYS = "mimiciv_ed.edstays"
HEADER = [column.header for column in contracts()[STAYS].file_columns]
NAMES = ["0389", "37.0", "", 'é, "quoted"', "x\ny", "nan", "1.10"]


def rows(first, last):
    width = len(HEADER) - 3
    return [
        [str(90000000 + n), str(n), str(30000000 + n), *(2 * NAMES)[n % 7 : n % 7 + width]]
        for n in range(first, last)
    ]


def text(first, last, header=HEADER):
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows([header, *rows(first, last)])
    return written.getvalue().encode()


@pytest.fixture
def ed(tmp_path):
    folder = tmp_path / "mimic-iv-ed-2.2" / "ed"
    folder.mkdir(parents=True)
    return folder


def put(file, content):
    file.write_bytes(gzip.compress(content) if file.name.lower().endswith(".gz") else content)


def stays(folder):
    return find(folder).get(STAYS)


def read(source):
    """The rows of a source as DuckDB gives them, empty cells as CSV has them."""
    found = duckdb.sql(f"select * from {views.relation(source)}").fetchall()
    return [["" if cell is None else cell for cell in row] for row in found]


IN_PARTS = {
    "BigQuery": ["edstays-000000000000.csv.gz", "edstays-000000000001.csv.gz", "edstays-2.csv.gz"],
    "from one on": ["edstays_1.csv", "edstays_2.csv", "edstays_10.csv"],
    "of how many": ["edstays-1-of-3.csv", "edstays-2-of-3.csv.gz", "edstays-3-of-3.csv"],
    "said to be": ["edstays.part0.csv", "edstays.part1.CSV", "edstays.part2.csv"],
    "Spark": [
        "edstays/part-00000-5f1c-c000.csv.gz",
        "edstays/part-00001-5f1c-c000.csv.gz",
        "edstays/part-00002-5f1c-c000.csv.gz",
    ],
    "Dask": ["edstays.csv/0.csv", "edstays.csv/1.csv", "edstays.csv/2.csv"],
}


@pytest.mark.parametrize("case", [case for case in IN_PARTS if case != "from one on"])
def test_parts_are_one_table_in_the_order_of_their_numbers(case, tmp_path, ed):
    for number, name in reversed(list(enumerate(IN_PARTS[case]))):
        (ed / name).parent.mkdir(exist_ok=True)
        put(ed / name, text(3 * number, 3 * number + 3))
    source = stays(tmp_path)
    assert source.files == tuple(ed / name for name in IN_PARTS[case])
    assert read(source) == rows(0, 9)


def test_a_part_that_is_missing_is_named(tmp_path, ed):
    for number, name in enumerate(IN_PARTS["from one on"]):
        put(ed / name, text(3 * number, 3 * number + 3))
    with pytest.raises(UserError, match=r"in parts, not all of them[\s\S]*number 3, 4, 5"):
        stays(tmp_path)


def test_the_last_part_that_is_missing_is_named_where_names_say_how_many(tmp_path, ed):
    for number, name in enumerate(IN_PARTS["of how many"][:2]):
        put(ed / name, text(3 * number, 3 * number + 3))
    with pytest.raises(UserError, match=r"in parts, not all of them[\s\S]*number 3"):
        stays(tmp_path)


def test_numbers_are_no_order_of_letters(tmp_path, ed):
    for number in range(1, 12):
        put(ed / f"edstays-{number}.csv", text(number, number + 1))
    assert read(stays(tmp_path)) == rows(1, 12)


def test_one_part_alone_is_the_table_if_it_is_the_first(tmp_path, ed):
    put(ed / "edstays-000000000000.csv.gz", text(0, 5))
    assert read(stays(tmp_path)) == rows(0, 5)


def test_parts_with_different_headers_are_refused(tmp_path, ed):
    put(ed / "edstays-0.csv", text(0, 3))
    put(ed / "edstays-1.csv", text(3, 6, [*HEADER[1:], HEADER[0]]))
    with pytest.raises(UserError, match="in parts with different headers"):
        stays(tmp_path)


def test_a_part_without_header_is_refused(tmp_path, ed):
    """As `split` makes them."""
    put(ed / "edstays-0.csv", text(0, 3))
    put(ed / "edstays-1.csv", text(3, 6).split(b"\n", 1)[1])
    with pytest.raises(UserError, match="has no header"):
        stays(tmp_path)


def test_two_downloads_of_one_file_are_no_parts(tmp_path, ed):
    for number in (1, 2):
        put(ed / f"edstays-{number}.csv.gz", text(0, 5))
    with pytest.raises(UserError, match="two are the same"):
        stays(tmp_path)


def test_the_whole_file_is_read_before_parts(tmp_path, ed):
    put(ed / "edstays.csv.gz", text(0, 6))
    put(ed / "edstays-0.csv", text(0, 3))
    put(ed / "edstays-1.csv", text(3, 6))
    assert stays(tmp_path).files == (ed / "edstays.csv.gz",)


def as_parquet(file, first, last, types=None):
    columns = list(zip(*rows(first, last), strict=True))
    table = {
        name: [cast(cell) if cell != "" else None for cell in cells]
        for name, cells, cast in zip(HEADER, columns, types or [str] * len(HEADER), strict=True)
    }
    pyarrow.parquet.write_table(pyarrow.table(table), file)


@pytest.mark.parametrize("name", ["edstays.parquet", "edstays.PARQUET", "edstays-0.parquet"])
def test_parquet_of_text_gives_the_text(name, tmp_path, ed):
    as_parquet(ed / name, 0, 9)
    source = stays(tmp_path)
    assert source.is_parquet and read(source) == rows(0, 9)


def test_parts_of_parquet_are_one_table(tmp_path, ed):
    as_parquet(ed / "edstays-0.parquet", 0, 4)
    as_parquet(ed / "edstays-1.parquet", 4, 9)
    assert read(stays(tmp_path)) == rows(0, 9)


def test_whole_numbers_that_were_written_as_floats_are_whole(tmp_path, ed):
    """As pandas does with a column that has an empty cell."""
    as_parquet(ed / "edstays.parquet", 0, 9, [float, float, int] + [str] * (len(HEADER) - 3))
    assert read(stays(tmp_path)) == rows(0, 9)


def test_what_is_no_parquet_is_told(tmp_path, ed):
    put(ed / "edstays.parquet", text(0, 3))
    with pytest.raises(UserError, match="is no Parquet"):
        stays(tmp_path)


def test_csv_is_read_before_parquet(tmp_path, ed):
    put(ed / "edstays.csv", text(0, 6))
    as_parquet(ed / "edstays.parquet", 0, 9)
    assert stays(tmp_path).files == (ed / "edstays.csv",)


@pytest.mark.parametrize(
    "name", ["edstays.CSV", "edstays.csv.GZ", "edstays.CSV.gz", "edstays.Csv.Gz"]
)
def test_an_ending_may_have_any_case(name, tmp_path, ed):
    put(ed / name, text(0, 4))
    assert read(stays(tmp_path)) == rows(0, 4)


def test_tables_may_lie_in_one_folder(tmp_path):
    """Without hosp, icu and ed."""
    put(tmp_path / "edstays.csv.gz", text(0, 4))
    for name in ("mimiciv_hosp.admissions", "mimiciv_icu.icustays"):
        contract = contracts()[name]
        header = ",".join(column.header for column in contract.file_columns)
        put(tmp_path / f"{contract.table}.csv", f"{header}\n".encode())
    found = find(tmp_path)
    assert {"mimiciv_hosp.admissions", "mimiciv_icu.icustays", STAYS} == set(found.tables)
    assert read(found.get(STAYS)) == rows(0, 4)


def test_a_table_of_another_kind_in_a_flat_folder_is_not_taken(tmp_path):
    """As MIMIC-III has patients and admissions, too."""
    put(tmp_path / "edstays.csv.gz", text(0, 4))
    put(tmp_path / "patients.csv", b"row_id,subject_id,gender,dob,dod\n1,90000000,F,2100-01-01,\n")
    assert set(find(tmp_path).tables) == {STAYS}


def test_a_folder_that_is_right_is_used_before_a_flat_one(tmp_path, ed):
    put(ed / "edstays.csv.gz", text(0, 4))
    (tmp_path / "backup").mkdir()
    put(tmp_path / "backup" / "edstays.csv.gz", text(0, 2))
    found = find(tmp_path)
    assert read(found.get(STAYS)) == rows(0, 4) and not found.warnings


PADDED = {"a block": 512, "ten": 10, "three": 3, "one": 1}


@pytest.mark.parametrize("case", PADDED)
def test_zeros_after_the_end_are_seen_and_left_out_of_a_copy(case, tmp_path, ed):
    file = ed / "edstays.csv.gz"
    file.write_bytes(gzip.compress(text(0, 40)) + bytes(PADDED[case]))
    assert is_padded(file)
    sources = without_padding(find(tmp_path), tmp_path / "copies")
    (copy,) = sources.get(STAYS).readable
    assert copy.stat().st_size == file.stat().st_size - PADDED[case]
    assert read(sources.get(STAYS)) == rows(0, 40)


NOT_PADDED = {
    "a file": gzip.compress(b"x" * 100),
    "an empty text": gzip.compress(b""),
    "several members": gzip.compress(b"x,y\n") + gzip.compress(b"1,2\n" * 9) + gzip.compress(b""),
    "a text that ends in zeros": gzip.compress(bytes(70_000)),
    "a file that is cut": gzip.compress(b"x" * 100_000)[:-6],
}


@pytest.mark.parametrize("case", NOT_PADDED)
def test_zeros_of_the_file_itself_are_no_padding(case, tmp_path):
    (tmp_path / "x.csv.gz").write_bytes(NOT_PADDED[case])
    assert not is_padded(tmp_path / "x.csv.gz")


def test_a_copy_is_made_once(tmp_path, ed):
    file = ed / "edstays.csv.gz"
    file.write_bytes(gzip.compress(text(0, 40)) + bytes(512))
    (first,) = without_padding(find(tmp_path), tmp_path / "copies").get(STAYS).readable
    number = first.stat().st_ino
    (again,) = without_padding(find(tmp_path), tmp_path / "copies").get(STAYS).readable
    assert again.stat().st_ino == number


def test_a_copy_is_not_taken_for_that_of_another_file_of_the_same_name_and_time(tmp_path, ed):
    file = ed / "edstays.csv.gz"
    for length in (40, 20):
        file.write_bytes(gzip.compress(text(0, length)) + bytes(512))
        os.utime(file, ns=(10**18, 10**18))
        sources = without_padding(find(tmp_path), tmp_path / "copies")
        assert read(sources.get(STAYS)) == rows(0, length)
