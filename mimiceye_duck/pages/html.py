"""Fill the HTML templates: whatever goes in is text, and no page reaches a network."""

import base64
import hashlib
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from mimiceye_duck.core.files.caches import template_cache
from mimiceye_duck.core.text import duration, moment

TEMPLATES = Path(__file__).parent / "templates"


def number(value: float | None, digits: int = 0) -> str:
    """A number with commas, and no more digits than asked.

    >>> number(1234.5, 2), number(3.0), number(None)
    ('1,234.5', '3', '-')
    """
    if value is None:
        return "-"
    text = f"{value:,.{digits}f}"
    return text.rstrip("0").rstrip(".") if digits else text


def day(value: datetime | None) -> str:
    """A date without its year, and a time to the minute.

    >>> day(datetime(2130, 1, 2, 3, 4, 5))
    '01-02 03:04'
    """
    return "no time" if value is None else f"{value:%m-%d %H:%M}"


def percent(share: float) -> str:
    """A position within a chart.

    >>> percent(0.12345)
    '12.35%'
    """
    return f"{100 * share:.2f}%"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES, encoding="utf-8"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        bytecode_cache=template_cache(__file__),
    )
    environment.filters.update(
        number=number, duration=duration, moment=moment, day=day, percent=percent
    )
    return environment


@cache
def _own(name: str) -> Markup:
    """A style sheet or a script of this package, to be put in a page as it is."""
    return Markup((TEMPLATES / name).read_text(encoding="utf-8"))  # noqa: S704


def _allowed(text: str) -> str:
    """The source expression of a page's policy for this very text."""
    number = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{number}'"


def page(template: str, values: Mapping[str, object], script: str | None = None) -> str:
    """Fill `templates/{template}.html.j2`; only our own style and script may work in it."""
    style, code = _own("page.css"), _own(script) if script else None
    policy = [
        "default-src 'none'",
        f"style-src {_allowed(style)}",
        "img-src 'self' file: data:",
        "base-uri 'none'",
        "form-action 'none'",
    ]
    if code:
        policy.append(f"script-src {_allowed(code)}")
    return (
        _environment()
        .get_template(f"{template}.html.j2")
        .render(
            **values,
            version=version("mimiceye-duck"),
            policy="; ".join(policy),
            style=style,
            script=code,
        )
    )
