"""Whatever is read is understood or refused in words: many tries, the same ones each time."""

import csv
import gzip
import io
import re
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow
import pytest
import yaml
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from mimiceye_duck.catalog.contracts.contract import Contract
from mimiceye_duck.catalog.contracts.reading import contracts, read
from mimiceye_duck.catalog.models.reading import models
from mimiceye_duck.catalog.options.checking import memory, window_seconds
from mimiceye_duck.catalog.options.cohort_choice import subjects_of
from mimiceye_duck.catalog.sql.csv_text import csv_line
from mimiceye_duck.catalog.sql.quoting import Sql
from mimiceye_duck.catalog.sql.templates import render, typed
from mimiceye_duck.core.errors import UsageError, UserError
from mimiceye_duck.database.connection import Database
from mimiceye_duck.readers.headers import check_header
from mimiceye_duck.readers.reports.sections import sections
from tests.broken import tiny
from tests.broken.tiny import SECRET
from tests.conftest import Table, csv_bytes

# What they find becomes a case of its own, so that chance decides nothing here.
TRIES = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

# Contracts

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
FILES = [contract.file for contract in contracts().values()]
JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.sampled_from(["", "x", "a.b", "{", "}", "{x}", "{x!r:>9}", "/", "INTEGER) --", "VARCHAR[]"]),
    st.text(max_size=5),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.sampled_from(["name", "property", "to"]), st.integers(), max_size=2),
)


def places(node: Any) -> Iterator[tuple[Any, Any]]:
    """Every value in a document, as what holds it and its key there."""
    for key in list(node) if isinstance(node, dict) else range(len(node)):
        yield node, key
        if isinstance(node[key], dict | list):
            yield from places(node[key])


def use(contract: Contract) -> None:
    """Ask of a contract what others do."""
    assert contract.schema and contract.table and contract.cohort_name
    assert len(contract.key) <= len(contract.columns)
    if contract.is_file_set:
        assert contract.inner_path and contract.glob and re.compile(contract.path_regex)
    columns = [(column, None) for column in contract.columns]
    duckdb.sql(f"select {typed(columns)} where false")


def understood(file) -> None:
    """A contract is one that others can work with, or what is wrong with it is told."""
    try:
        use(read(file))
    except UserError as error:
        assert "a data contract is not understood" in str(error) and str(file) in str(error)
        assert error.problems[0].detail


@TRIES
@given(st.sampled_from(FILES), st.data())
def test_a_contract_with_a_wrong_value_is_told(tmp_path, file, data):
    document = yaml.load(file.read_text("utf-8"), LOADER)
    holder, key = data.draw(st.sampled_from(list(places(document))))
    if data.draw(st.booleans()):
        holder[key] = data.draw(JUNK)
    else:
        del holder[key]
    changed = tmp_path / "changed.odcs.yaml"
    changed.write_text(yaml.dump(document, Dumper=DUMPER, allow_unicode=True), "utf-8")
    understood(changed)


@TRIES
@given(st.sampled_from(FILES), st.data())
def test_a_contract_with_wrong_bytes_is_told(tmp_path, file, data):
    content = bytearray(file.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        begin = data.draw(st.integers(0, len(content)))
        end = begin + data.draw(st.sampled_from([0, 1, 2, 40, len(content)]))
        content[begin:end] = data.draw(
            st.binary(max_size=3) | st.sampled_from([b":", b"\t", b"- "])
        )
    changed = tmp_path / "changed.odcs.yaml"
    changed.write_bytes(content)
    understood(changed)


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("id: mimiciv_ed.edstays", "id: edstays", "id edstays is not a schema.table"),
        ("physicalType: INTEGER", "physicalType: number", "physicalType number of"),
        ("physicalType: INTEGER", "physicalTyp: INTEGER", "'physicalType' is not there"),
        ("required: true", "required: maybe", "required is not of type bool"),
        ("name: intime", "name: outtime", "a column is there twice"),
        ("path: ed/edstays.csv", "path: ed/{stay}.csv", "does not name the columns"),
        ("schema:", "schema: [", "while parsing"),
        ("kind: DataContract", "kind: \xff", "a data contract is not understood"),
    ],
)
def test_a_mistake_in_a_contract_is_named(old, new, found, tmp_path):
    text = contracts()["mimiciv_ed.edstays"].file.read_text("utf-8")
    assert old in text
    changed = tmp_path / "edstays.odcs.yaml"
    changed.write_bytes(text.replace(old, new, 1).encode("latin-1"))
    with pytest.raises(UserError) as caught:
        read(changed)
    assert found in str(caught.value) and str(changed) in str(caught.value)


# Headers

