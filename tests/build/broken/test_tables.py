"""Broken tables: each is refused in words that help, or is none and is read right."""

import bz2
import itertools
import zlib
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from mimiceye_duck.catalog.contracts.reading import contracts
from mimiceye_duck.readers.discovery import find
from tests.broken import tiny
from tests.broken.damage import (
    PAGE,
    Damage,
    added,
    again,
    blocks,
    both,
    cells,
    empty,
    far,
    fewer,
    flipped,
    halves,
    header,
    long,
    members,
    more,
    named,
    ordered,
    packed,
    repacked,
    replaced,
    row,
    rows,
    second_block,
    secret,
    text,
    zipped,
)
from tests.broken.tiny import ANNA, BERT, SECRET
from tests.build.broken.conftest import CLINICAL
from tests.conftest import Table, csv_bytes, read_csv

ANY = "any clinical table"
LABS, STAYS, TRIAGE = "mimiciv_hosp.labevents", "mimiciv_ed.edstays", "mimiciv_ed.triage"
PATIENTS, CODES = "mimiciv_hosp.patients", "mimiciv_hosp.d_hcpcs"
METADATA, CHEXPERT = "mimic_cxr_jpg.metadata", "mimic_cxr_jpg.chexpert"
PHASE_1, PHASE_2 = "reflacx.metadata_phase_1", "reflacx.metadata_phase_2"
SHEET, GAZE = "eye_gaze.master_sheet", "eye_gaze.eye_gaze"
FIXATIONS, WORDS = "reflacx.fixations", "reflacx.timestamps_transcription"
SPOKEN = "eye_gaze.transcript"

JSON = b'{"message": "%s", "status": 403}' % SECRET.encode()
S3 = b'<?xml version="1.0"?>\n<Error><Code>AccessDenied</Code>%s</Error>' % SECRET.encode()

CUT, DAMAGED, NO_GZIP = "is cut short", "is damaged", "is not gzip though its name says so"
DEFLATED, BEHIND, SUMS = "cannot inflate", "something else after its end", "what its CRC says"
UNREADABLE, EMPTY = "what gzip can read", "is empty"
NO_UTF_8, NO_HEADER, PAGED = "not UTF-8 text", "has no header", "is a web page"
MORE, ENDLESS, ENDS = "more or fewer cells", "a quoted cell never ends", "end in different ways"
OWN, NO_ID = "a build gives to a column of its own", "that are not whole numbers"
BAD_ID, AUDITED = "in column subject_id", "rows that must not exist"
NO_JSON = "not JSON"


class Case(NamedTuple):
    """A table, what is done to its file, and words of what must be told of it."""

    table: str
    damage: Damage
    words: tuple[str, ...]


def case(table: str, damage: Damage, *words: str) -> Case:
    return Case(table, damage, words)


