"""Completions at the prompt: columns, tables and views, keywords, dot commands."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

from mimiceye_duck.catalog.names import without_schema
from mimiceye_duck.catalog.sql.quoting import quoted
from mimiceye_duck.database import engine
from mimiceye_duck.database.inspect import Relation

_KEYWORDS = re.findall(
    r"\w+",
    """
all and any as asc between by case cast count cross desc describe distinct else end except exclude
exists explain false filter first from full group having ilike in inner intersect interval is join
last lateral left like limit not null nulls offset on or order outer over partition pivot positional
qualify range replace right rows sample select similar summarize table then timestamp true try_cast
union unnest unpivot using values when where window with
""",
)
_BEFORE_RELATION = ("from", "join", "describe", "summarize")
# A relation, and the alias that may follow it.
_NAMED = re.compile(r"(\w+\.\w+)(?:\s+as\b)?(?:\s+(\w+))?")
_PLAIN = re.compile(r"[a-z_]\w*", re.IGNORECASE)


class _Place(NamedTuple):
    """The place of the cursor: in a name that begins so, after `qualifier.`, after another word."""

    begun: str
    qualifier: str
    word_before: str


class _Word(NamedTuple):
    """A completion, the names by which it is found, and its kind."""

    text: str
    names: tuple[str, ...]
    kind: str


class SqlCompleter(Completer):
    """Completes SQL by what the database holds, and dot commands by their arguments.

    `relations` is asked each time; `commands` are the dot commands, each with the words that
    may follow, or None where a relation may.
    """

    def __init__(
        self,
        relations: Callable[[], Sequence[Relation]],
        commands: Mapping[str, Sequence[str] | None],
    ) -> None:
        self._relations = relations
        self._commands = commands

    def get_completions(
        self, document: Document, complete_event: CompleteEvent
    ) -> Iterator[Completion]:
        line = document.current_line_before_cursor
        if line.startswith(".") and not document.text_before_cursor.removesuffix(line).strip():
            yield from self._after_dot(line)
            return
        place = _place(document.text_before_cursor)
        if place is None:
            return
        begun = place.begun.removeprefix('"').lower()
        offered = set()
        for word in self._words(document.text, place):
            if word.text not in offered and _begins(word.names, begun):
                offered.add(word.text)
                yield Completion(word.text, -len(place.begun), display_meta=word.kind)

    def _after_dot(self, line: str) -> Iterator[Completion]:
        command, blank, begun = line.partition(" ")
        if not blank:
            words = [_Word(name, (name,), "") for name in self._commands]
            begun = command
        elif (arguments := self._commands.get(command, ())) is None:
            words = list(_tables(self._relations()))
        else:
            words = [_Word(argument, (argument,), "") for argument in arguments]
        for word in words:
            if _begins(word.names, begun.lower()):
                yield Completion(word.text, -len(begun), display_meta=word.kind)

    def _words(self, text: str, place: _Place) -> Iterator[_Word]:
        """The words that may stand here, the likeliest first."""
        relations = self._relations()
        named = _named(text, relations)
        if place.qualifier:
            yield from _after_qualifier(relations, named, place.qualifier.lower())
            return
        is_relation = place.word_before.lower() in _BEFORE_RELATION
        if not is_relation:
            for relation in named.values():
                yield from _columns(relation)
        if place.begun or is_relation or not named:
            yield from _tables(relations)
        if place.begun and not is_relation:
            for keyword in _KEYWORDS:
                text = keyword.upper() if place.begun.isupper() else keyword
                yield _Word(text, (keyword,), "")
            for relation in relations:
                yield from _columns(relation)


def _begins(names: Iterable[str], begun: str) -> bool:
    return any(name.lower().startswith(begun) for name in names)


def _place(before: str) -> _Place | None:
    """The end of a text; None inside a string, a comment or a number."""
    # With one more letter the last token is what the cursor is in, though nothing be begun.
    start, kind = engine.tokenize(before + "x")[-1]
    if kind not in (engine.token_type.identifier, engine.token_type.keyword):
        return None
    text = before.encode()
    head, begun = text[:start].decode(), text[start:].decode()
    parts = re.search(r"(\w+)?\s*?((?:\w+\.)*)$", head)
    assert parts  # all of it may be empty
    return _Place(begun, parts[2].rstrip("."), parts[1] or "")


def _named(text: str, relations: Sequence[Relation]) -> dict[str, Relation]:
    """The relations that a statement names, by their names and aliases in it."""
    known = {relation.name.lower(): relation for relation in relations}
    named = {}
    for name, alias in _NAMED.findall(text.lower()):
        if relation := known.get(name):
            named[name] = named[without_schema(name)] = relation
            if alias:
                named[alias] = relation
    return named


def _after_qualifier(
    relations: Sequence[Relation], named: Mapping[str, Relation], qualifier: str
) -> Iterator[_Word]:
    known = {relation.name.lower(): relation for relation in relations}
    known.update(named)
    if qualifier in known:
        yield from _columns(known[qualifier])
    for relation in relations:
        if relation.schema.lower() == qualifier:
            yield _Word(_sql_name(relation.table), (relation.table,), relation.kind)


def _tables(relations: Sequence[Relation]) -> Iterator[_Word]:
    for relation in relations:
        yield _Word(relation.name, (relation.name, relation.table), relation.kind)


def _columns(relation: Relation) -> Iterator[_Word]:
    for column in relation.columns:
        yield _Word(_sql_name(column.name), (column.name,), column.type.partition("(")[0])


def _sql_name(name: str) -> str:
    return name if _PLAIN.fullmatch(name) and name.lower() not in _KEYWORDS else quoted(name)
