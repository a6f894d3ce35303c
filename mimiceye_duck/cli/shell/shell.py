"""Interactive SQL, offline and read-only, at a prompt or from a pipe."""

import logging
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import typer
from rich.console import Console

from mimiceye_duck.catalog.names import did_you_mean, matching, resolve
from mimiceye_duck.cli.printing.answers import write
from mimiceye_duck.cli.printing.pager import paged
from mimiceye_duck.cli.printing.tables import print_relation, print_relations
from mimiceye_duck.core.errors import Problem, UserError
from mimiceye_duck.database import engine
from mimiceye_duck.database.answers import Answer
from mimiceye_duck.database.connection import Database
from mimiceye_duck.database.inspect import Relation, n_rows, n_rows_at_once, relations
from mimiceye_duck.database.readonly import opened
from mimiceye_duck.database.statements import problem, statements

_LOG = logging.getLogger(__name__)
# What may follow each dot command: None is a table or view.
_COMMANDS = {
    ".tables": None,
    ".schema": None,
    ".mode": ("table", "line", "csv", "json", "jsonl"),
    ".timer": ("on", "off"),
    ".help": (),
    ".quit": (),
    ".exit": (),
}
# What may stand around a dot command.
_AROUND = " \t\r\n;"
_HELP = """\
.tables [TEXT]  tables and views, or those with TEXT in their names
.schema NAME    what a table or view is, and its columns
.mode MODE      answers as table (as line if it is too wide), line, csv, json
                or jsonl
.timer on|off   how long DuckDB took for each answer
.help           this
.quit           leave, as do .exit and Ctrl-D

A statement ends with a semicolon and may take several lines.
Tab completes names; Ctrl-R searches what was asked before; Ctrl-C drops what is
typed, or stops a statement.
"""


def shell(database: Path, *, cohort: bool = False, allow_files: bool = False) -> None:
    """Answer statements until the end of input; from a pipe, exit with 1 if one failed."""
    is_terminal = sys.stdin.isatty() and sys.stdout.isatty()
    with opened(database, cohort=cohort, allow_files=allow_files) as session:
        talk = Shell(session, only_select=not allow_files, is_terminal=is_terminal)
        if not is_terminal:
            talk.answer(sys.stdin)
            if talk.has_failed:
                raise typer.Exit(1)
            return
        from mimiceye_duck.cli.shell.completion import SqlCompleter
        from mimiceye_duck.cli.shell.prompt import typed

        print(f"{database}, DuckDB {engine.__version__}; .help says more")  # noqa: T201
        for text in typed(SqlCompleter(talk.relations, _COMMANDS), is_whole):
            talk.answer(text.splitlines(keepends=True))
            if talk.is_left:
                break


def is_whole(text: str) -> bool:
    """True if nothing of a text needs more lines: a statement, a string, a comment.

    >>> is_whole("select 1;"), is_whole("select ';"), is_whole("select 1; -- one"), is_whole("")
    (True, False, True, True)
    """
    *_, last = ["", *pieces(text.splitlines(keepends=True))]
    return _is_whole(last)


def pieces(lines: Iterable[str]) -> Iterator[str]:
    """Lines put together to what is answered at once: statements that end, or a dot command.

    >>> list(pieces(["select 1\\n", ".5;\\n", ".mode csv\\n", "select 2\\n"]))
    ['select 1\\n.5;\\n', '.mode csv\\n', 'select 2\\n']
    """
    waiting = ""
    for line in lines:
        waiting += line
        if _is_whole(waiting):
            yield waiting
            waiting = ""
    if waiting:
        yield waiting


def _is_whole(text: str) -> bool:
    if _is_command(text):
        return True
    sql = text.encode()
    tokens = engine.tokenize(text)
    if not tokens:
        return True
    start, kind = tokens[-1]
    comment = sql[start:] if kind == engine.token_type.comment else b""
    if comment.startswith(b"/*") and not comment.rstrip().endswith(b"*/"):
        return False
    ends = [start for start, kind in tokens if kind != engine.token_type.comment]
    return not ends or sql[ends[-1] :].startswith(b";")