# What the first look at a file finds.
AT_ONCE = {
    # How it is packed
    "cut after 1 byte": case(ANY, packed(lambda data: data[:1]), NO_GZIP),
    "cut in the gzip header": case(ANY, packed(lambda data: data[:7]), CUT),
    "cut behind the gzip header": case(STAYS, packed(lambda data: data[:10]), CUT),
    "cut at a tenth": case(ANY, packed(lambda data: data[: len(data) // 10]), CUT),
    "cut at the half": case(ANY, packed(lambda data: data[: len(data) // 2]), CUT),
    "a wrong first byte": case(ANY, packed(lambda data: b"\x1e" + data[1:]), NO_GZIP),
    "a wrong method": case(ANY, packed(lambda data: data[:2] + b"\7" + data[3:]), NO_GZIP),
    "a flipped byte at the start": case(ANY, flipped(lambda data: 10, 6), DAMAGED),
    "a flipped byte in a length": case(ANY, flipped(lambda data: 11, 255), DAMAGED),
    "no gzip but text": case(LABS, repacked(bytes), NO_GZIP),
    "no gzip but zlib": case(ANY, repacked(zlib.compress), NO_GZIP),
    "no gzip but bzip2": case(ANY, repacked(bz2.compress), NO_GZIP),
    "no gzip but zip": case(ANY, repacked(lambda content: zipped({"x.csv": content})), NO_GZIP),
    "gzip of gzip": case(ANY, packed(members), NO_UTF_8),
    # What is no table
    "a web page": case(STAYS, replaced(PAGE), PAGED, "logged in"),
    "a web page, packed": case(LABS, text(lambda content: PAGE), PAGED, "logged in"),
    "a web page below empty lines": case(SHEET, replaced(b"\n\n" + PAGE), PAGED),
    "a web page for readings": case(PHASE_2, replaced(PAGE), PAGED),
    "an answer of S3": case(ANY, text(lambda content: S3), PAGED),
    "JSON": case(SHEET, replaced(JSON), NO_HEADER),
    "JSON, packed": case(ANY, text(lambda content: b"[%s]" % JSON), NO_HEADER),
    "nothing": case(GAZE, replaced(b""), EMPTY),
    "nothing, where gzip should be": case(ANY, replaced(b""), EMPTY),
    "nothing, packed": case(ANY, text(lambda content: b""), EMPTY),
    "empty lines": case(ANY, text(lambda content: b"\n\n"), EMPTY),
    "zeros": case(SHEET, replaced(bytes(512)), NO_HEADER),
    "zeros, where gzip should be": case(ANY, replaced(bytes(512)), NO_GZIP),
    # Its letters
    "UTF-16": case(SHEET, text(lambda content: content.decode().encode("utf-16")), NO_UTF_8),
    "UTF-16 without a mark": case(
        ANY, text(lambda content: content.decode().encode("utf-16-le")), NO_HEADER
    ),
    "Latin-1": case(ANY, row(2, secret(b"@\xe9")), NO_UTF_8),
    "two marks of UTF-8": case(
        LABS, text(lambda content: b"\xef\xbb\xbf" * 2 + content), "no column 'labevent_id'"
    ),
    # Its header
    "no header": case(ANY, header(lambda line: b""), NO_HEADER, "no contract knows"),
    "an empty line first": case(ANY, text(lambda content: b"\n" + content), "an empty line"),
    "a title above the header": case(
        ANY, text(lambda content: b"%s\n" % SECRET.encode() + content), NO_HEADER
    ),
    "a quote in the header that never ends": case(
        LABS, named("comments", '"comments'), NO_HEADER, "a quoted cell in the first line"
    ),
    "NUL in the header": case(LABS, named("comments", "com\0ments"), "no column 'comments'"),
    "semicolons": case(ANY, text(lambda content: content.replace(b",", b";")), NO_HEADER),
    "tabs": case(STAYS, text(lambda content: content.replace(b",", b"\t")), NO_HEADER),
    "a missing time": case(STAYS, named("outtime", "out_time"), "'outtime'", "mean 'out_time'"),
    "a missing patient": case(ANY, named("subject_id", "patient_no"), "no column 'subject_id'"),
    "a missing item": case(LABS, named("itemid", "item"), "no column 'itemid'"),
    "a missing clock": case(METADATA, named("StudyTime", "Time"), "no column 'StudyTime'"),
    "a missing image": case(GAZE, named("DICOM_ID", "DICOM"), "no column 'DICOM_ID'"),
    "a missing patient of EyeGaze": case(
        SHEET, named("patient_id", "person"), "no column 'patient_id'"
    ),
    "a missing image of REFLACX": case(PHASE_2, named("dicom_id", "dicom"), "no column 'dicom_id'"),
    "a missing last column": case(
        LABS,
        text(lambda content: content.replace(b",comments", b"").replace(b",ZEBRA4711\n", b"\n")),
        "no column 'comments'",
    ),
    "a column twice": case(LABS, named("specimen_id", "subject_id"), "'subject_id' twice"),
    "a column twice but for its case": case(
        LABS, named("specimen_id", "SUBJECT_ID"), "'subject_id' twice"
    ),
    "two columns without names": case(
        ANY, both(added(""), added("")), "a column without a name twice"
    ),
    "a column patient": case(ANY, added("patient"), "'patient'", OWN),
    "a stay of one's own": case(METADATA, added("stay_id"), "'stay_id'", OWN),
}
# What is found in tables of which all rows are read.
WHOLE = {
    "cut at nine tenths": case(STAYS, packed(lambda data: data[: len(data) * 9 // 10]), CUT),
    "cut before its sums": case(METADATA, packed(lambda data: data[:-8]), CUT),
    "half a letter at the end": case(GAZE, text(lambda content: content[:-1] + b"\xc3"), NO_UTF_8),
    "a cell too few": case(STAYS, row(2, fewer), MORE, "record 3"),
    "a cell too few far down": case(STAYS, far(fewer), MORE, "record 30,001"),
    "a cell too many in the last row": case(SHEET, row(-1, more), MORE, "record 2"),
    "cut within the last row": case(
        SHEET, text(lambda content: content[: len(content) * 4 // 5]), MORE, "record 2"
    ),
    "a quote that never ends": case(STAYS, row(2, secret(b'"@')), ENDLESS, "record 3"),
    "a quote that never ends in the metadata": case(METADATA, row(1, secret(b'"@')), ENDLESS),
    "a quote that never ends in EyeGaze": case(SHEET, row(1, secret(b'"@')), ENDLESS),
    "a quote that never ends in REFLACX": case(PHASE_1, row(1, secret(b'"@')), ENDLESS),
    "a cell too many in a list of codes": case(CODES, row(1, more), MORE, "record 2"),
    "no patient": case(TRIAGE, cells(subject_id=""), NO_ID, BAD_ID),
    "a quote in a patient": case(STAYS, cells(subject_id='9000"0001'), NO_ID, BAD_ID),
    "SQL for a patient": case(METADATA, cells(subject_id="1'; drop table x; --"), NO_ID, BAD_ID),
    "a path for a patient": case(CHEXPERT, cells(subject_id="../../x"), NO_ID, BAD_ID),
    "a negative patient": case(PATIENTS, cells(subject_id=f"-{ANNA}"), NO_ID, BAD_ID),
    "a huge patient": case(METADATA, cells(subject_id="9" * 12), NO_ID, BAD_ID),
    "no patient in EyeGaze": case(SHEET, cells(patient_id=SECRET), NO_ID, "patient_id"),
    "no patient in REFLACX": case(PHASE_1, cells(subject_id=SECRET), NO_ID, BAD_ID),
}
# What is found in tables of which the patients' rows are read.
ROWS = {
    "cut a byte before its sums": case(ANY, packed(lambda data: data[:-9]), CUT),
    "cut within its sums": case(ANY, packed(lambda data: data[:-4]), CUT),
    "cut by a byte": case(ANY, packed(lambda data: data[:-1]), CUT),
    "cut far down": case(ANY, both(text(long), packed(lambda data: data[: len(data) // 2])), CUT),
    "a second member that is cut": case(
        ANY, packed(lambda data: data + members(b"1,2\n")[:-10]), CUT
    ),
    "flags that none knows": case(
        ANY, packed(lambda data: data[:3] + b"\xe0" + data[4:]), "not gzip"
    ),
    "a flipped byte far down": case(ANY, both(text(long), flipped(second_block, 6)), DEFLATED),
    "a wrong CRC": case(
        ANY, packed(lambda data: data[:-8] + bytes([data[-8] ^ 1]) + data[-7:]), SUMS
    ),
    "a wrong length": case(ANY, packed(lambda data: data[:-1] + b"\1"), "as long as it says"),
    "text behind the end": case(ANY, packed(lambda data: data + SECRET.encode() * 9), BEHIND),
    "Latin-1 far down": case(ANY, far(secret(b"@\xe9")), NO_UTF_8, "record 30,001"),
    "a cell too many": case(ANY, row(2, more), MORE, "record 3"),
    "a cell too many in each row": case(ANY, rows(more), MORE, "record 2"),
    "an empty cell too many": case(ANY, row(2, empty), MORE, "record 3"),
    "an empty cell too many in each row": case(ANY, rows(empty), MORE, "record 2"),
    "an empty cell too many far down": case(ANY, far(empty), MORE, "record 30,001"),
    "a comma too many before empty cells": case(
        "mimiciv_icu.chartevents", far(secret(b"@,@")), MORE, "record 30,001"
    ),
    "a cell too few in each row": case(ANY, rows(fewer), MORE, "record 2"),
    "a cell too many far down": case(ANY, far(more), MORE, "record 30,001"),
    "a header that is a cell too long": case(
        ANY, header(lambda line: line[:-1] + b",\n"), MORE, "record 2"
    ),
    "cut within the last row, and packed": case(
        LABS, text(lambda content: content[:-20]), MORE, "record 5"
    ),
    "a quote that never ends, in the last row": case(
        ANY, row(-1, secret(b'"@')), ENDLESS, "record 5"
    ),
    "a quote that never ends far down": case(ANY, far(secret(b'"@')), ENDLESS, "record 30,001"),
    "text behind a quote": case(ANY, row(2, secret(b'"@" @')), ENDLESS, "record 3"),
    "a quote marked by a backslash": case(ANY, row(2, secret(b'"@\\"@"')), ENDLESS, "record 3"),
    "single quotes": case(ANY, row(2, secret(b"'@,@'")), MORE, "record 3"),
    "a row that ends as on Windows": case(LABS, row(2, lambda line: line[:-1] + b"\r\n"), ENDS),
    "a row that ends so far down": case(
        "mimiciv_hosp.poe", far(lambda line: line[:-1] + b"\r\n"), ENDS
    ),
    "a return within a cell": case(ANY, row(2, secret(b"@\r@")), ENDS),
    "a line of blanks": case(ANY, row(2, lambda line: b"   \n" + line), MORE, "record 3"),
    "a line with a comment": case(ANY, row(2, lambda line: b"# @\n" + line), MORE, "record 3"),
    "a line of NUL": case(ANY, row(2, lambda line: b"\0\0\n" + line), MORE, "record 3"),
    "a line of 3 MB": case(ANY, row(2, secret(b"@" * 330_000)), "longer than 2 MB", "record 3"),
    "words that DuckDB says of other faults": case(
        ANY,
        far(
            lambda line: more(secret(b"GZIP, truncated, Permission denied, Invalid unicode")(line))
        ),
        MORE,
        "record 30,001",
    ),
    "a second header": case(ANY, text(lambda content: content * 2), NO_ID, "has 1 value ", "row 5"),
    "NUL in a patient": case(ANY, cells(subject_id="9000\0001"), NO_ID, BAD_ID, "row 1"),
    "words for a patient": case(ANY, cells(subject_id=SECRET), NO_ID, BAD_ID, "has 1 value "),
    "an endless patient": case(ANY, cells(subject_id="9" * 400), NO_ID, BAD_ID),
    "a patient and a half": case(ANY, cells(subject_id=f"{ANNA}.5"), NO_ID, BAD_ID),
    "a patient and a half, elsewhere": case(ANY, cells(subject_id="90099999.5"), NO_ID, BAD_ID),
    "a patient as a power of ten": case(ANY, cells(subject_id="9.0000001e7"), NO_ID, BAD_ID),
}
# What is found in the files of readings and recordings.
SETS = {
    "a missing column in a reading": case(FIXATIONS, named("x_position", "x"), "'x_position'"),
    "a cell too many in a reading": case(FIXATIONS, row(1, more), MORE, "record 2"),
    "a quote that never ends in a reading": case(WORDS, row(1, secret(b'"@')), ENDLESS, "record 2"),
    "a web page for a reading": case(FIXATIONS, replaced(PAGE), PAGED),
    "nothing in a reading": case(FIXATIONS, replaced(b""), EMPTY),
    "a cut transcript": case(SPOKEN, text(lambda content: content[:-9]), NO_JSON),
    "a transcript of another shape": case(SPOKEN, replaced(b"[1, 2]"), NO_JSON),
    "nothing in a transcript": case(SPOKEN, replaced(b""), EMPTY),
    "a web page for a transcript": case(SPOKEN, replaced(PAGE), PAGED),
}
# What audits find, which look across files and name what they select instead.
AUDITS = {
    "a stay of two patients": case(STAYS, again(subject_id=BERT), "contradict each other"),
    "a stay without a number": case(STAYS, cells(stay_id=""), AUDITED),
    "words for a stay": case(STAYS, cells(stay_id=SECRET), "edstays.stay_id, which decides links"),
    "an image of two patients": case(METADATA, again(subject_id=BERT), "contradict each other"),
    "an image without a name": case(METADATA, cells(dicom_id=""), AUDITED),
    "a reading of another's image": case(
        PHASE_1, cells(subject_id=BERT), "reading_is_of_its_images_subject"
    ),
}


def shared(cases: Mapping[str, Case]) -> dict[str, tuple[int, str]]:
    """Each case with the number of a tree in which no table is broken twice, and its table."""
    trees: list[set[str]] = []
    places = {}
    for name, (table, *_) in cases.items():
        wanted = CLINICAL if table == ANY else [table]
        for number in itertools.count():
            if number == len(trees):
                trees.append(set())
            free = [one for one in wanted if one not in trees[number]]
            if free:
                trees[number].add(free[0])
                places[name] = number, free[0]
                break
    return places


def where(table: str) -> str:
    """The file of a table, or the one of a set, below the source."""
    return tiny.place(table).format(id=tiny.READING, dicom_id=tiny.IMAGES[BERT])


# A build tells all that it finds at a time: many cases need one build.
TOGETHER = {
    name: (cases, places, place)
    for cases in (AT_ONCE, WHOLE, ROWS)
    for places in [shared(cases)]
    for name, place in places.items()
}
assert len(TOGETHER) == len(AT_ONCE) + len(WHOLE) + len(ROWS)


@pytest.fixture(scope="session")
def refused(wide, attempt):
    """The build of the tree that a case shares with others."""

    @cache
    def build(names: tuple[str, ...]):
        damages = {where(TOGETHER[one][2][1]): TOGETHER[one][0][one].damage for one in names}
        tried = attempt(wide, damages, "--cohort", "cxr", name=f"refused {names}")
        tried.assert_refused()
        return tried

    def of(name: str):
        _, places, (number, _) = TOGETHER[name]
        return build(tuple(one for one, (other, _) in places.items() if other == number))

    return of


@pytest.mark.parametrize("name", TOGETHER)
def test_a_broken_file_is_refused(name, refused):
    cases, _, (_, table) = TOGETHER[name]
    tried = refused(name)
    told = tried.told_of(tried.source / where(table))
    assert f"error: {table} " in told
    assert "  try " in told
    for word in cases[name].words:
        assert word in told


@pytest.fixture(scope="session")
def left_out(readings, attempt):
    """The build of the tree that a case of a set shares with others."""
    places = shared(SETS)

    def of(name: str):
        number, _ = places[name]
        together = [one for one, (other, _) in places.items() if other == number]
        damages = {where(places[one][1]): SETS[one].damage for one in together}
        tried = attempt(readings, damages, "--cohort", "cxr", name=f"left out {together}")
        assert tried.run.code == 0, tried.said
        return tried

    return of


@pytest.mark.parametrize("name", SETS)
def test_a_broken_file_of_a_set_is_left_out_and_named(name, left_out, tools):
    tried, table = left_out(name), SETS[name].table
    file = tried.source / where(table)
    [told] = [one for one in tried.run.stderr.splitlines() if str(file) in one]
    assert told.startswith(f"warning: 1 damaged files of {table} left out: ")
    for word in SETS[name].words:
        assert word in told
    schema, short = table.split(".")
    stored = tools.query(tried.out, f"select count(*) from cohort.{schema}_{short}")
    assert stored == [(0,)]
    listed = f"select is_there, path from cohort.files where table_name = '{table}'"
    [(is_there, path)] = tools.query(tried.out, listed)
    assert not is_there and not (tried.out / path).exists()


@pytest.mark.parametrize("name", AUDITS)
def test_rows_that_must_not_exist_are_refused(name, few, readings, attempt):
    table, damage, words = AUDITS[name]
    tree = readings if table == PHASE_1 else few
    tried = attempt(tree, {where(table): damage}, "--cohort", "cxr", "--files", "none")
    tried.assert_refused(*words)


def test_a_table_that_is_left_out_may_be_broken(tree, attempt):
    tried = attempt(tree, {where(LABS): replaced(PAGE)}, "--skip", "labevents", "--files", "none")
    assert tried.run.code == 0


@pytest.mark.parametrize("table", [LABS, STAYS])
def test_what_is_mended_is_built_by_the_same_command(
    table, source, command, tmp_path, whole, tools
):
    out = tmp_path / "out"
    words = ["build", "--source", source, "--out", out]
    good = (source / where(table)).read_bytes()
    row(-1, more)(source / where(table))
    assert command(*words).code == 1
    (source / where(table)).write_bytes(good)
    assert command(*words).code == 0
    assert tools.difference(tools.tree_bytes(out), tools.tree_bytes(whole)) == []
    assert {path.name for path in out.iterdir()} == {path.name for path in whole.iterdir()}


def test_a_build_that_fails_does_not_spoil_the_one_before(source, command, tmp_path, tools):
    words = ["build", "--source", source, "--out", tmp_path / "out"]
    assert command(*words).code == 0
    before = tools.tree_bytes(tmp_path / "out")
    row(1, more)(source / where(LABS))
    assert command(*words).code == 1
    assert tools.difference(tools.tree_bytes(tmp_path / "out"), before) == []
    assert command(*words).code == 1


# Forms that are no damage

Read = Callable[[Table], Table]


def as_is(table: Table) -> Table:
    return table


def with_cell(content: str) -> Read:
    """The table as it is read when its first secret is something else."""

    def read(table: Table) -> Table:
        first, *others = table.rows
        place = first.index(SECRET)
        return Table(table.header, [[*first[:place], content, *first[place + 1 :]], *others])

    return read


# What is read all the same: its form, and what its cells then are.
READ: dict[str, tuple[Damage, Read]] = {
    "two members": (repacked(lambda content: members(*halves(content))), as_is),
    "a member a line": (
        repacked(lambda content: members(*content.splitlines(keepends=True))),
        as_is,
    ),
    "an empty member between": (
        repacked(lambda content: members(halves(content)[0], b"", halves(content)[1])),
        as_is,
    ),
    "stored blocks": (repacked(blocks), as_is),
    "a name in the gzip header": (
        packed(lambda data: data[:3] + b"\x08" + data[4:10] + b"a.csv\0" + data[10:]),
        as_is,
    ),
    "an extra field in the gzip header": (
        packed(lambda data: data[:3] + b"\x04" + data[4:10] + b"\2\0ab" + data[10:]),
        as_is,
    ),
    "quotes that a cell does not need": (row(1, secret(b'"@"')), with_cell(SECRET)),
    "a header without a row": (
        text(lambda content: content[: content.index(b"\n") + 1]),
        lambda table: Table(table.header, []),
    ),
    "a mark of UTF-8": (text(lambda content: b"\xef\xbb\xbf" + content), as_is),
    "lines of Windows": (text(lambda content: content.replace(b"\n", b"\r\n")), as_is),
    "lines of old Macs": (text(lambda content: content.replace(b"\n", b"\r")), as_is),
    "no end of the last line": (text(lambda content: content[:-1]), as_is),
    "empty lines within": (text(lambda content: content.replace(b"\n", b"\n\n")), as_is),
    "empty lines at the end": (text(lambda content: content + b"\n\n"), as_is),
    "names in capitals": (
        header(bytes.upper),
        lambda table: Table([name.upper() for name in table.header], table.rows),
    ),
    "blanks around names": (header(lambda line: line.replace(b",", b" , ")), as_is),
    "quotes around all": (
        text(lambda t: b'"' + t[:-1].replace(b",", b'","').replace(b"\n", b'"\n"') + b'"\n'),
        as_is,
    ),
    "columns in another order": (
        ordered(lambda cells: cells[::-1]),
        lambda table: Table(table.header[::-1], [row[::-1] for row in table.rows]),
    ),
    "a column more": (
        added('of "mine"', "x;y"),
        lambda table: Table([*table.header, 'of "mine"'], [[*row, "x;y"] for row in table.rows]),
    ),
    "a quote within a cell": (row(1, secret(b'a"@')), with_cell(f'a"{SECRET}')),
    "a quote at the end of a cell": (row(1, secret(b'@"')), with_cell(f'{SECRET}"')),
    "blanks around a quoted cell": (row(1, secret(b' "@" ')), as_is),
    "NUL within a cell": (row(1, secret(b"@\0@")), with_cell(f"{SECRET}\0{SECRET}")),
    "lines within a cell": (row(1, secret(b'"@\r\n\n@"')), with_cell(f"{SECRET}\r\n\n{SECRET}")),
    "a cell of 1 MB": (row(1, secret(b"@" * 110_000)), with_cell(SECRET * 110_000)),
    "a row of someone not known": (again(subject_id="99999999", stay_id="39999999"), as_is),
    "a row that is there twice": (
        again(),
        lambda table: Table(table.header, [*table.rows, table.rows[0]]),
    ),
    "no row at all": (
        text(lambda content: content[: content.index(b"\n") + 1]),
        lambda table: Table(table.header, []),
    ),
}
# The last three stand in tables on which more depends.
READ_IN = dict(zip(READ, [*CLINICAL, TRIAGE, CHEXPERT, GAZE], strict=True))


@pytest.fixture(scope="session")
def read(wide, attempt):
    """A build of many tables, each in a form of its own."""
    damages = {where(READ_IN[name]): damage for name, (damage, _) in READ.items()}
    tried = attempt(wide, damages, "--cohort", "cxr", "--files", "none", name="read")
    assert tried.run.code == 0, tried.said
    return tried


@pytest.mark.parametrize("name", READ)
def test_a_form_that_is_no_damage_is_read(name, wide, read):
    table = READ[name][1](read_csv(wide / where(READ_IN[name])))
    names = [one.lower() for one in table.header]
    whose = names.index("subject_id") if "subject_id" in names else None
    for who in (ANNA, BERT):
        # Of the tables without a patient, EyeGaze's, all rows are Bert's.
        mine = [row for row in table.rows if (row[whose] if whose is not None else BERT) == who]
        file = read.out / f"patient_{who}" / str(contracts()[READ_IN[name]].patient_file)
        assert file.exists() == bool(mine)
        assert not mine or file.read_bytes() == csv_bytes(Table(table.header, mine))


def test_a_table_that_ends_within_a_line_gives_a_warning(source):
    file: Path = source / where(SHEET)
    file.write_bytes(file.read_bytes()[:-1])
    assert any("eye_gaze.master_sheet does not end with" in one for one in find(source).warnings)
