"""The shell: from a pipe, at a prompt, and in a real terminal."""

import contextlib
import csv
import io
import json
import os
import re
import select
import subprocess
import sys
import time

import duckdb
import pytest
from prompt_toolkit.document import Document
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from mimiceye_duck.cli.shell.completion import SqlCompleter
from mimiceye_duck.cli.shell.prompt import typed
from mimiceye_duck.cli.shell.shell import is_whole
from mimiceye_duck.database.inspect import Column, Relation

SCHEMA = """
create schema marts;
create schema links;
create table marts.labels (reading_id varchar, label_class varchar, "Pleural abnormality" double);
insert into marts.labels values ('P101', 'Edema', 0.5), ('P102', null, 12);
comment on table marts.labels is 'What a reading says.';
comment on column marts.labels.label_class is 'One of 21 classes.';
create view links.cxr_stay as select 1 as stay_id;
"""


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    file = tmp_path_factory.mktemp("shell") / "small.duckdb"
    with duckdb.connect(str(file)) as connection:
        connection.execute(SCHEMA)
    return file


@pytest.fixture
def piped(command, database, monkeypatch):
    def give(text, *words):
        monkeypatch.setattr("sys.stdin", io.StringIO(text))
        return command("shell", "--database", database, *words)

    return give


@pytest.fixture
def home(tmp_path, monkeypatch):
    for name in ("HOME", "XDG_CONFIG_HOME", "APPDATA", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path))
    return tmp_path


def test_statements_from_a_pipe_are_answered_in_turn(piped):
    ran = piped("select 1 as a; select 2 as b;\nselect\n  3 as c;\n")
    assert ran == (0, "a\n1\nb\n2\nc\n3\n", "")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        pytest.param("select 1 as a", "a\n1\n", id="without a semicolon"),
        pytest.param("select ';\n;' as a;", "a\n;\\n;\n", id="semicolons in a string"),
        pytest.param('select 1 as "a;\n";', "a;\\n\n   1\n", id="in a name"),
        pytest.param("select 1 as a -- ;\n;", "a\n1\n", id="in a comment"),
        pytest.param("select 1 as a; -- last", "a\n1\n", id="a comment at the end"),
        pytest.param("/* a\n;\n */ select 1 as a;", "a\n1\n", id="a comment of lines"),
        pytest.param("-- only a comment", "", id="a comment alone"),
        pytest.param("select $$it's;\n$$ as a;", "a\nit's;\\n\n", id="in dollars"),
        pytest.param("\n\n;\n", "", id="nothing"),
        pytest.param("", "", id="no input"),
        pytest.param("select '심;장'\nas a;", "a\n심;장\n", id="beyond ASCII"),
        pytest.param("select 1\n.5 as a;", "", id="a line that is no command"),
    ],
)
def test_statement_ends_at_its_semicolon(piped, text, wanted):
    ran = piped(text)
    # `select 1 .5` is no SQL: DuckDB, not the shell, says so.
    is_wrong = wanted == "" and ".5" in text
    assert ran[:2] == (1 if is_wrong else 0, wanted)
    assert ("Parser Error" in ran.stderr) == is_wrong


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("select 1;", True),
        ("select 1", False),
        ("select ';", False),
        ("select 1; select 2", False),
        ("select 1; /* and", False),
        ("select 1;\n.mode csv", True),
        (".help", True),
        ("exit", True),
        ("", True),
    ],
)
def test_enter_waits_for_the_end_of_a_statement(text, whole):
    assert is_whole(text) is whole


def test_failure_is_told_and_ends_nothing(piped):
    ran = piped("select nope;\nselect 1 as a;\nselec 2;\nselect * from marts.label;\n")
    assert (ran.code, ran.stdout) == (1, "a\n1\n")
    assert ran.stderr.count("error: ") == 3
    assert "Did you mean" in ran.stderr and "Traceback" not in ran.stderr


def test_failure_shows_no_value_of_a_row(piped):
    ran = piped("select cast(reading_id as integer) from marts.labels;")
    assert ran.code == 1 and "P101" not in ran.stdout + ran.stderr