TABLE = "mimiciv_ed.edstays"
FIRST = csv_bytes(tiny.table(TABLE, tiny.ROWS[TABLE]))


@TRIES
@given(st.binary(max_size=300), st.booleans())
@example(b"\x1f\x8b\x08\x04\0\0\0\0\0\0\xff\xff", False)
def test_any_bytes_are_a_header_or_told(tmp_path, content, packed):
    for name in ("edstays.csv", "edstays.csv.gz"):
        file = tmp_path / name
        file.write_bytes(gzip.compress(content) if packed else content)
        header, results = check_header(contracts()[TABLE], file, "2.2")
        assert header or results
        assert all(str(file) == result.path for result in results if result.path)


@TRIES
@given(
    st.integers(0, FIRST.index(b"\n") + 40),
    st.sampled_from([b"", b",", b'"', b"\n", b"\r", b";", b"x", b"\0", b"\t", b'""', b"\n\n"]),
    st.integers(0, 2),
)
@example(FIRST.index(b"\n"), b"", 1)
@example(FIRST.index(b"\n"), b",", 1)
@example(FIRST.index(b"\n"), b";", 1)
def test_a_wrong_byte_in_a_header_shows_no_row(tmp_path, place, new, length):
    file = tmp_path / "edstays.csv"
    file.write_bytes(FIRST[:place] + new + FIRST[place + length :])
    _, results = check_header(contracts()[TABLE], file, "2.2")
    told = " ".join(str(result) for result in results)
    assert SECRET not in told and tiny.ANNA not in told


# Reports

LINES = st.sampled_from(
    [
        "FINDINGS:",
        "IMPRESSION",
        "A:",
        "AP CHEST:",
        "ADDENDUM",
        "WET READ",
        "(",
        "_" * 12,
        "A B " * 20,
    ]
    + ["\n", "\n \n", "\r", "\r\n", " ", "\t", "\xa0", ":", ".", "x", "10:30", "é", "\u2028", "\0"]
)


def ink(text: str) -> str:
    return "".join(text.split())


