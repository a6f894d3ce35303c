"""How an answer looks: in a terminal, in a pipe, as each format."""

import _thread
import csv
import io
import json
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from mimiceye_duck.cli.printing.answers import write
from mimiceye_duck.database.answers import Answer
from mimiceye_duck.database.connection import Database

TIMES = "timestamp '2150-01-02 03:04:05'"


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def database():
    opened = Database.open()
    yield opened
    opened.close()


@pytest.fixture
def shown(database, monkeypatch):
    """The text of an answer in a terminal of so many columns, in a pipe without."""
    monkeypatch.setenv("TERM", "xterm")
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)

    def show(statement, format="table", columns=None):
        target = Terminal() if columns else io.StringIO()
        monkeypatch.setenv("COLUMNS", str(columns or 20))
        write(Answer(database, statement), format, target)
        # Bold, dim and their ends are all the styles there are.
        return re.sub(r"\x1b\[[012]m", "", target.getvalue())

    return show


def test_numbers_are_flush_right_and_texts_left(shown):
    text = shown("from (values ('a', 1, 2.5), ('bbb', 1000, 10.25)) as t (word, whole, part)")
    assert text.splitlines() == [
        "word  whole   part",
        "a         1   2.50",
        "bbb    1000  10.25",
    ]


@pytest.mark.parametrize("type", ["tinyint", "ubigint", "hugeint", "double", "decimal(4, 1)"])
def test_every_kind_of_number_is_flush_right(shown, type):
    _, row = shown(f"select cast(7 as {type}) as number_of_it").splitlines()
    assert row == str(float(7) if type in ("double", "decimal(4, 1)") else 7).rjust(12)


@pytest.mark.parametrize("type", ["varchar", "integer[]", "interval", "boolean"])
def test_what_is_no_number_is_flush_left(shown, type):
    value = {"integer[]": "[1]", "interval": "interval 1 day", "boolean": "true"}.get(type, "'1'")
    _, row = shown(f"select cast({value} as {type}) as very_long_name_of_it").splitlines()
    assert not row.startswith(" ")


def test_null_is_empty(shown):
    assert shown("select null as a, 1 as b, null as c").splitlines() == ["a  b  c", "   1"]


def test_characters_of_two_columns_keep_the_table_straight(shown):
    text = shown("from (values ('심장', 1), ('heart', 2)) as t (word, n)")
    assert text.splitlines() == ["word   n", "심장   1", "heart  2"]


def test_table_that_fits_the_terminal_is_a_table(shown):
    assert shown("select 'abcd' as a, 'efgh' as b", columns=10).splitlines() == [
        "a     b",
        "abcd  efgh",
        "1 row",
    ]


def test_table_too_wide_for_the_terminal_is_a_block_of_lines_a_row(shown):
    statement = "from (values ('abcd', 1), ('efghi', null)) as t (a, number)"
    assert shown(statement, columns=13).splitlines() == [
        "a      number",
        "abcd        1",
        "efghi",
        "2 rows",
    ]
    assert [line.rstrip(" ─") for line in shown(statement, columns=12).splitlines()] == [
        "row 1",
        "a  abcd",
        "number",
        "   1",
        "row 2",
        "a  efghi",
        "number",
        "2 rows",
    ]


def test_pipe_has_no_width(shown):
    header, row = shown(f"select repeat('x', 5000) as long, {TIMES} as at").splitlines()
    assert header == "long".ljust(5000) + "  at"
    assert row == "x" * 5000 + "  2150-01-02 03:04:05"


def test_long_text_wraps_beside_its_name_and_keeps_its_own_lines(shown):
    report = "FINDINGS:'||chr(13)||chr(10)||' The heart is of normal size.'||chr(10)||'"
    text = shown(f"select 7 as id, '{report}' as report", "line", columns=30)
    assert text.splitlines()[1:] == [
        "id      7",
        "report  FINDINGS:",
        "         The heart is of",
        "        normal size.",
        "",
        "1 row",
    ]


def test_word_longer_than_a_line_is_folded_not_cut(shown):
    text = shown("select repeat('x', 50) as word", "line", columns=26)
    assert text.splitlines()[1:] == [
        "word  " + "x" * 20,
        "      " + "x" * 20,
        "      " + "x" * 10,
        "1 row",
    ]