def _is_command(text: str) -> bool:
    words = text.strip(_AROUND)
    return words.startswith(".") or words.lower() in ("exit", "quit", "help")


class Shell:
    """A talk with a database: how answers are written, and whether one failed or all is said."""

    def __init__(self, database: Database, *, only_select: bool, is_terminal: bool) -> None:
        self._database = database
        self._only_select = only_select
        self._is_terminal = is_terminal
        self._mode = "table"
        self._is_timed = False
        self.has_failed = False
        self.is_left = False

    def relations(self) -> list[Relation]:
        """The tables and views."""
        return relations(self._database)

    def answer(self, lines: Iterable[str]) -> None:
        """Answer statements and dot commands; errors are printed, and only Ctrl-C ends the rest."""
        for piece in pieces(lines):
            try:
                found = self._problem(piece)
            except KeyboardInterrupt:
                self._fail(UserError(Problem("stopped")))
                return
            if found:
                self._fail(found)
            if self.is_left:
                return

    def _fail(self, error: UserError) -> None:
        self.has_failed = True
        self._say(str(error))

    def _problem(self, piece: str) -> UserError | None:
        """Answer one piece; what went wrong, if anything did."""
        try:
            self._take(piece)
        except UserError as error:
            return error
        except engine.Error as error:
            return UserError(problem(error, self._database, piece))
        except BrokenPipeError:
            raise
        except Exception as error:
            _LOG.debug("%s", piece, exc_info=True)
            # The text of an unforeseen error may quote a row.
            return UserError(Problem(type(error).__name__, hint="--debug shows where"))
        return None

    def _take(self, piece: str) -> None:
        if _is_command(piece):
            name, *words = piece.strip(_AROUND).split(maxsplit=1)
            self._command("." + name.lower().removeprefix("."), words[0] if words else "")
            return
        for statement in statements(self._database, piece, only_select=self._only_select):
            answer = Answer(self._database, statement)
            with self._target() as target:
                write(answer, self._mode, target, all_rows=".mode csv gives all")
            if self._is_timed:
                self._say(f"{answer.seconds:.3f} s")

    @contextmanager
    def _target(self) -> Iterator[TextIO]:
        if self._is_terminal:
            with paged(sys.stdout) as target:
                yield target
        else:
            yield sys.stdout

    def _say(self, text: str) -> None:
        # Beside the answers, which may go to a file, and in the order of things.
        sys.stdout.flush()
        print(text, file=sys.stderr, flush=True)  # noqa: T201

    def _command(self, name: str, argument: str) -> None:
        if name not in _COMMANDS:
            hint = did_you_mean(name, _COMMANDS) or ".help lists them"
            raise UserError(Problem("there is no such command", detail=name, hint=hint))
        if name in (".quit", ".exit"):
            self.is_left = True
        elif name == ".help":
            sys.stdout.write(_HELP)
        elif name == ".mode":
            self._mode = self._chosen(name, argument, self._mode)
        elif name == ".timer":
            self._is_timed = self._chosen(name, argument, "on" if self._is_timed else "off") == "on"
        elif name == ".tables":
            self._show_tables(argument)
        else:
            self._show_relation(argument)

    def _chosen(self, command: str, word: str, current: str) -> str:
        words = _COMMANDS[command] or ()
        if not word:
            self._say(f"{command} {current}")
            return current
        if word.lower() not in words:
            known = ", ".join(words)
            raise UserError(Problem(f"{command} knows no such word", detail=word, hint=known))
        return word.lower()

    def _show_tables(self, part: str) -> None:
        everything = self.relations()
        counts = n_rows_at_once(self._database, everything)
        names = matching(part, [one.name for one in everything])
        found = [one for one in everything if one.name in names]
        own = {one.name: counts[one.name] for one in found}
        with self._target() as target:
            print_relations(Console(file=target, highlight=False), found, own)

    def _show_relation(self, name: str) -> None:
        if not name:
            raise UserError(Problem(".schema needs a name", hint=".tables lists them"))
        known = {one.name: one for one in self.relations()}
        relation = known[resolve(name, known, "table or view")]
        with self._target() as target:
            console = Console(file=target, highlight=False)
            print_relation(console, relation, n_rows(self._database, relation))