@settings(TRIES, max_examples=60)
@given(st.lists(LINES, min_size=1, max_size=5).map("".join) | st.text(min_size=1, max_size=20))
def test_sections_of_a_long_report_take_their_time_and_lose_nothing(unit):
    text = unit * (50_000 // len(unit))
    begin = time.process_time()
    pieces = sections(text)
    # A line that is read twice over takes minutes.
    assert time.process_time() - begin < 5
    assert ink("".join(piece.header + piece.text for piece in pieces)) == ink(text)
    found = 0
    for part in (part for piece in pieces for part in (piece.header, piece.text)):
        found = text.replace("\r\n", " \n").replace("\r", "\n").find(part[:1], found)
        assert found >= 0


# Times

DIGITS = st.text("0123456789", min_size=1, max_size=9)
DATES = st.one_of(
    st.dates().map(lambda date: date.strftime("%Y%m%d")),
    st.tuples(st.integers(0, 9999), st.integers(0, 99), st.integers(0, 99)).map(
        lambda parts: "{:04}{:02}{:02}".format(*parts)
    ),
    DIGITS,
    st.sampled_from(["", "-21500101", "x", "21500101x", "2150-01-01", "nan", "\0", "9" * 40]),
    st.text(max_size=4),
)
TIMES = st.one_of(
    st.tuples(st.integers(0, 25), st.integers(0, 61), st.integers(0, 61), st.integers(0, 999)).map(
        lambda parts: str(Decimal("{}{:02}{:02}.{:03}".format(*parts)).normalize())
    ),
    st.tuples(st.integers(0, 245_959), st.integers(0, 999)).map(lambda p: f"{p[0]}.{p[1]:03}"),
    # As a float is written that is no decimal.
    st.tuples(st.integers(0, 235_959), st.integers(1, 998)).map(
        lambda parts: f"{parts[0]}.{parts[1]:03}00000000002"
    ),
    DIGITS,
    st.sampled_from(["", "-1", ".5", "5.", "x", "1x", "nan", "inf", "-inf", "\0", "9" * 400]),
    st.text(max_size=4),
)
NUMBER = re.compile(r"[0-9]+\.?[0-9]*|\.[0-9]+")


def moment(date: str, clock: str) -> datetime | None:
    """Date and time as the specification reads them, by decimals."""
    if not re.fullmatch("[0-9]{8}", date) or not NUMBER.fullmatch(clock):
        return None
    whole, _, part = clock.partition(".")
    digits = f"{int(whole or 0):06}"
    try:
        day = datetime.strptime(date, "%Y%m%d")
        hours = datetime.strptime(digits, "%H%M%S") if len(digits) == 6 else None
    except ValueError:
        return None
    if hours is None:
        return None
    # What rounds to a whole second is of the next one.
    milliseconds = int((Decimal(f"0.{part}") * 1000).to_integral_value())
    return datetime.combine(day, hours.time()) + timedelta(milliseconds=milliseconds)


def is_plain(date: str, clock: str) -> bool:
    """Whether both are numbers as anyone writes them, or no numbers at all.

    What DuckDB also takes for numbers, such as 1e5, 1_000 or digits of other scripts, is left out.
    """
    odd = re.compile(r"[eE_+x\s]|[^\x00-\x7f]")
    return not odd.search(date + clock) and not (date[:1] == "0" or date[:1] == "-")


# Many at a time, since a query takes its time; the pair at fault is told without shrinking.
@settings(TRIES, max_examples=25, phases=[Phase.generate])
@given(st.lists(st.tuples(DATES, TIMES), min_size=50, max_size=200))
def test_any_date_and_time_is_read_as_decimals_say(pairs):
    columns = [(c, c.header) for c in contracts()["mimic_cxr_jpg.metadata"].columns]
    dates, clocks = zip(*pairs, strict=True)
    with duckdb.connect() as connection:
        names = [column.header for column, _ in columns]
        cells = {name: [None] * len(pairs) for name in names}
        cells |= {"StudyDate": list(dates), "StudyTime": list(clocks)}
        cells["study_id"] = [str(number) for number in range(len(pairs))]
        arrays = [pyarrow.array(cells[name], pyarrow.string()) for name in names]
        connection.register("texts", pyarrow.table(arrays, names=names))
        connection.execute("create schema mimic_cxr_jpg")
        connection.execute(
            f"create table mimic_cxr_jpg.metadata as select {typed(columns)} from texts"
        )
        images = models()["staging.cxr_images"].sql
        found = connection.execute(f"select study_at from ({images}) order by study_id").fetchall()
    for (date, clock), (study_at,) in zip(pairs, found, strict=True):
        if is_plain(date, clock):
            assert study_at == moment(date, clock), (date, clock)


# Words and lists of patients


@TRIES
@given(st.text(max_size=12) | st.from_regex(r"[0-9.]{1,12} ?(d|h|min|s|GB|KiB|%)", fullmatch=True))
@example("9" * 400 + "d")
@example("9" * 400 + "GB")
@example("٣d")
@example("٣GB")
@example("0GB")
@example("101%")
def test_any_word_is_a_length_of_time_or_told(word):
    try:
        assert 0 <= window_seconds(word) < 1e15
    except UsageError as error:
        assert "7d, 36h" in str(error)
    try:
        limit = memory(word)
    except UsageError as error:
        assert "2GB" in str(error)
    else:
        Database.open(memory_limit=limit).close()


RECORD = st.one_of(
    st.integers(0, 10**9).map(str),
    st.sampled_from([SECRET, "", '"', "subject_id", "a,subject_id", "-1", "1.0", "9" * 5000, "٣"]),
    st.text(max_size=6),
)


@TRIES
@given(
    st.lists(RECORD, max_size=5).map("\n".join).map(lambda text: text.encode("utf-8", "replace"))
)
@example(b"9" * 5000)
@example(b"\xff\xfe1\0")
@example(b'"' + b"1" * 200_000)
def test_any_file_is_a_list_of_patients_or_told(tmp_path, content):
    file = tmp_path / "ids"
    file.write_bytes(content)
    try:
        subjects = subjects_of(file)
    except UsageError as error:
        assert str(file) in str(error) and SECRET not in str(error)
    else:
        assert subjects and all(0 <= subject < 2**63 for subject in subjects)


# Cells

CELL = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.text(
    '",\n\r\0 x', max_size=6
)


@settings(TRIES, max_examples=40)
@given(st.lists(st.tuples(CELL, CELL | st.none()), min_size=1, max_size=50))
def test_any_cell_is_read_back_by_python(rows):
    with duckdb.connect() as connection:
        connection.execute(render("csv_cell", kind=Sql("macro")))
        columns = [pyarrow.array(values, pyarrow.string()) for values in zip(*rows, strict=True)]
        connection.register(
            "cells", pyarrow.table([range(len(rows)), *columns], names=["n", "a", "b"])
        )
        line = csv_line(["a", "b"])
        lines = connection.execute(f"select {line} from cells order by n").fetchall()
    text = "".join(line for (line,) in lines)
    read_back = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    assert read_back == [[first, second or ""] for first, second in rows]
    # Quotes stand only where a reader needs them.
    plain = Table([], [[first, second or ""] for first, second in rows])
    assert "\n" + text == csv_bytes(plain).decode()