REFUSED = [
    "copy marts.labels to '{file}'",
    "copy (pivot marts.labels on label_class using count(*)) to '{file}'",
    "copy\u00a0(pivot marts.labels on label_class using count(*)) to '{file}'",
    "/* /* */ explain select 1 -- */ copy (select 1) to '{file}'",
    "explain analyze copy (select 1) to '{file}'",
    "explain analyze copy (pivot marts.labels on label_class using count(*)) to '{file}'",
    "export database '{file}'",
    "attach '{file}' as other",
    "insert into marts.labels values ('P103', null, null)",
    "create table marts.more as select 1",
    "drop table marts.labels",
    "set threads = 1",
    "call enable_logging()",
    "from enable_logging(storage = 'file', storage_path = '{file}')",
    "install httpfs",
    "from read_text('{other}')",
    "from read_csv('{other}')",
    "from '{other}'",
    "select 1; copy (select 1) to '{file}'",
]


@pytest.mark.parametrize("statement", REFUSED)
def test_what_writes_or_reads_other_files_is_refused(piped, database, tmp_path, statement):
    other = tmp_path / "other.csv"
    other.write_text("a\nsecret\n")
    before = database.read_bytes()
    ran = piped(statement.format(file=tmp_path / "written", other=other) + ";\nselect 1 as a;")
    assert (ran.code, ran.stdout) == (1, "a\n1\n")
    assert ran.stderr.startswith("error: ") and "secret" not in ran.stderr
    assert database.read_bytes() == before
    assert list(tmp_path.iterdir()) == [other]


def test_door_can_be_opened(piped, tmp_path):
    file = tmp_path / "written.csv"
    ran = piped(
        f"create temp table made as select 7 as a;\ncopy made to '{file}';\nfrom '{file}';",
        "--allow-files",
    )
    assert ran.code == 0, ran.stderr
    assert file.read_text() == "a\n7\n"
    assert ran.stdout.endswith("a\n7\n")


@pytest.mark.parametrize("statement", ["pivot", "explain pivot", "explain", "describe", "values"])
def test_every_kind_of_question_is_answered(piped, statement):
    rest = {
        "explain": "select 1",
        "describe": "marts.labels",
        "values": "(1)",
    }.get(statement, "marts.labels on label_class using count(*)")
    ran = piped(f"{statement} {rest};")
    assert ran.code == 0 and ran.stdout, ran.stderr


def test_mode_is_how_answers_are_written(piped):
    ask = 'select reading_id as id, label_class, "Pleural abnormality" as n from marts.labels;'
    texts = {}
    for mode in ("table", "csv", "json", "jsonl", "line"):
        ran = piped(f".mode {mode}\n{ask}")
        assert (ran.code, ran.stderr) == (0, "")
        texts[mode] = ran.stdout
    assert texts["table"].splitlines() == [
        "id    label_class     n",
        "P101  Edema         0.5",
        "P102               12.0",
    ]
    assert list(csv.reader(io.StringIO(texts["csv"]))) == [
        ["id", "label_class", "n"],
        ["P101", "Edema", "0.5"],
        ["P102", "", "12.0"],
    ]
    assert json.loads(texts["json"]) == [json.loads(line) for line in texts["jsonl"].splitlines()]
    assert json.loads(texts["json"]) == [
        {"id": "P101", "label_class": "Edema", "n": 0.5},
        {"id": "P102", "label_class": None, "n": 12.0},
    ]
    assert [line.rstrip("─ ") for line in texts["line"].splitlines()] == [
        "row 1",
        "id           P101",
        "label_class  Edema",
        "n            0.5",
        "row 2",
        "id           P102",
        "label_class",
        "n            12.0",
    ]


def test_table_says_how_to_get_all_rows(piped):
    assert piped("from range(201);").stdout.splitlines()[-1].endswith("; .mode csv gives all")


def test_timer_tells_the_time_beside_the_answer(piped):
    ran = piped(".mode csv\n.timer on\nselect 1 as a;\n.timer off\nselect 2 as b;")
    assert (ran.code, ran.stdout) == (0, "a\n1\nb\n2\n")
    assert re.fullmatch(r"\d+\.\d{3} s\n", ran.stderr)


def test_tables_lists_those_with_a_text_in_their_names(piped):
    everything = piped(".tables").stdout
    assert "labels" in everything and "cxr_stay" in everything
    some = piped(".tables LAB").stdout
    assert "labels" in some and "What a reading says." in some and "cxr_stay" not in some


