"""Options as dataclasses: a field has an option's name, type, default, help and choices.

The command line, the Python functions and the README's table are made of these fields.
"""

import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import MISSING, dataclass, fields
from functools import wraps
from os import PathLike
from typing import Any, ParamSpec, TypeVar, get_args, get_type_hints

StrPath = str | PathLike[str]
P = ParamSpec("P")
Given = TypeVar("Given")
Outcome = TypeVar("Outcome")


@dataclass(frozen=True)
class Option:
    """Help in one sentence; `choices` as the README shows them; `least` of a number.

    `also` is another flag of the same option, as `-f`.
    """

    help: str
    choices: str = ""
    least: int | None = None
    also: str = ""


@dataclass(frozen=True)
class Field:
    """One option: `kind` is its type, `default` is `MISSING` where it must be given.

    `group` says what the dataclass has in common that lists it: the first words of its docstring.
    """

    name: str
    kind: Any
    default: Any
    option: Option
    group: str

    @property
    def flags(self) -> list[str]:
        """The words for it on the command line."""
        return [*filter(None, [self.option.also]), "--" + self.name.replace("_", "-")]


def fields_of(given: type) -> Iterator[Field]:
    """The options of a dataclass, in its order."""
    hints = get_type_hints(given, include_extras=True)
    for one in fields(given):
        kind, option = get_args(hints[one.name])
        listed = next(
            of for of in given.__mro__ if one.name in of.__dict__.get("__annotations__", ())
        )
        group = re.split(r"[.:,\n]", str(listed.__doc__))[0].replace("`", "")
        yield Field(one.name, kind, one.default, option, group)


def takes(
    given: Callable[P, Given],
) -> Callable[[Callable[[Given], Outcome]], Callable[P, Outcome]]:
    """Let a function of one dataclass be called with the dataclass's fields by name."""

    def decorate(call: Callable[[Given], Outcome]) -> Callable[P, Outcome]:
        @wraps(call)
        def called(*args: P.args, **words: P.kwargs) -> Outcome:
            return call(given(*args, **words))

        own = inspect.signature(given)
        returned = inspect.signature(call).return_annotation
        called.__signature__ = own.replace(return_annotation=returned)  # type: ignore[attr-defined]
        called.__annotations__ = {name: one.annotation for name, one in own.parameters.items()}
        called.__annotations__["return"] = returned
        return called

    return decorate


__all__ = ["MISSING", "Field", "Option", "StrPath", "fields_of", "takes"]