@pytest.mark.parametrize("format", ["table", "line", "csv", "json", "jsonl"])
@pytest.mark.parametrize("code", [7, 8, 13, 27, 127, 0x9B, 0x202E])
def test_cell_cannot_command_the_terminal(shown, format, code):
    text = shown(
        f"select 'a' || chr({code}) || '[31m' as cell, 1 as \"x{chr(code)}\"", format, columns=80
    )
    assert chr(code) not in text
    # JSON has an escape of its own for some.
    known = {ascii(chr(code))[1:-1], json.dumps(chr(code))[1:-1]}
    assert any(f"a{one}[31m" in text for one in known)


def test_file_keeps_every_character(shown):
    text = shown("select 'a' || chr(27) || chr(7) || chr(13) as cell", "csv")
    [_, [cell]] = csv.reader(io.StringIO(text, newline=""))
    assert cell == "a\x1b\x07\r"


@pytest.mark.parametrize("code", [10, 13, 34, 44])
def test_cell_that_csv_must_quote_is_quoted(shown, code):
    cell = f"a{chr(code)}b".replace('"', '""')
    assert shown(f"select 'a' || chr({code}) || 'b' as cell", "csv") == f'cell\n"{cell}"\n'


@pytest.mark.parametrize("cell", ["[bold]x[/bold]", ":smile:", "[link=x]y", "\\[x]"])
def test_cell_is_not_read_as_markup(shown, cell):
    assert shown(f"select '{cell}' as a", "line", columns=80).splitlines()[1] == f"a  {cell}"


@pytest.mark.parametrize("format", ["table", "line"])
def test_first_rows_are_shown_and_it_is_said(shown, format):
    cut = shown("select 'n' || range as n from range(201)", format, columns=80)
    assert "n199\n" in cut and "n200" not in cut
    assert cut.splitlines()[-1] == "the first 200 rows; --format csv gives all"
    assert shown("from range(200)", format, columns=80).splitlines()[-1] == "200 rows"


def test_no_rows_are_said_in_a_terminal_only(shown):
    assert shown("select 1 as a where false", columns=80).splitlines() == ["a", "no rows"]
    assert shown("select 1 as a where false").splitlines() == ["a"]


def test_plan_is_drawn_as_duckdb_draws_it(shown, database):
    [(_, plan)] = database.rows("explain select 1")
    assert shown("explain select 1", columns=10).strip() == plan.strip()


def test_statement_without_an_answer_writes_nothing(shown):
    assert shown("drop table if exists none") == ""


def test_seconds_are_those_of_the_engine(database):
    quick = Answer(database, "from range(3)")
    rows = quick.rows()
    next(rows)
    time.sleep(0.5)
    assert list(rows) == [(1,), (2,)]
    assert 0 < quick.seconds < 0.5


@pytest.mark.skipif(
    threading.current_thread() is not threading.main_thread(), reason="Ctrl-C reaches main only"
)
@pytest.mark.parametrize(
    "statement",
    [
        pytest.param(
            "from range(1_000_000) a, range(100_000) b where a.range * b.range % 70000007 = 3",
            id="that looks for its next rows",
        ),
        pytest.param(
            "select sum(a.range * b.range) from range(1_000_000) a, range(100_000) b",
            id="that has but one row",
        ),
    ],
)
def test_ctrl_c_stops_a_statement_and_leaves_the_connection_usable(database, statement):
    threading.Timer(0.5, _thread.interrupt_main).start()
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        for _ in Answer(database, statement).rows():
            pass
    assert time.monotonic() - began < 10
    assert list(Answer(database, "select 42").rows()) == [(42,)]


STREAM = r"""
import os, re, sys
from pathlib import Path
from mimiceye_duck.database.connection import Database
from mimiceye_duck.database.answers import Answer
from mimiceye_duck.cli.printing.answers import write
database = Database.open()
with open(os.devnull, "w") as target:
    write(Answer(database, sys.argv[2]), sys.argv[1], target)
status = Path("/proc/self/status").read_text()
print(1024 * int(re.search(r"VmHWM:\s+(\d+) kB", status).group(1)))
"""


# What `resource` tells is at least what the process had that started this one.
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="Linux tells a process's peak")
def test_long_answer_streams(tmp_path):
    script = tmp_path / "stream.py"
    script.write_text(STREAM)
    # 250 MB of text.
    statement = "select repeat('x', 3000) || range as text from range(80_000)"
    ran = subprocess.run(
        [sys.executable, script, "json", statement], capture_output=True, text=True, check=True
    )
    assert int(ran.stdout) < 220_000_000