def test_schema_tells_columns_and_what_they_are(piped):
    told = piped(".schema LABELS").stdout
    for text in ("marts.labels", "reading_id", "VARCHAR", "One of 21 classes.", "DOUBLE"):
        assert text in told


@pytest.mark.parametrize(
    ("command_line", "says"),
    [
        (".tabels", ".tables"),
        (".mode xml", "table, line, csv, json"),
        (".timer maybe", "on, off"),
        (".schema", ".tables"),
        (".schema marts.label", "marts.labels"),
        (".tables nothing", "nothing"),
    ],
)
def test_wrong_dot_command_is_told(piped, command_line, says):
    ran = piped(f"{command_line}\nselect 1 as a;")
    assert (ran.code, ran.stdout) == (1, "a\n1\n")
    assert ran.stderr.startswith("error: ") and says in ran.stderr


def test_help_names_every_dot_command(piped):
    told = piped(".help").stdout
    for name in (".tables", ".schema", ".mode", ".timer", ".help", ".quit", ".exit", "Ctrl-D"):
        assert name in told
    assert max(map(len, told.splitlines())) <= 80


@pytest.mark.parametrize("word", [".quit", ".exit", "quit", "exit;", ".QUIT"])
def test_rest_is_not_read_after_leaving(piped, word):
    assert piped(f"select 1 as a;\n{word}\nselect 2 as b;") == (0, "a\n1\n", "")


def test_no_database_is_told(command, tmp_path):
    ran = command("shell", "--database", tmp_path / "none.duckdb")
    assert (ran.code, ran.stdout) == (1, "") and "none.duckdb" in ran.stderr


def relation(name, kind, *columns):
    named = tuple(Column(column, "VARCHAR", None, None, None) for column in columns)
    return Relation(name, kind, None, None, (), None, None, (), named)


RELATIONS = [
    relation("links.cxr_stay", "table", "dicom_id", "stay_id"),
    relation("marts.labels", "view", "reading_id", "dicom_id", "Pleural abnormality", "certainty"),
    relation("marts.lesions", "view", "reading_id", "xmin"),
]
COMMANDS = {".tables": None, ".timer": ("on", "off"), ".help": ()}


@pytest.fixture
def completed():
    """The words offered where `|` stands, each as the text would then be."""
    completer = SqlCompleter(lambda: RELATIONS, COMMANDS)

    def complete(text):
        before, after = text.split("|")
        document = Document(before + after, len(before))
        return [
            before[: len(before) + one.start_position] + one.text
            for one in completer.get_completions(document, None)
        ]

    return complete


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        pytest.param("from marts.|", ["from marts.labels", "from marts.lesions"], id="a schema"),
        pytest.param("from marts.le|", ["from marts.lesions"], id="a schema and a beginning"),
        pytest.param("from MARTS.LE|", ["from MARTS.lesions"], id="capitals"),
        pytest.param("from lab|", ["from marts.labels"], id="a table without its schema"),
        pytest.param(
            "select 1 from marts.labels join m|",
            ["select 1 from marts.labels join marts." + one for one in ("labels", "lesions")],
            id="after join no column",
        ),
        pytest.param("select l.x| from marts.lesions as l", ["select l.xmin"], id="an alias"),
        pytest.param("select L.X| from marts.lesions L", ["select L.xmin"], id="in capitals"),
        pytest.param(
            "select lesions.x| from marts.lesions", ["select lesions.xmin"], id="no alias"
        ),
        pytest.param(
            "select | from links.cxr_stay",
            ["select dicom_id", "select stay_id"],
            id="columns of what is named",
        ),
        pytest.param(
            "select Pleu| from marts.labels", ['select "Pleural abnormality"'], id="quotes"
        ),
        pytest.param(
            'select "Pleu| from marts.labels', ['select "Pleural abnormality"'], id="begun quotes"
        ),
        pytest.param("select 1 limit 2 off|", ["select 1 limit 2 offset"], id="a keyword"),
        pytest.param("SEL|", ["SELECT"], id="a keyword in capitals"),
        pytest.param("select 'sel|", [], id="in a string"),
        pytest.param("select 1 -- sel|", [], id="in a comment"),
        pytest.param("select '심장', sele|", ["select '심장', select"], id="beyond ASCII"),
        pytest.param(".ti|", [".timer"], id="a dot command"),
        pytest.param(".timer o|", [".timer on", ".timer off"], id="its argument"),
        pytest.param(".tables les|", [".tables marts.lesions"], id="a table as argument"),
        pytest.param("select 1\n.he|", [], id="no dot command in a statement"),
    ],
)
def test_tab_completes(completed, text, wanted):
    assert completed(text) == wanted


