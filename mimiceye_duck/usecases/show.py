"""The SQL of the models, to read and to run elsewhere."""

from collections.abc import Mapping
from functools import cache

from mimiceye_duck.catalog.installation import select_folders
from mimiceye_duck.catalog.models.link_rules import link_rules, sql_name
from mimiceye_duck.catalog.models.model import Model
from mimiceye_duck.catalog.models.reading import OF_EVERY_RULE, models, selects_in
from mimiceye_duck.catalog.names import resolve
from mimiceye_duck.catalog.options.checking import DIALECTS
from mimiceye_duck.core.errors import Problem, UsageError, UserError

# What is named after the file that it writes; all else after its place in the database.
_BY_FILE = ("patient", "spreadsheets", "as_published")


@cache
def shown() -> Mapping[str, Model]:
    """Every select of `sql/` by the name under which `show` knows it."""
    found = {
        f"{folder}/{name}" if folder in _BY_FILE else f"{folder}.{sql_name(name)}": one
        for folder in select_folders()
        for name, one in selects_in(folder).items()
    }
    return {**found, **{name: models()[name] for name in OF_EVERY_RULE}}


def model(name: str) -> Model:
    """The model that is meant; a link rule goes by its published name, too."""
    found = shown()
    published = {f"link_rules.{rule}": relation for rule, relation in link_rules().items()}
    meant = resolve(name, [*found, *published], "model")
    known = published.get(meant, meant)
    return Model(known, found[known].sql)


def in_dialect(name: str, dialect: str | None, names: str | None) -> str:
    one = model(name)
    if names is None and dialect in (None, "duckdb"):
        return one.sql
    # It takes longer than to print what is there.
    from mimiceye_duck.catalog.engines.dialects import translate
    from mimiceye_duck.catalog.engines.hosted import hosts, on_hosted

    if dialect is not None and dialect not in DIALECTS:
        raise UsageError(
            Problem(f"--dialect knows no '{dialect}'", hint="one of " + ", ".join(DIALECTS))
        )
    if names is not None and names not in hosts():
        raise UsageError(
            Problem(f"--names knows no '{names}'", hint="one of " + ", ".join(hosts()))
        )
    host = hosts()[names] if names else None
    if host and dialect not in (None, host.dialect):
        message = f"--names {names} goes with --dialect {host.dialect}"
        raise UsageError(Problem(message, hint=f"--dialect {host.dialect}"))
    asked = host.dialect if host else dialect
    assert asked
    _require_portable(one, asked)
    return on_hosted(one.name, host) if host else translate(one.sql, asked)


def _require_portable(one: Model, dialect: str) -> None:
    from mimiceye_duck.catalog.engines.portable import faults

    found = [fault for fault in faults(one.sql) if dialect in fault.engine]
    if found:
        raise UserError(
            Problem(
                f"{one.name} says what only DuckDB knows, and cannot be said in {dialect}",
                detail="; ".join(f"line {fault.line}: {fault.construct}" for fault in found),
                hint="`show` without --dialect prints it as it is",
            )
        )
