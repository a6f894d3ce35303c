"""Commands of typer made from a dataclass of options, see `mimiceye_duck.core.given`."""

import inspect
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from mimiceye_duck.core.given import MISSING, Field, StrPath, fields_of

Given = TypeVar("Given")
# What the Python interface takes, and how the command line reads it.
_READ_AS = {
    StrPath: Path,
    StrPath | None: Path | None,
    Iterable[str]: list[str] | None,
}


def command(
    app: typer.Typer, given: Callable[..., Given], *more: inspect.Parameter
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Add a command that is called with the options of a dataclass, and `more` by their names."""

    def add(run: Callable[..., None]) -> Callable[..., None]:
        def called(**words: Any) -> None:
            extra = {one.name: words.pop(one.name) for one in more}
            # A list that is not given is none to typer.
            run(given(**{name: v for name, v in words.items() if v is not None}), **extra)

        parameters = [*map(_parameter, fields_of(given)), *more]  # type: ignore[arg-type]
        called.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        called.__annotations__ = {one.name: one.annotation for one in parameters}
        called.__doc__ = run.__doc__
        app.command(run.__name__)(called)
        return run

    return add


def flag(name: str, kind: type, default: Any, help: str) -> inspect.Parameter:
    """An option of a command that no dataclass has."""
    option = typer.Option("--" + name.replace("_", "-"), help=help)
    keyword = inspect.Parameter.KEYWORD_ONLY
    return inspect.Parameter(name, keyword, default=default, annotation=Annotated[kind, option])


def _parameter(field: Field) -> inspect.Parameter:
    kind: Any = _READ_AS.get(field.kind, field.kind)
    choices = field.option.choices
    option = typer.Option(
        *field.flags,
        help=field.option.help,
        min=field.option.least,
        metavar=choices.replace("|", " | ") or None,
        show_default=isinstance(field.default, str),
        rich_help_panel=field.group,
    )
    default = inspect.Parameter.empty if field.default is MISSING else field.default
    if kind == list[str] | None:
        default = None
    return inspect.Parameter(
        field.name,
        inspect.Parameter.KEYWORD_ONLY,
        default=default,
        annotation=Annotated[kind, option],
    )