def test_columns_of_the_named_tables_come_first(completed):
    offered = completed("select d| from marts.labels")
    assert offered[0] == "select dicom_id" and "select desc" in offered[1:]
    assert offered.count("select dicom_id") == 1
    assert "select xmin" in completed("select x| from marts.labels")


@pytest.fixture
def prompted(home):
    """What the prompt gives for some keys."""
    completer = SqlCompleter(lambda: RELATIONS, COMMANDS)

    def press(keys):
        with create_pipe_input() as pipe:
            # Ctrl-D, or the prompt would wait for ever.
            pipe.send_text(keys + "\x04")
            return list(typed(completer, is_whole, input=pipe, output=DummyOutput()))

    return press


@pytest.mark.parametrize(
    ("keys", "texts"),
    [
        pytest.param("select 1;\r", ["select 1;"], id="one line"),
        pytest.param("select\r1;\r", ["select\n1;"], id="two lines"),
        pytest.param("select ';\r';\r", ["select ';\n';"], id="a string of two lines"),
        pytest.param("select 1;\rselect 2;\r", ["select 1;", "select 2;"], id="one after another"),
        pytest.param(".tables\r", [".tables"], id="a dot command"),
        pytest.param("\r", [""], id="nothing"),
        pytest.param("sel\x03select 2;\r", ["select 2;"], id="Ctrl-C drops a line"),
        pytest.param("sel\rx\x03select 2;\r", ["select 2;"], id="Ctrl-C drops all lines"),
        pytest.param(
            "\x1b[200~select 1;\n.mode csv\nselect 2;\x1b[201~\r",
            ["select 1;\n.mode csv\nselect 2;"],
            id="several statements are pasted",
        ),
    ],
)
def test_prompt_gives_whole_texts(prompted, keys, texts):
    assert prompted(keys) == texts


def history(home):
    [file] = [file for file in home.rglob("history") if file.parent.name == "mimiceye-duck"]
    return file


def test_history_is_kept_for_the_owner_alone(prompted, home):
    prompted("select 1\r;\r")
    assert "+select 1\n+;\n" in history(home).read_text()
    if os.name == "posix":
        assert history(home).stat().st_mode & 0o777 == 0o600
        history(home).chmod(0o644)
        prompted("")
        assert history(home).stat().st_mode & 0o777 == 0o600


def test_prompt_works_without_a_place_for_its_history(prompted, home):
    for name in (".config", "mimiceye-duck", "Library"):
        (home / name).write_text("a file, no folder")
    assert prompted("select 1;\r") == ["select 1;"]


TERMINAL = """
import fcntl, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
from mimiceye_duck.cli.main import main
main(sys.argv[1:])
"""


class Talk:
    """A terminal of 80 columns and 24 lines, and the shell in it."""

    def __init__(self, words, **environment):
        import fcntl
        import pty
        import struct
        import termios

        self.leader, follower = pty.openpty()
        fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.process = subprocess.Popen(
            [sys.executable, *words],
            stdin=follower,
            stdout=follower,
            stderr=follower,
            start_new_session=True,
            env={**os.environ, "PROMPT_TOOLKIT_NO_CPR": "1", **environment},
        )
        os.close(follower)
        self.text = ""

    def type(self, keys):
        os.write(self.leader, keys.encode())

    def wait(self, wanted, again=""):
        """What is shown until and with `wanted`, a regular expression; type `again` till then."""
        began = typed = time.monotonic()
        while not (found := re.search(wanted, self.text)):
            assert time.monotonic() < began + 30, (wanted, self.text)
            if time.monotonic() > typed + 1:
                typed = time.monotonic()
                self.type(again)
            if select.select([self.leader], [], [], 0.1)[0]:
                shown = os.read(self.leader, 65536).decode(errors="replace")
                # Without what moves the cursor and colours.
                self.text += re.sub(r"\x1b(\[[0-9;?]*[a-zA-Z]|[=>])", "", shown)
        before, self.text = self.text[: found.end()], self.text[found.end() :]
        return before

    def ask(self, keys, wanted):
        self.type(keys + "\r")
        return self.wait(wanted)

    def leave(self):
        """Type Ctrl-D until the shell has left; its exit code."""
        for _ in range(30):
            with contextlib.suppress(OSError):
                self.type("\x04")
            with contextlib.suppress(subprocess.TimeoutExpired):
                return self.process.wait(timeout=1)
        return None

    def end(self):
        self.process.kill()
        self.process.wait()
        os.close(self.leader)


@pytest.fixture
def talk(database, home, tmp_path):
    if os.name != "posix":
        pytest.skip("Windows has no pseudo-terminals in Python")
    script = tmp_path / "shell.py"
    script.write_text(TERMINAL)
    talks = []

    def start(**environment):
        words = [script, "shell", "--database", database]
        talks.append(Talk(words, **environment))
        return talks[-1]

    yield start
    for one in talks:
        one.end()


@pytest.mark.parametrize("terminal", ["xterm-256color", "dumb"])
def test_talk_in_a_terminal(talk, terminal):
    there = talk(TERM=terminal, PAGER="cat")
    banner = there.wait(r"mimiceye> ?")
    assert "small.duckdb" in banner and duckdb.__version__ in banner and ".help" in banner
    there.ask("select 6 * 7", "" if terminal == "dumb" else r"\.\.\.>")
    there.ask("  as answer;", r"answer\s+42\s+1 row\s+mimiceye>")
    there.ask("select nope;", r"error: [^>]*nope[^>]*mimiceye>")
    there.ask(".tables lab", r"What a reading says\.\s+mimiceye>")
    there.type("select sum(a.range * b.range) from range(10_000_000) a, range(1_000_000) b;\r")
    there.wait(r"error: stopped\s+mimiceye>", again="\x03")
    there.type("select what is dropped\x03")
    there.ask("select 7 * 191 as n;", r"\s1337\s+1 row\s+mimiceye>")
    assert there.leave() == 0


def test_keys_of_a_terminal(talk):
    there = talk(TERM="xterm")
    there.wait(r"mimiceye>")
    there.type("select 'kept' as word from marts.lab\t")
    there.wait("labels")
    there.ask(" limit 1;", r"word\s+kept\s+1 row\s+mimiceye>")
    there.type("from \t")
    there.wait(r"links\.cxr_stay")
    # Enter takes what Tab chose, and leaves the statement open.
    there.type("\t\r")
    there.ask(" where true;", r"stay_id\s+1\s+1 row\s+mimiceye>")
    there.ask(last := "select 'last' as word;", r"word\s+last\s+1 row\s+mimiceye>")
    assert there.leave() == 0
    again = talk(TERM="xterm")
    again.wait(r"mimiceye>")
    again.type("\x1b[A")
    again.wait(last)
    again.ask("", r"word\s+last\s+1 row\s+mimiceye>")


def test_answer_longer_than_the_screen_goes_through_the_pager(talk, tmp_path):
    seen = tmp_path / "seen"
    there = talk(TERM="xterm", PAGER=f"tee '{seen}'")
    there.wait(r"mimiceye>")
    there.ask("from range(5);", r"5 rows\s+mimiceye>")
    assert not seen.exists()
    there.ask("from range(50);", r"50 rows\s+mimiceye>")
    text = re.sub(r"\x1b\[\d*m", "", seen.read_text())
    assert text.split() == ["range", *map(str, range(50)), "50", "rows"]


def test_leaving_the_pager_stops_the_answer(talk):
    there = talk(TERM="xterm", PAGER="head -n 3")
    there.wait(r"mimiceye>")
    there.ask(".mode csv", r"mimiceye>")
    there.ask("from range(1_000_000_000_000);", r"range\s+0\s+1\s+mimiceye>")


def test_terminal_too_narrow_shows_a_line_a_value(talk):
    there = talk(TERM="xterm", PAGER="cat")
    there.wait(r"mimiceye>")
    wide = "select repeat('x', 50) as first, repeat('y', 50) as second;"
    shown = there.ask(wide, r"1 row\s")
    assert re.search(r"row 1 ─+\s+first   x{50}\s+second  y{50}\s+1 row", shown)
